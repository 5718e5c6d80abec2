package settings

import (
	"flag"
	"os"
	"strings"
	"testing"
)

//go:generate go test -run ^TestCoresDoc$ . -update

var update = flag.Bool("update", false, "write the table of docs/cores.md")

const (
	coresDoc   = "../../docs/cores.md"
	tableBegin = "<!-- The table is made by go generate ./coredump/settings; do not edit it. -->\n"
	tableEnd   = "<!-- The end of the table. -->\n"
)

// TestCoresDoc writes the table of reasons into docs/cores.md with -update, and otherwise fails
// when it is not what Check goes by.
func TestCoresDoc(t *testing.T) {
	text, err := os.ReadFile(coresDoc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), tableBegin)
	table, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table", coresDoc)
	}
	if table == Table() {
		return
	}
	if !*update {
		t.Fatalf("the table in %s is not what the rules say: run go generate ./coredump/settings", coresDoc)
	}
	if err := os.WriteFile(coresDoc, []byte(before+tableBegin+Table()+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRules: each is complete, and has a name of its own.
func TestRules(t *testing.T) {
	seen := map[ID]bool{}
	for _, r := range rules() {
		if r.id == "" || seen[r.id] || r.general == "" || r.kinds == 0 || (r.holds == nil) == (r.when == nil) {
			t.Errorf("rule %q", r.id)
		}
		if r.effect != Note && r.remedy == "" && r.id != "no-memory" {
			t.Errorf("%s: no remedy", r.id)
		}
		seen[r.id] = true
	}
	// A subject of which nothing is known breaks no rule.
	for _, r := range rules() {
		r.test(&Subject{})
	}
}
