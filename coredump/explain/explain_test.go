package explain

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"supervise/coredump/elfcore"
	"supervise/coredump/report"
	"supervise/signals"
)

// crashC compiles crash.c, and has it crash in ways.
func crashC(t *testing.T, ways ...string) (exe string, cores []string) {
	t.Helper()
	exe = build(t, &program{compiler: []string{"gcc", "-O1", "-pthread"}, source: "crash.c"})
	return exe, crash(t, exe, "X=1", ways...)
}

// TestReport looks at what a report says of how the process ended and how it was started.
func TestReport(t *testing.T) {
	exe, cores := crashC(t, "deep", "abort", "kill", "readonly")
	reports := make([]*report.Report, len(cores))
	for i, want := range []struct{ summary, words string }{
		{
			"SIGSEGV (SEGV_MAPERR at 0x10) in store <- handle_request (4 times) <- serve <- main",
			"SEGV_MAPERR at 0x10: no memory is mapped there, probably through a null pointer",
		},
		{
			"SIGABRT (SI_TKILL by itself) in in_thread+0x",
			"SI_TKILL by itself: it called abort, or a function that does",
		},
		{"SIGQUIT (SI_USER by itself) in ", "SI_USER by itself: sent by kill"},
		{"SIGSEGV (SEGV_ACCERR at 0x", ": the memory there is protected against it"},
	} {
		r := explained(t, cores[i], Options{Registers: true, AllModules: true})
		reports[i] = r
		if got := r.Summary(); !strings.HasPrefix(got, want.summary) {
			t.Errorf("summary %q, want %q", got, want.summary)
		}
		if got := r.CauseInWords(); !strings.HasSuffix(got, want.words) {
			t.Errorf("cause %q, want %q", got, want.words)
		}
	}
	r := reports[0]
	if r.Exe != exe || r.Command != exe+" deep --password=***" {
		t.Errorf("exe %q, command %q", r.Exe, r.Command)
	}
	for _, want := range []string{"X=1", "API_TOKEN=***", "PATH=/bin", "DB=postgres://web:***@db/x"} {
		if !slices.Contains(r.Environment, want) {
			t.Errorf("%s is not in the environment %q", want, r.Environment)
		}
	}
	crashed := r.Crashed()
	if crashed.Registers["rip"] != crashed.Frames[0].Address || crashed.Name != "crasher" {
		t.Errorf("thread %+v", crashed)
	}
	if m := r.Modules[0]; m.Path != exe || len(m.BuildID) != 40 || m.Problem != "" || m.Start >= m.End {
		t.Errorf("module %+v", m)
	}
}

// TestOtherFile has the program be another one since the crash, and then none: no names.
func TestOtherFile(t *testing.T) {
	exe, cores := crashC(t, "deep")
	if err := os.Remove(exe); err != nil {
		t.Fatal(err)
	}
	r := explained(t, cores[0], Options{})
	if got := r.Modules[0].Problem; got != "missing" {
		t.Errorf("a removed program: %q", got)
	}
	out, err := exec.Command("gcc", "-O2", "-pthread", "-o", exe, "testdata/crash.c").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r = explained(t, cores[0], Options{})
	if got := r.Modules[0].Problem; !strings.HasPrefix(got, "was rebuilt: build id ") {
		t.Errorf("another program: %q", got)
	}
	for _, f := range r.Crashed().Frames {
		if f.Module == exe && f.Function != "" {
			t.Errorf("a name from another file: %+v", f)
		}
	}
	if len(r.Problems) == 0 {
		t.Error("there is no problem")
	}
}

// TestSeparateDebug strips a program, and finds its functions in the file beside it.
func TestSeparateDebug(t *testing.T) {
	if _, err := exec.LookPath("objcopy"); err != nil {
		t.Skip("needs objcopy")
	}
	for name, id := range map[string]string{"build id": "sha1", "checksum": "none"} {
		t.Run(name, func(t *testing.T) {
			exe := build(t, &program{compiler: []string{"gcc", "-O1", "-pthread", "-Wl,--build-id=" + id}, source: "crash.c"})
			dir := filepath.Join(filepath.Dir(exe), ".debug")
			debug := filepath.Join(dir, "crasher.debug")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"--only-keep-debug", exe, debug}, {"--strip-all", exe}, {"--add-gnu-debuglink=" + debug, exe}} {
				if out, err := exec.Command("objcopy", args...).CombinedOutput(); err != nil {
					t.Fatalf("%v: %v\n%s", args, err, out)
				}
			}
			core := crash(t, exe, "X=1", "deep")[0]
			if got := explained(t, core, Options{}).Stack(); !strings.HasPrefix(got, "store <- handle_request (4 times) <- serve <- main") {
				t.Errorf("with the file: %s", got)
			}
			if err := os.WriteFile(debug, []byte("\x7fELF and something else"), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := explained(t, core, Options{}).Stack(); strings.Contains(got, "serve") {
				t.Errorf("with another file: %s", got)
			}
		})
	}
}

