package unwind

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"supervise/coredump/unwind/cfi"
	"supervise/internal/testproc"
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
	pushed := int64(8) // the return address
	if Machine(file.Machine) == ARM64 {
		pushed = 0
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
		top := name == "runtime.goexit" || name == "runtime.mstart" || name == "runtime.rt0_go" || name == "runtime.sigtramp"
		return GoFunction{Name: name, FrameSize: uint64(row.CFA.Offset - pushed), Top: top}, true
	}
}

func buildGo(t *testing.T, name string, env ...string) string {
	needs(t, "go")
	program := filepath.Join(t.TempDir(), name)
	cmd := exec.Command("go", "build", "-o", program, "./testdata/"+name)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// ownFrames are the program counters of a traceback that the program has printed itself,
// beginning with the line that has a text.
func ownFrames(t *testing.T, output, from string) []uint64 {
	_, output, found := strings.Cut(output, from)
	if !found && from != "" {
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
	needs(t, "gdb")
	program := buildGo(t, "gocrash")
	tables := goTables(t, program)
	for _, how := range []string{"nil", "call", "panic", "goroutine", "overflow", "system", "quit"} {
		t.Run(how, func(t *testing.T) {
			c, _, output := crashBelowGDB(t, []string{"SIGSEGV", "SIGURG", "SIGQUIT"}, program, how)
			compareWithGo(t, c, program, tables, output)
		})
	}
}

func TestGoARM64(t *testing.T) {
	needs(t, "qemu-aarch64-static")
	testproc.NoCorePattern(t)
	program := buildGo(t, "gocrash", "GOARCH=arm64", "CGO_ENABLED=0")
	tables := goTables(t, program)
	for _, how := range []string{"nil", "call", "panic", "overflow", "system"} {
		t.Run(how, func(t *testing.T) {
			c, output := crashBelowQEMU(t, program, how)
			compareWithGo(t, c, program, tables, output)
		})
	}
}

// compareWithGo compares the first thread's backtrace with the one that Go has printed itself.
// That one leaves out the functions of the runtime that have printed it.
func compareWithGo(t *testing.T, c *core, program string, tables func(uint64) (GoFunction, bool), output string) {
	t.Helper()
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
	for _, pc := range ownFrames(t, output, "goroutine ") {
		if pcs[pc]--; pcs[pc] < 0 {
			t.Errorf("the frame %#x is missing", pc)
		}
	}
}

// Each side's functions must be there, in the order in which they were called. Go hides those
// of C between its own from itself, and so do its tables from us.
func TestCgo(t *testing.T) {
	needs(t, "gcc", "gdb")
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
