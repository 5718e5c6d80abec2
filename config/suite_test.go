package config

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// suite returns the directory of the TOML project's own test files, which the library
// has with its source.
func suite(t *testing.T) string {
	output, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/BurntSushi/toml").Output()
	directory := filepath.Join(strings.TrimSpace(string(output)), "internal", "toml-test", "tests")
	if _, missing := os.Stat(directory); err != nil || missing != nil {
		t.Skipf("the source of the TOML library, which has the test files, is not here: %v, %v", err, missing)
	}
	return directory
}

func suiteFiles(t *testing.T, kind string) []string {
	var paths []string
	err := filepath.WalkDir(filepath.Join(suite(t), kind), func(path string, entry os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".toml") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) < 100 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	return paths
}

// TestSuiteValid scans what is TOML.
func TestSuiteValid(t *testing.T) {
	for _, path := range suiteFiles(t, "valid") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text, wrong := decode(data)
		if wrong != nil {
			t.Errorf("%s: %s", path, wrong.message)
			continue
		}
		if slices.ContainsFunc(takenForTOML, func(name string) bool { return strings.Contains(path, name) }) {
			continue
		}
		if s := scan(text); s.refused != nil || len(s.repeats) > 0 || s.pos < len(text) {
			t.Errorf("%s: %v, %v, stopped at %.20q", path, s.refused, s.repeats, text[s.pos:])
		}
		checkAgainstLibrary(t, text)
	}
}

// takenForTOML are the files of the suite that the library reads although they are in
// invalid/. The first ones are right in TOML 1.1, which it reads. The others define a
// table in two places; what it makes of them is what stands there.
var takenForTOML = []string{
	"datetime/no-secs", "local-datetime/no-secs", "local-time/no-secs", "datetime/offset-overflow-minute",
	"inline-table/linebreak-", "inline-table/trailing-comma", "string/basic-byte-escapes",

	"array/extend-defined-aot", "table/append-with-dotted-keys-", "table/duplicate-key-0", "table/redefine-0", "spec-1.0.0/table-9-1", "spec-1.1.0/common-46-1",
}

// TestSuiteInvalid expects that what is no TOML is refused, by the library or by us,
// and with an error that can be printed.
func TestSuiteInvalid(t *testing.T) {
	for _, path := range suiteFiles(t, "invalid") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse("x.toml", data, nil)
		if err == nil {
			t.Errorf("%s is accepted", path)
			continue
		}
		checkErrorIsUsable(t, data, err)
		text, wrong := decode(data)
		if wrong != nil {
			continue
		}
		if slices.ContainsFunc(takenForTOML, func(name string) bool { return strings.Contains(path, name) }) {
			continue
		}
		if s := scan(text); s.refused == nil {
			if _, findings := readValues(text, s); len(findings) == 0 {
				t.Errorf("%s is taken for TOML", path)
			}
		}
		if testing.Verbose() {
			t.Log("\n" + err.Error())
		}
	}
}