func TestCodeName(t *testing.T) {
	for _, test := range []struct {
		signal signals.Signal
		code   int
		want   string
	}{
		{signals.SIGSEGV, 1, "SEGV_MAPERR"},
		{signals.SIGSEGV, 10, "SEGV_CPERR"},
		{signals.SIGSEGV, 11, ""},
		{signals.SIGSEGV, 0x80, "SI_KERNEL"},
		{signals.SIGBUS, 2, "BUS_ADRERR"},
		{signals.SIGFPE, 1, "FPE_INTDIV"},
		{signals.SIGFPE, 9, ""},
		{signals.SIGFPE, 15, "FPE_CONDTRAP"},
		{signals.SIGILL, 2, "ILL_ILLOPN"},
		{signals.SIGTRAP, 1, "TRAP_BRKPT"},
		{signals.SIGSYS, 1, "SYS_SECCOMP"},
		{signals.SIGABRT, -6, "SI_TKILL"},
		{signals.SIGABRT, 1, ""},
		{signals.SIGQUIT, 0, "SI_USER"},
		{signals.SIGALRM, -2, "SI_TIMER"},
	} {
		if got := codeName(test.signal, test.code); got != test.want {
			t.Errorf("codeName(%v, %d) = %q, want %q", test.signal, test.code, got, test.want)
		}
	}
}

func TestMasks(t *testing.T) {
	for in, want := range map[string]string{
		"HOME=/root":              "HOME=/root",
		"GITHUB_TOKEN=abc":        "GITHUB_TOKEN=***",
		"aws_secret_access=abc":   "aws_secret_access=***",
		"DB_PASSWORD=":            "DB_PASSWORD=",
		"SSH_AUTH_SOCK=/tmp/x":    "SSH_AUTH_SOCK=***",
		"SENTRY_DSN=https://x":    "SENTRY_DSN=***",
		"URL=http://u:p@h/x?a=b":  "URL=http://u:***@h/x?a=b",
		"URL=http://u:p/q@h/x":    "URL=http://u:***@h/x",
		"URL=http://u@h":          "URL=http://u@h",
		"L=a://b:c@d e://f:g@h/i": "L=a://b:***@d e://f:***@h/i",
		"L=a://b:c@d,e://f:g@h/i": "L=a://b:***@d,e://f:***@h/i",
	} {
		if got := Environment([]string{in}); len(got) != 1 || got[0] != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := Environment([]string{"", "x", "=y"}); got != nil {
		t.Errorf("no variables: %q", got)
	}
	arguments := []string{"web", "--password", "a b", "--port", "80", "--api-key=x", "redis://:pw@h", "it's", ""}
	if got, want := Command(arguments), `web --password *** --port 80 --api-key=*** redis://:***@h 'it'\''s' ''`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := maskWords("web --token abc x"), "web --token *** x"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestEnded tells a crash from a process that was only stopped to have its core taken.
func TestEnded(t *testing.T) {
	for _, test := range []struct {
		thread  int
		siginfo elfcore.Siginfo
		want    string
	}{
		{11, elfcore.Siginfo{Signal: 11, Code: 1, Address: 0x10}, "SIGSEGV (SEGV_MAPERR at 0x10)"},
		{6, elfcore.Siginfo{Signal: 6, Code: -6, PID: 7, UID: 1}, "SIGABRT (SI_TKILL by itself)"},
		{3, elfcore.Siginfo{Signal: 3, PID: 8, UID: 1}, "SIGQUIT (SI_USER from pid 8 (uid 1))"},
		{14, elfcore.Siginfo{Signal: 14, Code: -2, PID: 8}, "SIGALRM (SI_TIMER)"},
		{31, elfcore.Siginfo{Signal: 31, Code: 1}, "SIGSYS (SYS_SECCOMP)"},
		{11, elfcore.Siginfo{}, "SIGSEGV"},
		{0, elfcore.Siginfo{Signal: 19, Code: 0x80}, ""},
		{19, elfcore.Siginfo{Signal: 19, Code: 0x80}, ""},
	} {
		var r report.Report
		ended(&r, &elfcore.Notes{Process: elfcore.Process{PID: 7}, Threads: []elfcore.Thread{{Signal: test.thread}}, Siginfo: test.siginfo})
		if got := r.Summary(); got != test.want {
			t.Errorf("%+v: %q, want %q", test, got, test.want)
		}
	}
}

// TestLivingCore reads a core that gdb writes, whose notes stand elsewhere than the kernel's.
func TestLivingCore(t *testing.T) {
	if _, err := exec.LookPath("gdb"); err != nil {
		t.Skip("needs gdb")
	}
	exe := build(t, &program{compiler: []string{"gcc", "-O1", "-pthread"}, source: "crash.c"})
	path := filepath.Join(t.TempDir(), "core")
	script := []string{"-nx", "-batch", "-iex", "set debuginfod enabled off", "-ex", "break puts", "-ex", "run", "-ex", "generate-core-file " + path, "-ex", "kill", "--args", exe, "wait"}
	if out, err := exec.Command("gdb", script...).CombinedOutput(); err != nil {
		t.Skipf("gdb cannot run programs here: %v\n%s", err, out)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skip("gdb wrote no core: ", err)
	}
	r := explained(t, path, Options{})
	if got := r.Threads[0].Frames; len(got) < 2 || got[1].Function != "main" || r.Exe != exe {
		t.Errorf("%s: %+v", r.Exe, got)
	}
}
