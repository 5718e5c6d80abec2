package explain

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"supervise/coredump/elfcore"
	"supervise/coredump/report"
	"supervise/internal/testproc"
)

// program is one that crashes, and how it is compiled from a file in testdata.
type program struct {
	name     string
	compiler []string // the source and the output are added
	source   string
	ways     []string
	env      string
}

// all are the ways of crash.c to end.
var all = []string{"deep", "handler", "threads", "abort", "null", "endless", "readonly", "kill"}

var programs = []program{
	{name: "O2", compiler: []string{"gcc", "-O2", "-pthread"}, source: "crash.c", ways: all},
	{name: "frame pointers", compiler: []string{"gcc", "-O1", "-fno-omit-frame-pointer", "-pthread"}, source: "crash.c", ways: all},
	{name: "fixed addresses", compiler: []string{"gcc", "-O2", "-no-pie", "-pthread"}, source: "crash.c", ways: all[:3]},
	{name: "static", compiler: []string{"gcc", "-O2", "-static", "-pthread"}, source: "crash.c", ways: all[:4]},
	{name: "static stripped", compiler: []string{"gcc", "-O2", "-static", "-s", "-pthread"}, source: "crash.c", ways: all[:4]},
	{name: "stripped", compiler: []string{"gcc", "-O2", "-s", "-pthread"}, source: "crash.c", ways: all[:4]},
	{name: "C++", compiler: []string{"g++", "-O1"}, source: "throw.cc", ways: []string{""}},
	{name: "Rust", compiler: []string{"rustc", "-O", "-Cpanic=abort", "-Cstrip=debuginfo"}, source: "panic.rs", ways: []string{""}},
	{name: "Go", compiler: []string{"go", "build"}, source: "gocrash", ways: []string{"kill"}, env: "GOTRACEBACK=crash"},
}

// build compiles a program, and skips the test if that takes what is not there.
func build(t *testing.T, p *program) (exe string) {
	t.Helper()
	if _, err := exec.LookPath(p.compiler[0]); err != nil {
		t.Skip("needs ", p.compiler[0])
	}
	exe = filepath.Join(t.TempDir(), "crasher")
	args := append(p.compiler[1:len(p.compiler):len(p.compiler)], "-o", exe, "./"+filepath.Join("testdata", p.source))
	cmd := exec.Command(p.compiler[0], args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return exe
}

// crash runs a program to its end, and returns the core that the kernel has written, for each
// of its ways.
func crash(t *testing.T, exe, env string, ways ...string) (cores []string) {
	t.Helper()
	dir := t.TempDir()
	t.Run("crash", func(t *testing.T) {
		testproc.CorePattern(t, dir+"/core.%p")
		for _, way := range ways {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			cmd := exec.CommandContext(ctx, "/bin/sh", "-c", `ulimit -c unlimited && exec "$@"`, "sh", exe, way, "--password=hunter2")
			cmd.Env = []string{env, "API_TOKEN=abc123", "PATH=/bin", "DB=postgres://web:hunter2@db/x"}
			err := cmd.Run()
			cancel()
			core := dir + "/core." + strconv.Itoa(cmd.ProcessState.Pid())
			if _, gone := os.Stat(core); gone != nil {
				t.Fatalf("no core of %q: %v", way, err)
			}
			cores = append(cores, core)
		}
	})
	if len(cores) < len(ways) {
		t.SkipNow()
	}
	return cores
}

// explained explains a core in this process.
func explained(tb testing.TB, core string, o Options) *report.Report {
	tb.Helper()
	f, err := os.Open(core)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	c, err := elfcore.Open(f, info.Size())
	if err != nil {
		tb.Fatal(err)
	}
	o.Open = Files
	return Explain(c, o)
}

// gdbFrames has gdb say for each frame of the crashed thread its address, its kind, and its
// function. Calls that were inlined, and those that ended in a jump, have no frame of their own
// on the stack: gdb has them from debug information.
const gdbFrames = `
import gdb
f = gdb.newest_frame()
for i in range(60):
    if f is None: break
    if f.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
        print("FRAME %x %d %s" % (f.pc(), f.type() == gdb.SIGTRAMP_FRAME, f.name()))
    f = f.older()
`

var gdbLine = regexp.MustCompile(`(?m)^FRAME ([0-9a-f]+) ([01]) (.*)$`)

type gdbFrame struct {
	pc     uint64
	signal bool
	name   string
}

// gdb returns the frames of the crashed thread as gdb finds them.
func gdb(t *testing.T, exe, core string) (frames []gdbFrame) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "frames.py")
	if err := os.WriteFile(script, []byte(gdbFrames), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(
		ctx, "gdb", "-nx", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off",
		"-ex", "set backtrace past-main on", "-ex", "set backtrace past-entry on", "-ex", "source "+script, exe, core,
	)
	out, err := cmd.CombinedOutput()
	for _, m := range gdbLine.FindAllStringSubmatch(string(out), -1) {
		pc, _ := strconv.ParseUint(m[1], 16, 64)
		frames = append(frames, gdbFrame{pc, m[2] == "1", m[3]})
	}
	if len(frames) == 0 {
		t.Skipf("gdb made no backtrace, perhaps it has no Python: %v\n%s", err, out)
	}
	return frames
}

