package lattice

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"
)

// What the loop may grow to before something has to leave it for a room of its own. Package
// supervisor once had 4,200 lines, and a struct of 43 fields. 300 are for cores.
const (
	maxLoopLines         = 2600
	maxSupervisorFields  = 20
	maxLoopServiceFields = 11
)

// TestLoopIsSmall holds package supervisor to being the loop and its wiring.
func TestLoopIsSmall(t *testing.T) {
	lines, fields := 0, map[string]int{}
	for _, p := range list(t, "amd64", module+"/supervisor") {
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(text, []byte("\n"))
			countFields(t, path, text, fields)
		}
	}
	if lines == 0 || lines > maxLoopLines {
		t.Errorf("package supervisor has %d lines, at most %d are meant", lines, maxLoopLines)
	}
	for name, most := range map[string]int{"Supervisor": maxSupervisorFields, "service": maxLoopServiceFields} {
		if n := fields[name]; n == 0 || n > most {
			t.Errorf("its struct %s has %d fields, at most %d are meant", name, n, most)
		}
	}
}

// countFields adds the number of fields of each struct of a file.
func countFields(t *testing.T, path string, text []byte, fields map[string]int) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			fields[spec.Name.Name] = s.Fields.NumFields()
		}
		return true
	})
}
