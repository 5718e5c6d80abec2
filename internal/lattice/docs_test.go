package lattice

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityPage has every test that docs/security.md names be there: what a line of it
// says is only as good as what holds it.
func TestSecurityPage(t *testing.T) {
	const root = "../../"
	page, err := os.ReadFile(root + "docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	test := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)
	err = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, name := range test.FindAllSubmatch(text, -1) {
			there[string(name[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(page), -1)
	for _, name := range named {
		if !there[name[1]] {
			t.Errorf("there is no %s", name[1])
		}
	}
	for line := range strings.Lines(string(page)) {
		held := strings.Contains(line, "`Test") || strings.Contains(line, " held by |") || strings.HasPrefix(line, "|---")
		if strings.HasPrefix(line, "|") && !held {
			t.Errorf("nothing holds %.80s", line)
		}
	}
	if len(named) == 0 {
		t.Error("no test is named")
	}
}
