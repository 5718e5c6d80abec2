package nucleus_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// entry is where the program begins, and root the function that is called there. before is what
// the entry point goes on with when that returns: from there on the Go runtime starts.
const (
	entry  = "_supervise_entry"
	root   = "supervise/supervisor/nucleus.start"
	alone  = "supervise/supervisor/nucleus.instead"
	goOn   = "supervise/supervisor/nucleus.goOn"
	before = "supervise/signals/intake/boot.begin"
)

// harmless are functions of the runtime that may be called before it exists, and why.
var harmless = map[string]string{
	"runtime.memmove":                         "assembly that needs nothing of the runtime",
	"runtime.memequal":                        "assembly that needs nothing of the runtime",
	"runtime.memclrNoHeapPointers":            "assembly that needs nothing of the runtime",
	"runtime.duffzero":                        "assembly that needs nothing of the runtime",
	"runtime.duffcopy":                        "assembly that needs nothing of the runtime",
	"syscall.RawSyscall":                      "a system call",
	"syscall.RawSyscall6":                     "a system call",
	"runtime.morestack_noctxt":                "never reached, as the stack is bounded: see below",
	"runtime.wbZero":                          "never reached, as the garbage collector has not started",
	"runtime.morestack":                       "never reached, as the stack is bounded: see below",
	"internal/runtime/syscall/linux.Syscall6": "a system call",
}

// checks are functions that are called if an index is out of range, which is a defect and ends the
// process, or if the garbage collector runs, which it does not yet.
var checks = regexp.MustCompile(`^runtime\.(panic(Bounds|divide|shift|unsafe[a-z]+)|gcWriteBarrier[1-8])$`)

// function is what the disassembly says of one.
type function struct {
	frame    int // bytes of stack, with the return address
	calls    map[string]bool
	indirect bool // it calls function values
}

var (
	textLine = regexp.MustCompile(`^TEXT (\S+?)(\.abi0)?\(SB\)`)
	callLine = regexp.MustCompile(`\b(CALL|JMP|B|BL) (\S+?)(\.abi0)?\(SB\)`)
	valueOf  = regexp.MustCompile(`\bCALL \(?[A-Z][A-Z0-9]*\)?\s`)
	frames   = regexp.MustCompile(`\b(SUBQ \$(-?0x[0-9a-f]+), SP|ADDQ \$-(-?0x[0-9a-f]+), SP|SUB \$(\d+), RSP, RSP|MOVD\.W R30, -(\d+)\(RSP\))`)
)

