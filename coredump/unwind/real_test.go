package unwind

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// walk has gdb print its frames, except those that are not on the stack: it infers inlined
// calls, and functions that ended in a jump to another, from the debug information.
const walk = `python
frame, n = gdb.newest_frame(), 0
while frame is not None and n < 200:
    if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
        print("frame %x %d %s" % (frame.pc(), frame.type() == gdb.SIGTRAMP_FRAME, frame.name()))
        n += 1
    frame = frame.older()
end
`

var frameLine = regexp.MustCompile(`(?m)^frame ([0-9a-f]+) ([01]) (.*)$`)

type gdbFrame struct {
	pc     uint64
	signal bool
	name   string
}

// crashBelowGDB runs a program below gdb until it crashes, and returns the core that gdb makes
// then together with its backtrace, and what was printed.
func crashBelowGDB(t testing.TB, pass []string, program ...string) (c *core, frames []gdbFrame, output string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "core")
	script := filepath.Join(t.TempDir(), "walk")
	if err := os.WriteFile(script, []byte(walk), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-batch", "-nx", "-iex", "set debuginfod enabled off", "-iex", "set startup-with-shell off"}
	for _, name := range pass {
		args = append(args, "-ex", "handle "+name+" nostop noprint pass")
	}
	args = append(
		args, "-ex", "run", "-ex", "set backtrace past-main on", "-x", script,
		"-ex", "generate-core-file "+path, "-ex", "kill", "--args",
	)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "gdb", append(args, program...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, match := range frameLine.FindAllStringSubmatch(string(out), -1) {
		f := gdbFrame{signal: match[2] == "1", name: match[3]}
		f.pc, _ = strconv.ParseUint(match[1], 16, 64)
		frames = append(frames, f)
	}
	if len(frames) == 0 {
		t.Fatalf("gdb made no backtrace:\n%s", out)
	}
	t.Logf("gdb:\n%s", out)
	return openCore(t, path, program[0]), frames, string(out)
}

// same compares a backtrace with gdb's.
func same(t *testing.T, frames []Frame, want []gdbFrame) {
	t.Helper()
	for i := range max(len(frames), len(want)) {
		switch {
		case i >= len(frames):
			t.Errorf("frame %d: missing, gdb has %#x %s", i, want[i].pc, want[i].name)
		case i >= len(want):
			t.Errorf("frame %d: %#x by %s, gdb has none", i, frames[i].PC, frames[i].By)
		case frames[i].PC != want[i].pc || frames[i].Signal != want[i].signal:
			t.Errorf("frame %d: %+v, gdb has %#x %s", i, frames[i], want[i].pc, want[i].name)
		}
	}
}

// needs skips a test that lacks a program.
func needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("needs %s", p)
		}
	}
}

// compile makes a program of a file in testdata.
func compile(t testing.TB, compiler, source string, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	out, err := exec.Command(compiler, append([]string{"-o", program, filepath.Join("testdata", source)}, flags...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", compiler, flags, err, out)
	}
	return program
}

// crashes are the ways of testdata/crash.c, with the signals that its handlers are for.
var crashes = map[string][]string{
	"deep": nil, "alloca": nil, "noreturn": nil, "qsort": nil, "null": nil, "wild": nil,
	"thread": nil, "overflow": nil, "vdso": nil, "strlen": nil,
	"handler":  {"SIGUSR1"},
	"twice":    {"SIGUSR1", "SIGSEGV"},
	"altstack": {"SIGSEGV"},
}

func TestAsGDB(t *testing.T) {
	needs(t, "gcc", "gdb")
	for _, test := range []struct{ name, flags string }{
		{"O0", "-O0"},
		{"O1", "-O1"},
		{"O2", "-O2"},
		{"frame pointers", "-O2 -fno-omit-frame-pointer -no-pie"},
		{"static stripped", "-O2 -static -s"},
		{"debug_frame", "-O2 -g1 -fno-asynchronous-unwind-tables"},
		{"no header", "-O2 -Wl,--no-eh-frame-hdr"},
		{"no tables", "-O0 -fno-asynchronous-unwind-tables -fno-unwind-tables"},
	} {
		t.Run(test.name, func(t *testing.T) {
			program := compile(t, "gcc", "crash.c", append(strings.Fields(test.flags), "-pthread")...)
			for how, pass := range crashes {
				t.Run(how, func(t *testing.T) {
					t.Parallel()
					compareWithGDB(t, pass, program, how)
				})
			}
		})
	}
}

func compareWithGDB(t *testing.T, pass []string, program ...string) {
	c, want, _ := crashBelowGDB(t, pass, program...)
	if last := len(want) - 1; last > 0 && want[last].pc == 0 {
		want = want[:last] // gdb has taken something for a frame
	}
	frames, err := Stack(c, c.threads[0], len(want)+1)
	if len(want) >= 200 && len(frames) > len(want) { // endless recursion: as far as gdb was asked to go
		frames, err = frames[:len(want)], nil
	}
	same(t, frames, want)
	var e *Error
	if err != nil && !errors.As(err, &e) {
		t.Errorf("the error is a %T", err)
	}
	t.Log(err)
}

func TestMusl(t *testing.T) {
	needs(t, "musl-gcc", "gdb")
	// Without call frame information in its libc, gdb's own reading of prologues and ours differ
	// where there is no frame pointer; with -O0 there is one, except in libc.
	program := compile(t, "musl-gcc", "crash.c", "-O0", "-static", "-pthread")
	for _, how := range []string{"deep", "alloca", "null", "wild"} {
		t.Run(how, func(t *testing.T) { compareWithGDB(t, crashes[how], program, how) })
	}
}

func TestCxx(t *testing.T) {
	needs(t, "g++", "gdb")
	for _, flags := range []string{"-O0", "-O2", "-O2 -static -s"} {
		t.Run(flags, func(t *testing.T) {
			compareWithGDB(t, nil, compile(t, "g++", "throw.cc", strings.Fields(flags)...))
		})
	}
}

func TestRust(t *testing.T) {
	needs(t, "rustc", "gdb")
	for _, flags := range []string{"-Copt-level=0", "-Copt-level=3", "-Copt-level=3 -Cstrip=symbols"} {
		program := compile(t, "rustc", "panic.rs", strings.Fields(flags)...)
		t.Run(flags, func(t *testing.T) { compareWithGDB(t, nil, program, "null") })
	}
	program := compile(t, "rustc", "panic.rs", "-Cpanic=abort")
	t.Run("abort", func(t *testing.T) { compareWithGDB(t, nil, program, "index") })
}

// BenchmarkStack unwinds through libc and two signals, with everything in memory.
func BenchmarkStack(b *testing.B) {
	needs(b, "gcc", "gdb")
	program := compile(b, "gcc", "crash.c", "-O2", "-pthread")
	c, _, _ := crashBelowGDB(b, crashes["twice"], program, "twice")
	c.load(b)
	frames, err := Stack(c, c.threads[0], 100)
	if err != nil || len(frames) < 15 {
		b.Fatal(len(frames), err)
	}
	b.ReportAllocs()
	for b.Loop() {
		Stack(c, c.threads[0], 100)
	}
	b.ReportMetric(float64(len(frames)), "frames")
}
