package lattice

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "supervise"

// member is a package of the house, as the table has it.
type member struct {
	floor int
	also  []string // what it may import from its own floor, and modules
	tests bool     // tests alone may import it
}

// plan reads the table.
func plan(t *testing.T) map[string]member {
	t.Helper()
	members := map[string]member{}
	floor, tests := 0, false
	for text := range strings.SplitSeq(house, "\n") {
		if text == "" {
			continue
		}
		entry, indented := strings.CutPrefix(text, "\t")
		if !indented {
			floor, tests = floor+1, text == testsFloor
			continue
		}
		name, also, _ := strings.Cut(entry, ":")
		if _, twice := members[name]; twice {
			t.Errorf("the house has %s twice", name)
		}
		m := member{floor: floor, also: strings.Fields(also), tests: tests}
		for _, other := range m.also {
			above, ours := members[other]
			if !ours && !strings.Contains(other, ".") || ours && above.floor != floor {
				t.Errorf("the house has %s behind %s: neither a module, nor a package of the same floor written above", other, name)
			}
		}
		members[name] = m
	}
	return members
}

// listed is what go list says of a package.
type listed struct {
	ImportPath                                  string
	Dir                                         string
	Standard                                    bool
	GoFiles, Imports, TestImports, XTestImports []string
}

// list asks go list, which needs no network and compiles nothing.
func list(t *testing.T, arch string, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Standard,GoFiles,Imports,TestImports,XTestImports"}, args...)...)
	cmd.Dir = "../.." // a pattern of paths would have go look into every module there is
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// ours returns the path of a package inside the module.
func ours(path string) (name string, ok bool) { return strings.CutPrefix(path, module+"/") }

// foreign reports whether a path is of another module: the first part of such a one has a
// dot in it, that of the standard library has none.
func foreign(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

// within reports whether a path is one of these modules, or a package of one.
func within(path string, modules []string) bool {
	return slices.ContainsFunc(modules, func(m string) bool {
		return path == m || strings.HasPrefix(path, m+"/")
	})
}

// architectures are one with assembly of our own, of which the other has the same files,
// and one without.
var architectures = []string{"amd64", "arm64", "riscv64"}

func TestImports(t *testing.T) {
	members := plan(t)
	for _, arch := range architectures {
		seen := map[string]bool{}
		for _, p := range list(t, arch, "./...") {
			name, _ := ours(p.ImportPath)
			seen[name] = true
			m, known := members[name]
			if !known {
				t.Errorf("%s is not in the house: write its line into house_test.go", name)
				continue
			}
			for _, path := range p.Imports {
				if why := m.mayImport(path, members); why != "" {
					t.Errorf("%s (%s) imports %s: %s", name, arch, path, why)
				}
			}
			for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
				if foreign(path) && !within(path, m.also) && !within(path, forTests) && !within(path, []string{"golang.org/x/sys"}) {
					t.Errorf("a test of %s imports %s, which is not in forTests", name, path)
				}
			}
		}
		for name := range members {
			// A package may have no files for an architecture.
			if arch == "amd64" && !seen[name] {
				t.Errorf("the house has %s, which is not there", name)
			}
		}
	}
}

// mayImport says why not, or "".
func (m member) mayImport(path string, members map[string]member) string {
	name, own := ours(path)
	switch {
	case foreign(path):
		if !within(path, m.also) {
			return "a module that does not stand behind its name"
		}
	case own:
		other, known := members[name]
		switch {
		case !known:
			return "it is not in the house"
		case other.tests && !m.tests:
			return "it is for tests only"
		case other.floor > m.floor:
			return "it stands above"
		case other.floor == m.floor && !slices.Contains(m.also, name):
			return "it stands on the same floor, and not behind its name"
		}
	}
	return ""
}

// TestRules tries the rules on a house of two floors.
func TestRules(t *testing.T) {
	members := map[string]member{
		"ground": {floor: 1}, "above": {floor: 2, also: []string{"beside", "example.org/m"}},
		"beside": {floor: 2}, "helper": {floor: 3, tests: true}, "other": {floor: 3, tests: true, also: []string{"helper"}},
	}
	for _, test := range []struct {
		from, path string
		allowed    bool
	}{
		{"ground", "os", true},
		{"ground", "supervise/above", false},
		{"ground", "supervise/unknown", false},
		{"ground", "example.org/m", false},
		{"above", "supervise/ground", true},
		{"above", "supervise/beside", true},
		{"above", "example.org/m", true},
		{"above", "example.org/m/v2/sub", true},
		{"above", "example.org/more", false},
		{"above", "supervise/helper", false},
		{"beside", "supervise/above", false},
		{"other", "supervise/helper", true},
		{"other", "supervise/above", true},
	} {
		if why := members[test.from].mayImport(test.path, members); (why == "") != test.allowed {
			t.Errorf("%s imports %s: %q, want it allowed: %v", test.from, test.path, why, test.allowed)
		}
	}
}
