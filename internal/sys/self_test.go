package sys_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/signals"
)

// statusText is a /proc/PID/status, the parts that matter and some beside them.
const statusText = `Name:	SigBlk:\n
Umask:	0022
State:	S (sleeping)
Pid:	812
PPid:	811
Threads:	1
SigQ:	3/96365
SigPnd:	0000000000000800
ShdPnd:	8000000000000000
SigBlk:	fffffffe7ffbfeff
SigIgn:	0000000000001000
SigCgt:	0000000180004002
CapInh:	0000000000000000
Seccomp:	0
`

func TestParseSignalState(t *testing.T) {
	want := sys.SignalState{
		Pending: signals.SetOf(signals.SIGUSR2),
		Shared:  signals.SetOf(signals.SIGRTMAX),
		Blocked: signals.Full &^ signals.SetOf(signals.SIGKILL, signals.SIGSTOP, 32, 33),
		Ignored: signals.SetOf(signals.SIGPIPE),
		Caught:  signals.SetOf(signals.SIGINT, signals.SIGTERM, 32, 33),
		Queued:  3, Limit: 96365, Parent: 811,
	}
	if got, err := sys.ParseSignalState(statusText); got != want || err != nil {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	// Without the last line's end, as if the file had been cut there.
	cut, _, _ := strings.Cut(statusText, "\nCapInh")
	if got, err := sys.ParseSignalState(cut); got != want || err != nil {
		t.Errorf("cut off: %+v, %v, want %+v", got, err, want)
	}
	for state, stopped := range map[string]bool{"T (stopped)": true, "t (tracing stop)": false, "Z (zombie)": false, "": false} {
		got, err := sys.ParseSignalState(strings.Replace(statusText, "S (sleeping)", state, 1))
		want.Stopped, want.Ended = stopped, strings.HasPrefix(state, "Z")
		if got != want || err != nil {
			t.Errorf("state %q: %+v, %v, want %+v", state, got, err, want)
		}
	}
}

func TestParseSignalStateErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "not a status file of /proc: it says nothing of signals",
		"Name:\tx\n":                "not a status file of /proc: it says nothing of signals",
		"SigBlk:\tnonsense\n":       `signal mask "nonsense" is not a 64-bit hexadecimal number`,
		"SigBlk:\t\n":               `signal mask "" is not a 64-bit hexadecimal number`,
		"SigBlk: 0000000000000000 ": "not a status file of /proc: it says nothing of signals",
	} {
		if got, err := sys.ParseSignalState(text); err == nil || err.Error() != want {
			t.Errorf("%q: %+v, %v, want %s", text, got, err, want)
		}
	}
}

func FuzzParseSignalState(f *testing.F) {
	f.Add(statusText)
	f.Add("SigQ:\t1/2/3\nSigBlk:\tf")
	f.Add("SigQ:\t-1/18446744073709551616\nSigPnd:\t0")
	f.Fuzz(func(t *testing.T, text string) {
		state, err := sys.ParseSignalState(text)
		if err == nil && !strings.Contains(text, "Sig") && !strings.Contains(text, "ShdPnd") {
			t.Fatalf("%q gives %+v", text, state)
		}
	})
}

func TestReadSignalState(t *testing.T) {
	got, err := sys.ReadSignalState("self")
	if err != nil || got.Limit == 0 && got.Caught == 0 {
		t.Errorf("our own state: %+v, %v", got, err)
	}
	if _, err := sys.ReadSignalState("4194304"); err != syscall.ENOENT {
		t.Errorf("nobody's state: %v, want ENOENT", err)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	for _, size := range []int{0, 1, 4095, 4096, 4097, 100_000} {
		want := strings.Repeat("x", size)
		file := filepath.Join(dir, "file")
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := sys.ReadFile(file); got != want || err != nil {
			t.Errorf("a file of %d bytes: %d bytes, %v", size, len(got), err)
		}
	}
	if got, err := sys.ReadFile("/dev/zero"); len(got) != sys.MostRead || err != nil {
		t.Errorf("what has no end: %d bytes, %v", len(got), err)
	}
	if _, err := sys.ReadFile(filepath.Join(dir, "missing")); err != syscall.ENOENT {
		t.Errorf("a missing file: %v", err)
	}
	if got := sys.ReadAll(-1); got != "" {
		t.Errorf("no descriptor gives %q", got)
	}
}
