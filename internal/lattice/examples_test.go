package lattice

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExamples holds the lines of code in each doc.go against the packages: what they name of
// a package is there, and a function gets as many arguments, and returns as many results, as
// it does in truth. Lines that are no statements, as those with "..." for what is left out,
// are not looked at.
func TestExamples(t *testing.T) {
	decls := map[string]map[string]ast.Node{} // of each package, by its path
	byName := map[string][]string{}
	for name := range plan(t) {
		decls[name] = exported(t, filepath.Join("../..", name))
		byName[path.Base(name)] = append(byName[path.Base(name)], name)
	}
	lines := 0
	for _, name := range slices.Sorted(maps.Keys(decls)) {
		page, err := os.ReadFile(filepath.Join("../..", name, "doc.go"))
		if err != nil {
			if name != "cmd/supervise" { // has it in main.go
				t.Error(err)
			}
			continue
		}
		variables := map[string]bool{"json": true} // or package encoding/json
		for line := range strings.Lines(string(page)) {
			text, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "//\t")
			if !ok {
				continue
			}
			lines++
			for _, wrong := range misused(text, variables, func(base, id string) (ast.Node, bool) { return look(decls, byName, name, base, id) }) {
				t.Errorf("%s/doc.go: %s: %s", name, strings.TrimSpace(text), wrong)
			}
		}
	}
	if lines < 300 {
		t.Errorf("only %d lines of examples were found", lines)
	}
}

// look finds what base.id is in the documentation of a package: known is false if base is no
// package of ours.
func look(decls map[string]map[string]ast.Node, byName map[string][]string, from, base, id string) (decl ast.Node, known bool) {
	if path.Base(from) == base {
		return decls[from][id], true
	}
	for _, name := range byName[base] {
		if d := decls[name][id]; d != nil {
			return d, true
		}
	}
	return nil, len(byName[base]) > 0
}

// exported returns what a package declares, methods not included.
func exported(t *testing.T, dir string) map[string]ast.Node {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]ast.Node{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					found[d.Name.Name] = d.Type
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						found[s.Name.Name] = s
					case *ast.ValueSpec:
						for _, name := range s.Names {
							found[name.Name] = s
						}
					}
				}
			}
		}
	}
	return found
}

// misused says what is wrong with a line of an example. variables are the names of those in
// the lines before, which may be called as a package is; those of this line are added.
func misused(line string, variables map[string]bool, look func(base, id string) (ast.Node, bool)) (wrong []string) {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+line+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	find := func(n ast.Expr) (name string, decl ast.Node) {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return "", nil
		}
		base, ok := s.X.(*ast.Ident)
		if !ok || variables[base.Name] {
			return "", nil
		}
		decl, known := look(base.Name, s.Sel.Name)
		if known && decl == nil {
			wrong = append(wrong, "there is no "+base.Name+"."+s.Sel.Name)
		}
		return base.Name + "." + s.Sel.Name, decl
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name, decl := find(n.Fun)
			if fn, ok := decl.(*ast.FuncType); ok && !fits(fn.Params, len(n.Args)) {
				wrong = append(wrong, name+" takes another number of arguments")
			}
		case *ast.AssignStmt:
			if len(n.Rhs) != 1 {
				return true
			}
			if call, ok := n.Rhs[0].(*ast.CallExpr); ok {
				name, decl := find(call.Fun)
				if fn, ok := decl.(*ast.FuncType); ok && fn.Results.NumFields() != len(n.Lhs) {
					wrong = append(wrong, name+" returns another number of results")
				}
			}
		case *ast.CompositeLit:
			find(n.Type)
		}
		return true
	})
	ast.Inspect(f, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
			for _, v := range a.Lhs {
				if id, ok := v.(*ast.Ident); ok {
					variables[id.Name] = true
				}
			}
		}
		return true
	})
	slices.Sort(wrong)
	return slices.Compact(wrong)
}

// fits reports whether a function with these parameters can be called with n arguments.
func fits(params *ast.FieldList, n int) bool {
	most := params.NumFields()
	if most > 0 {
		if _, variadic := params.List[len(params.List)-1].Type.(*ast.Ellipsis); variadic {
			return n >= most-1
		}
	}
	return n == most
}
