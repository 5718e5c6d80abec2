package unwind

import (
	"debug/elf"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
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

func buildGo(t *testing.T, name string) string {
	needs(t, "go", "gdb")
	program := filepath.Join(t.TempDir(), name)
	cmd := exec.Command("go", "build", "-o", program, "./testdata/"+name)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// ownFrames are the program counters of a traceback that the program has printed itself,
// beginning with the line that has a text.
func ownFrames(t *testing.T, output, from string) []uint64 {
	_, output, found := strings.Cut(output, from)
	if !found {
		t.Fatalf("the program has printed no %q", from)
	}
	output, _, _ = strings.Cut(output, "\n\n")
	var pcs []uint64
	for _, match := range regexp.MustCompile(`fp=0x\w+ sp=0x\w+ pc=0x(\w+)`).FindAllStringSubmatch(output, -1) {
		pc, _ := strconv.ParseUint(match[1], 16, 64)
		pcs = append(pcs, pc)
	}
	return pcs
}

func TestGo(t *testing.T) {
	program := buildGo(t, "gocrash")
	tables := goTables(t, program)
	for how, from := range map[string]string{
		"nil": "[running]:", "call": "[running]:", "panic": "[running]:", "goroutine": "[running]:",
		"overflow": "[running]:", "system": "[running]:", "quit": "",
	} {
		t.Run(how, func(t *testing.T) {
			c, _, output := crashBelowGDB(t, []string{"SIGSEGV", "SIGURG", "SIGQUIT"}, program, how)
			c.moduleOf(program).Go = tables
			frames, err := Stack(c, c.threads[0], 60000)
			if err != nil {
				t.Error(err)
			}
			var names []string
			pcs := map[uint64]int{}
			for i := range frames {
				f, _ := tables(frames[i].Lookup())
				pcs[frames[i].PC]++
				if len(names) < 30 {
					names = append(names, f.Name)
				}
			}
			t.Log(strings.Join(names, " "))
			if from == "" {
				return
			}
			for _, pc := range ownFrames(t, output, from) {
				if pcs[pc]--; pcs[pc] < 0 {
					t.Errorf("the frame %#x is missing", pc)
				}
			}
		})
	}
}

// Each side's functions must be there, in the order in which they were called. Go hides those
// of C between its own from itself, and so do its tables from us.
func TestCgo(t *testing.T) {
	needs(t, "gcc")
	program := buildGo(t, "cgocrash")
	tables := goTables(t, program)
	c, _, _ := crashBelowGDB(t, nil, program)
	c.moduleOf(program).Go = tables
	frames, err := Stack(c, c.threads[0], 100)
	if err != nil {
		t.Error(err)
	}
	var names []string
	for i := range frames {
		f, _ := tables(frames[i].Lookup())
		names = append(names, f.Name)
	}
	t.Log(strings.Join(names, " "))
	for _, name := range []string{"runtime.asmcgocall", "main.below", "runtime.cgocallback", "main.above", "main.main"} {
		i := slices.Index(names, name)
		if i < 0 {
			t.Errorf("%s is missing", name)
		}
		names = names[i+1:]
	}
}
