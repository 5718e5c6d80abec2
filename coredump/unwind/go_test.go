package unwind

import (
	"debug/elf"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"supervise/coredump/unwind/cfi"
)

// goTables stand in for pclntab: they take the frame sizes from .debug_frame, and the names
// from the symbols.
func goTables(t *testing.T, program string) func(uint64) (GoFunction, bool) {
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	sort.Slice(symbols, func(i, j int) bool { return symbols[i].Value < symbols[j].Value })
	section := file.Section(".debug_frame")
	data, err := section.Data()
	if err != nil {
		t.Fatal(err)
	}
	table := cfi.New(cfi.Section{}, cfi.Section{}, func() cfi.Section { return cfi.Section{Data: data} })
	return func(pc uint64) (GoFunction, bool) {
		entry, ok := table.Find(pc)
		var row cfi.Row
		if !ok || entry.Row(pc, &row) != nil {
			return GoFunction{}, false
		}
		i := sort.Search(len(symbols), func(i int) bool { return symbols[i].Value > pc }) - 1
		name := strings.TrimSuffix(symbols[i].Name, ".abi0")
		top := name == "runtime.goexit" || name == "runtime.mstart" || name == "runtime.rt0_go"
		return GoFunction{Name: name, FrameSize: uint64(row.CFA.Offset) - 8, Top: top}, true
	}
}

func buildGo(t *testing.T) string {
	needs(t, "go", "gdb")
	program := filepath.Join(t.TempDir(), "gocrash")
	cmd := exec.Command("go", "build", "-o", program, "./testdata/gocrash")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// nameOf returns the names of the frames that are in a program.
func namesOf(tables func(uint64) (GoFunction, bool), frames []Frame) []string {
	var names []string
	for i := range frames {
		f, _ := tables(frames[i].Lookup())
		names = append(names, f.Name)
	}
	return names
}

func TestGo(t *testing.T) {
	program := buildGo(t)
	tables := goTables(t, program)
	for how, want := range map[string]string{
		"nil":       "runtime.sigpanic main.leaf main.deep main.deep main.deep main.deep main.main runtime.main",
		"call":      "runtime.sigpanic main.call main.main runtime.main",
		"panic":     "runtime.gopanic main.main.func1 runtime.gopanic main.main runtime.main",
		"goroutine": "runtime.sigpanic main.leaf main.deep main.deep main.deep main.deep main.main.func2 runtime.goexit",
		"overflow":  "runtime.newstack runtime.morestack main.endless main.endless",
	} {
		t.Run(how, func(t *testing.T) {
			c, gdb := crashBelowGDB(t, []string{"SIGSEGV", "SIGURG"}, program, how)
			c.Module(c.threads[0].values[amd64PC]).Go = tables
			frames, err := Stack(c, c.threads[0], 100)
			names := strings.Join(namesOf(tables, frames), " ")
			if !strings.Contains(names, want) {
				t.Errorf("got %s, want %s", names, want)
			}
			t.Log(names, err, len(gdb))
		})
	}
}
