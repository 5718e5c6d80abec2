package lattice

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	code = regexp.MustCompile("`([^`]+)`")
	file = regexp.MustCompile(`^[a-z0-9_./]+\.(go|s)$`)
)

// TestContributing: every file that docs/contributing.md names exists, and has the functions
// that stand beside it.
func TestContributing(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("../..", "docs", "contributing.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(page)) {
		text := ""
		for _, word := range code.FindAllStringSubmatch(line, -1) {
			switch name := word[1]; {
			case file.MatchString(name):
				text = find(t, name)
			case text != "" && strings.Count(line, "|") == 4 && !regexp.MustCompile(`(?m)^func (\(.*\) )?`+name+`\(`).MatchString(text):
				t.Errorf("there is no function %s in: %s", name, line)
			}
		}
	}
}

// find reads a file of the project, or of the folder supervisor.
func find(t *testing.T, name string) string {
	t.Helper()
	for _, folder := range []string{"", "supervisor"} {
		if text, err := os.ReadFile(filepath.Join("../..", folder, name)); err == nil {
			return string(text)
		}
	}
	t.Errorf("there is no %s", name)
	return ""
}