// disassemble returns the functions of a program that may run before there is a runtime.
func disassemble(t *testing.T, program string) map[string]*function {
	t.Helper()
	cmd := exec.Command("go", "tool", "objdump", "-s", `^(supervise/|_supervise|syscall\.RawSyscall)`, program)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all := map[string]*function{}
	var f *function
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if m := textLine.FindStringSubmatch(line); m != nil {
			if all[m[1]] == nil { // a function and its wrapper for assembly count as one
				all[m[1]] = &function{calls: map[string]bool{}}
			}
			f = all[m[1]]
			f.frame += 8
			continue
		}
		if f == nil {
			continue
		}
		if m := callLine.FindStringSubmatch(line); m != nil {
			f.calls[m[2]] = true
		}
		f.indirect = f.indirect || valueOf.MatchString(line)
		if m := frames.FindStringSubmatch(line); m != nil {
			size, err := strconv.ParseInt(strings.TrimPrefix(strings.Join(m[2:], ""), "-"), 0, 64)
			if err != nil {
				t.Fatal(line, err)
			}
			f.frame += int(size)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

// inspect follows the calls from the entry point. It returns how much stack they take, and what
// they call of the runtime that is not harmless.
func inspect(t *testing.T, program string) (stack int, wrong []string) {
	t.Helper()
	all := disassemble(t, program)
	found := map[string]bool{}
	deepest := map[string]int{}
	var visit func(name string, path []string) int
	visit = func(name string, path []string) int {
		if slices.Contains(path, name) {
			found[name+" calls itself"] = true
			return 0
		}
		if depth, done := deepest[name]; done {
			return depth
		}
		f := all[name]
		if harmless[name] != "" || checks.MatchString(name) || name == before {
			return 256 // more than any of these
		}
		if f == nil || !strings.HasPrefix(name, "supervise/") && name != entry {
			found[path[len(path)-1]+" calls "+name] = true
			return 0
		}
		calls := maps.Clone(f.calls)
		delete(calls, name) // a function that its wrapper, or the growth of its stack, goes to
		if f.indirect {
			for other := range all {
				if setter.MatchString(other) {
					calls[other] = true
				}
			}
			if !strings.HasPrefix(name, "supervise/supervisor/pid1/cmdline.") {
				found[name+" calls a function value"] = true
			}
		}
		depth := 0
		for call := range calls {
			depth = max(depth, visit(call, append(path, name)))
		}
		deepest[name] = f.frame + depth
		return deepest[name]
	}
	stack = max(visit(entry, nil), visit(alone, nil))
	for _, name := range []string{root, goOn} {
		if all[name] == nil || deepest[name] == 0 {
			t.Errorf("%s is not called", name)
		}
	}
	for name := range deepest {
		if pkg := packageOf(name); all[pkg+".init"] != nil {
			found[pkg+" has variables that are initialised when the runtime has started"] = true
		}
	}
	return stack, slices.Sorted(maps.Keys(found))
}

// setter matches the functions that are called by value: those that flags set.
var setter = regexp.MustCompile(`^supervise/supervisor/pid1/cmdline\.(set[A-Z]|asked|init\.func|glob\.\.func)`)

func packageOf(name string) string {
	slash := strings.LastIndexByte(name, '/')
	dot := strings.IndexByte(name[slash+1:], '.')
	return name[:max(slash+1+dot, 0)]
}

// build builds the program, without optimisation for size so that it can be disassembled.
func build(t *testing.T, arch, tags string, more ...string) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "supervise")
	args := append([]string{"build", "-buildvcs=false", "-tags", tags, "-ldflags=-E=" + entry, "-o", program}, more...)
	cmd := exec.Command("go", append(args, "supervise/cmd/supervise")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// TestObject reads the compiled program: what runs before the Go runtime calls nothing of it,
// and no more of the stack than the entry point has made bounds of.
func TestObject(t *testing.T) {
	const stackSize = 16 << 10 // that of nucleus.go
	for _, arch := range []string{"amd64", "arm64"} {
		for _, tags := range []string{"slim", "none"} {
			stack, wrong := inspect(t, build(t, arch, tags))
			for _, what := range wrong {
				t.Errorf("%s %s: %s", arch, tags, what)
			}
			if stack == 0 || stack > stackSize/2 {
				t.Errorf("%s %s: %d bytes of stack, of %d", arch, tags, stack, stackSize)
			}
			t.Logf("%s %s: %d bytes of stack", arch, tags, stack)
		}
	}
}

// TestPlanted plants what is not allowed into the source, and wants to see it found.
func TestPlanted(t *testing.T) {
	source, err := filepath.Abs("loop.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	const at = "func exit(status int) {"
	for what, c := range map[string]struct{ code, found string }{
		"an allocation": {"kept = append(kept, status)", "runtime.growslice"},
		"a map":         {"table[status]++", "runtime."},
		"a text":        {"name += name", "runtime.concatstring2"},
		"a defer":       {"defer func() { kept[0]++ }(); kept[1]++", "runtime."},
		"a value":       {"called(status)", "calls a function value"},
		"deep":          {"var b [12000]byte; b[status]++; deep = b", "bytes of stack"},
	} {
		dir := t.TempDir()
		planted := strings.Replace(string(text), at, "var (\n\tkept []int\n\ttable map[int]int\n\tname string\n\tcalled func(int)\n\tdeep [12000]byte\n)\n\n"+at+c.code+"; ", 1)
		file, overlay := filepath.Join(dir, "loop.go"), filepath.Join(dir, "overlay.json")
		replace, err := json.Marshal(map[string]map[string]string{"Replace": {source: file}})
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string]string{file: planted, overlay: string(replace)} {
			if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		stack, wrong := inspect(t, build(t, "amd64", "slim", "-overlay", overlay))
		if stack > 8<<10 {
			wrong = append(wrong, strconv.Itoa(stack)+" bytes of stack")
		}
		if !strings.Contains(strings.Join(wrong, "\n"), c.found) {
			t.Errorf("%s is not found, but %q", what, wrong)
		}
	}
}
