package lattice

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"
)

// clock are the functions of package time by which a program reads the clock or waits.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}

// dice are the types and functions of math/rand/v2 whose numbers depend on a seed that is
// given, so that they come again. All others are the runtime's.
var dice = []string{"PCG", "NewPCG", "ChaCha8", "NewChaCha8", "Source", "Rand", "New", "Zipf", "NewZipf"}

func TestPure(t *testing.T) {
	for _, p := range list(t, "amd64", paths(pure)...) {
		name, _ := ours(p.ImportPath)
		for _, path := range p.Imports {
			own, isOwn := ours(path)
			if isOwn && !slices.Contains(pure, own) && !slices.Contains(allowedToPure, own) ||
				!isOwn && !slices.Contains(pureImports, path) {
				t.Errorf("%s imports %s, and is to be pure", name, path)
			}
		}
		for _, file := range p.GoFiles {
			checkPure(t, filepath.Join(p.Dir, file))
		}
	}
}

func paths(names []string) (paths []string) {
	for _, name := range names {
		paths = append(paths, module+"/"+name)
	}
	return paths
}

// checkPure looks for what an import alone does not tell.
func checkPure(t *testing.T, path string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.GoStmt:
			t.Errorf("%s: a goroutine", files.Position(n.Pos()))
		case *ast.SelectorExpr:
			x, _ := n.X.(*ast.Ident)
			switch {
			case x == nil:
			case x.Name == "time" && slices.Contains(clock, n.Sel.Name):
				t.Errorf("%s: time.%s", files.Position(n.Pos()), n.Sel.Name)
			case x.Name == "rand" && !slices.Contains(dice, n.Sel.Name):
				t.Errorf("%s: rand.%s is seeded by the runtime", files.Position(n.Pos()), n.Sel.Name)
			}
		}
		return true
	})
}