// TestAsGDB compares the stack of the thread that crashed with gdb's, function by function.
func TestAsGDB(t *testing.T) {
	if _, err := exec.LookPath("gdb"); err != nil {
		t.Skip("needs gdb")
	}
	for i := range programs {
		p := &programs[i]
		t.Run(p.name, func(t *testing.T) {
			if testing.Short() && i > 0 {
				t.Skip("takes long")
			}
			exe := build(t, p)
			for i, core := range crash(t, exe, p.env, p.ways...) {
				t.Run(p.ways[i], func(t *testing.T) { asGDB(t, exe, core) })
			}
		})
	}
}

func asGDB(t *testing.T, exe, core string) {
	want := gdb(t, exe, core)
	r := explained(t, core, Options{Frames: 60})
	crashed := r.Crashed()
	if crashed == nil {
		t.Fatalf("no thread crashed: %+v", r.Threads)
	}
	got := crashed.Frames
	switch last := len(got) - 1; {
	case last < 0:
	case got[last].Function == "main" && len(want) > last:
		// The main that rustc makes has no unwind information, and gdb guesses.
		want = want[:last+1]
	case got[last].Function == "runtime.goexit" && len(want) == last+2:
		want = want[:last+1] // and a frame at address 0
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("frame %d is missing: %+v (%s)", i, want[i], crashed.Stopped)
		case i >= len(want):
			t.Errorf("frame %d: %v, gdb has none", i, got[i])
		case uint64(got[i].Address) != want[i].pc, got[i].Handler != want[i].signal:
			t.Errorf("frame %d: %+v, gdb has %+v", i, got[i], want[i])
		case !want[i].signal && !sameName(got[i].Function, want[i].name):
			t.Errorf("frame %d: %q, gdb has %q", i, got[i].Function, want[i].name)
		}
	}
	if t.Failed() || testing.Verbose() {
		t.Log(compared(r, want))
	}
}

func compared(r *report.Report, want []gdbFrame) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %v\n", r.Summary(), r.Problems)
	for i, f := range r.Crashed().Frames {
		fmt.Fprintf(&b, "  %-50s %#x", f.Function, uint64(f.Address))
		if i < len(want) {
			fmt.Fprintf(&b, "  gdb: %s %#x", want[i].name, want[i].pc)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// sameName compares names of functions. gdb has them with parameters if there is no debug
// information, and with the hashes of Rust; of those that libc has several names for, it shows
// others: __GI_raise for raise.
func sameName(ours, gdbs string) bool {
	if gdbs == "None" {
		return ours == ""
	}
	return plainName(ours) == plainName(gdbs)
}

var (
	rustHash     = regexp.MustCompile(`::h[0-9a-f]{16}$|\[[0-9a-f]{16}\]`)
	templateType = regexp.MustCompile(`^[a-z]+ ([^ ]+<)`)
)

func plainName(name string) string {
	name = strings.TrimPrefix(name, "__GI_")
	name, _, _ = strings.Cut(name, "(")
	name = strings.NewReplacer("[cold]", ".cold", "::<", "<", "::__", "::_").Replace(name)
	name = templateType.ReplaceAllString(rustHash.ReplaceAllString(name, ""), "$1")
	return strings.TrimSuffix(strings.TrimLeft(name, "_"), "_impl")
}

// TestGo has both a program as it is and a stripped one crash, in which gdb finds frames that
// are none.
func TestGo(t *testing.T) {
	want := []string{
		"main.(*server).handle", "main.(*server).handle", "main.(*server).handle", "main.serve", "main.main", "runtime.main", "runtime.goexit",
	}
	for name, flags := range map[string]string{"whole": "", "stripped": "-s -w", "position-independent": "-buildmode=pie"} {
		t.Run(name, func(t *testing.T) {
			p := program{compiler: []string{"go", "build", "-ldflags=" + flags}, source: "gocrash"}
			if strings.HasPrefix(flags, "-buildmode") {
				p.compiler = []string{"go", "build", flags}
			}
			core := crash(t, build(t, &p), "GOTRACEBACK=crash", "")[0]
			r := explained(t, core, Options{})
			var names []string
			for _, f := range r.Crashed().Frames {
				names = append(names, f.Function)
			}
			if n := len(names) - len(want); n < 0 || !slices.Equal(names[n:], want) {
				t.Errorf("got %q, want at the end %q", names, want)
			}
			if got := r.Summary(); got != "SIGABRT (SI_TKILL by itself) in main.(*server).handle+0x21 (3 times) <- main.serve <- main.main <- runtime.main" {
				t.Error(got)
			}
			if got := r.Crashed().Frames[len(names)-3].Source; got != "gocrash/main.go:28" {
				t.Errorf("main.main is at %q", got)
			}
		})
	}
}
