package doctor

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/intake"
	"supervise/supervisor/process/tree"
)

func TestMain(m *testing.M) { testproc.Main(m) }

var order = []string{
	"signal intake", "inherited signals", "place", "child subreaper", "descendants", "signal recorder", "clone3", "pidfd", "/proc", "zombies",
	"core_pattern", "core collection", "runtime directory", "limit: open files", "limit: pending signals", "limit: core size", "limit: processes",
}

// TestExamine looks at this host twice: nothing is left out, everything is said in full,
// and nothing is changed or left behind.
func TestExamine(t *testing.T) {
	limits := readFile(t, "/proc/self/limits")
	cgroups := siblings()
	var first []Finding
	for range 2 {
		findings := Examine(Subject{RuntimeDir: t.TempDir()})
		var names []string
		for _, f := range findings {
			names = append(names, f.Name)
			if f.Value == "" || f.Meaning == "" || !slices.Contains([]Status{Good, Note, Bad}, f.Status) {
				t.Errorf("not said in full: %+v", f)
			}
			if strings.HasSuffix(f.Meaning, ".") || strings.Contains(f.Value+f.Meaning, "\n") {
				t.Errorf("not one phrase: %+v", f)
			}
		}
		if !slices.Equal(names, order) {
			t.Errorf("found %q, want %q", names, order)
		}
		if first == nil {
			first = findings
		}
	}
	if readFile(t, "/proc/self/limits") != limits {
		t.Error("the limits have changed")
	}
	if after := siblings(); !slices.Equal(cgroups, after) {
		t.Errorf("cgroups of ours before: %q, after: %q", cgroups, after)
	}
	Examine(Subject{}) // as little as can be known
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// siblings lists the cgroups that a doctor may have left beside where it makes its own.
func siblings() []string {
	root := tree.Open("supervise-doctor-test", "", tree.NoChildren{})
	defer root.Close()
	if root.Dir() == "" {
		return nil
	}
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(root.Dir()), "supervise-doctor-[0-9]*"))
	return found
}

// TestRecording says why nothing is recorded.
func TestRecording(t *testing.T) {
	if f := recording(nil); f.Status != Good || f.Value != "available" {
		t.Errorf("%+v", f)
	}
	if f := recording(syscall.EPERM); f.Status != Note || f.Value != "not available: operation not permitted" {
		t.Errorf("%+v", f)
	}
}

// TestPlace looks as PID 1 of a namespace.
func TestPlace(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	f := place()
	if want := "pid 1 in a PID namespace of its own"; f.Value != want || !strings.HasPrefix(f.Meaning, "PID 1: ") {
		t.Errorf("%+v, want %s", f, want)
	}
}

func TestIntake(t *testing.T) {
	for mode, want := range map[intake.Mode]Status{intake.Entry: Good, intake.Reexec: Note, intake.Portable: Bad} {
		if got := intakeMode(mode); got.Status != want || got.Value != mode.String() {
			t.Errorf("%v: %+v, want %s", mode, got, want)
		}
	}
	none := inherited(intake.Inherited{Exact: true})
	if none.Status != Good || none.Value != "none blocked, none ignored" || strings.Contains(none.Meaning, "cannot be known") {
		t.Errorf("nothing inherited: %+v", none)
	}
	some := inherited(intake.Inherited{Mask: signals.SetOf(signals.SIGUSR2), Ignored: signals.SetOf(signals.SIGPIPE)})
	if some.Status != Note || !strings.Contains(some.Value, "SIGUSR2") || !strings.Contains(some.Value, "SIGPIPE") || !strings.Contains(some.Meaning, "cannot be known") {
		t.Errorf("something inherited: %+v", some)
	}
}

func TestCores(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                            "no cores are written",
		"core":                        "working directory",
		"core.%p":                     "working directory",
		"/var/crash/%e.%p":            "files at this path",
		"|/usr/lib/collect pid=%P %s": "go to /usr/lib/collect, outside",
		"|/usr/lib/collect":           "go to /usr/lib/collect, outside",
		"@/run/core.socket":           "go to a socket",
		"@@/run/core.socket":          "go to a socket",
	} {
		got := whereCoresGo(pattern)
		if !strings.Contains(got.Meaning, want) || got.Value == "" || got.Status != Note {
			t.Errorf("%q: %+v, want %q", pattern, got, want)
		}
	}
}

func TestRuntimeDir(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(dir, "nowhere")
	if err := os.Symlink("/nonexistent/place", nowhere); err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	closedTo := Bad
	if os.Geteuid() == 0 {
		closedTo = Good
	}
	for _, test := range []struct {
		path   string
		status Status
		made   bool
	}{
		{dir, Good, false},
		{filepath.Join(dir, "new"), Good, true},
		{filepath.Join(dir, "a", "b", "c"), Good, true},
		{filepath.Join(file, "below"), Bad, false},
		{file, Bad, false},
		{nowhere, Bad, false},
		{closed, closedTo, false},
		{filepath.Join(closed, "new"), closedTo, true},
	} {
		f := runtimeDir(test.path)
		made := strings.HasSuffix(f.Value, " (will be made)")
		if f.Status != test.status || test.status == Good && made != test.made || !strings.HasPrefix(f.Value, test.path) {
			t.Errorf("%s: %+v, want %s, made %v", test.path, f, test.status, test.made)
		}
	}
}

func TestLimits(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 100, Max: 200}); err != nil {
		t.Fatal(err)
	}
	f := limit("open files", syscall.RLIMIT_NOFILE, intake.Inherited{}, 1024, "m")
	if f.Value != "100 soft, 200 hard" || f.Status != Bad {
		t.Errorf("now: %+v", f)
	}
	f = limit("open files", syscall.RLIMIT_NOFILE, intake.Inherited{NoFile: intake.Limit{Soft: 1024, Hard: ^uint64(0)}}, 1024, "m")
	if f.Value != "1024 soft, unlimited hard" || f.Status != Good {
		t.Errorf("as inherited: %+v", f)
	}
	if f = limit("none", 99, intake.Inherited{}, 0, "m"); f.Status != Bad || f.Value == "" {
		t.Errorf("no such limit: %+v", f)
	}
}

func TestWorst(t *testing.T) {
	for _, test := range []struct {
		status []Status
		want   Status
	}{
		{nil, Good},
		{[]Status{Good, Good}, Good},
		{[]Status{Good, Note, Good}, Note},
		{[]Status{Note, Bad, Good}, Bad},
		{[]Status{Bad, Note}, Bad},
	} {
		var findings []Finding
		for _, s := range test.status {
			findings = append(findings, Finding{Status: s})
		}
		if got := Worst(findings); got != test.want {
			t.Errorf("%v: %s, want %s", test.status, got, test.want)
		}
	}
}
