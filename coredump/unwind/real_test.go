package unwind

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// frameLine is a frame in gdb's backtrace. One without an address is that of the program
// counter before a function's first instruction, or a signal's trampoline.
var frameLine = regexp.MustCompile(`(?m)^#(\d+) +(?:0x([0-9a-f]+) in )?(.*)$`)

type gdbFrame struct {
	pc     uint64 // 0 if gdb does not say
	text   string
	signal bool
}

// crashBelowGDB runs a program below gdb until it crashes, and returns the core that gdb makes
// then together with its backtrace.
func crashBelowGDB(t *testing.T, pass []string, program ...string) (*core, []gdbFrame) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "core")
	// Without libc's own debug information: it would give gdb inlined calls, which have no frame.
	args := []string{"-batch", "-nx", "-iex", "set debug-file-directory /nonexistent", "-iex", "set debuginfod enabled off", "-iex", "set startup-with-shell off", "-iex", "set width 0"}
	for _, name := range pass {
		args = append(args, "-ex", "handle "+name+" nostop noprint pass")
	}
	args = append(
		args, "-ex", "run", "-ex", "set backtrace past-main on", "-ex", "set backtrace limit 200",
		"-ex", "set print frame-arguments none", "-ex", "set print address on",
		"-ex", "bt", "-ex", "generate-core-file "+path, "-ex", "kill", "--args",
	)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "gdb", append(args, program...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var frames []gdbFrame
	for _, match := range frameLine.FindAllStringSubmatch(string(out), -1) {
		f := gdbFrame{text: match[3], signal: strings.Contains(match[3], "<signal handler called>")}
		f.pc, _ = strconv.ParseUint(match[2], 16, 64)
		frames = append(frames, f)
	}
	if len(frames) == 0 {
		t.Fatalf("gdb made no backtrace:\n%s", out)
	}
	t.Logf("gdb:\n%s", out)
	return openCore(t, path, program[0]), frames
}

// same compares a backtrace with gdb's.
func same(t *testing.T, frames []Frame, want []gdbFrame) {
	t.Helper()
	for i := range max(len(frames), len(want)) {
		switch {
		case i >= len(frames):
			t.Errorf("frame %d: missing, gdb has %#x %s", i, want[i].pc, want[i].text)
		case i >= len(want):
			t.Errorf("frame %d: %#x by %s, gdb has none", i, frames[i].PC, frames[i].By)
		case want[i].pc != 0 && frames[i].PC != want[i].pc || frames[i].Signal != want[i].signal:
			t.Errorf("frame %d: %+v, gdb has %#x %s", i, frames[i], want[i].pc, want[i].text)
		}
	}
}

// needs skips a test that lacks a program.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("needs %s", p)
		}
	}
}

// compile makes a program of a file in testdata.
func compile(t *testing.T, compiler, source string, flags ...string) string {
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
		{"frame pointers", "-O2 -fno-omit-frame-pointer"},
		{"static stripped", "-O2 -static -s"},
		{"no-pie", "-O2 -no-pie"},
		{"debug_frame", "-O2 -g1 -fno-asynchronous-unwind-tables"},
		{"no header", "-O2 -Wl,--no-eh-frame-hdr"},
		{"no tables", "-O0 -fno-asynchronous-unwind-tables -fno-unwind-tables"},
	} {
		t.Run(test.name, func(t *testing.T) {
			program := compile(t, "gcc", "crash.c", append(strings.Fields(test.flags), "-pthread")...)
			for how, pass := range crashes {
				t.Run(how, func(t *testing.T) { compareWithGDB(t, pass, program, how) })
			}
		})
	}
}

func compareWithGDB(t *testing.T, pass []string, program ...string) {
	c, want := crashBelowGDB(t, pass, program...)
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
