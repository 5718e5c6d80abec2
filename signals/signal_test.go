package signals_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"supervise/signals"
)

// known is signal(7), "Standard signals" and "Signal numbering for standard signals",
// column x86/ARM, copied by hand so that it does not come from the table under test.
var known = []struct {
	name   string
	number syscall.Signal
	action string
}{
	{"SIGHUP", 1, "Term"},
	{"SIGINT", 2, "Term"},
	{"SIGQUIT", 3, "Core"},
	{"SIGILL", 4, "Core"},
	{"SIGTRAP", 5, "Core"},
	{"SIGABRT", 6, "Core"},
	{"SIGBUS", 7, "Core"},
	{"SIGFPE", 8, "Core"},
	{"SIGKILL", 9, "Term"},
	{"SIGUSR1", 10, "Term"},
	{"SIGSEGV", 11, "Core"},
	{"SIGUSR2", 12, "Term"},
	{"SIGPIPE", 13, "Term"},
	{"SIGALRM", 14, "Term"},
	{"SIGTERM", 15, "Term"},
	{"SIGSTKFLT", 16, "Term"},
	{"SIGCHLD", 17, "Ign"},
	{"SIGCONT", 18, "Cont"},
	{"SIGSTOP", 19, "Stop"},
	{"SIGTSTP", 20, "Stop"},
	{"SIGTTIN", 21, "Stop"},
	{"SIGTTOU", 22, "Stop"},
	{"SIGURG", 23, "Ign"},
	{"SIGXCPU", 24, "Core"},
	{"SIGXFSZ", 25, "Core"},
	{"SIGVTALRM", 26, "Term"},
	{"SIGPROF", 27, "Term"},
	{"SIGWINCH", 28, "Ign"},
	{"SIGIO", 29, "Term"},
	{"SIGPWR", 30, "Term"},
	{"SIGSYS", 31, "Core"},
	{"SIG32", 32, "Term"},
	{"SIG33", 33, "Term"},
	{"SIGRTMIN", 34, "Term"},
	{"SIGRTMIN+1", 35, "Term"},
	{"SIGRTMIN+2", 36, "Term"},
	{"SIGRTMIN+3", 37, "Term"},
	{"SIGRTMIN+4", 38, "Term"},
	{"SIGRTMIN+5", 39, "Term"},
	{"SIGRTMIN+6", 40, "Term"},
	{"SIGRTMIN+7", 41, "Term"},
	{"SIGRTMIN+8", 42, "Term"},
	{"SIGRTMIN+9", 43, "Term"},
	{"SIGRTMIN+10", 44, "Term"},
	{"SIGRTMIN+11", 45, "Term"},
	{"SIGRTMIN+12", 46, "Term"},
	{"SIGRTMIN+13", 47, "Term"},
	{"SIGRTMIN+14", 48, "Term"},
	{"SIGRTMIN+15", 49, "Term"},
	{"SIGRTMIN+16", 50, "Term"},
	{"SIGRTMIN+17", 51, "Term"},
	{"SIGRTMIN+18", 52, "Term"},
	{"SIGRTMIN+19", 53, "Term"},
	{"SIGRTMIN+20", 54, "Term"},
	{"SIGRTMIN+21", 55, "Term"},
	{"SIGRTMIN+22", 56, "Term"},
	{"SIGRTMIN+23", 57, "Term"},
	{"SIGRTMIN+24", 58, "Term"},
	{"SIGRTMIN+25", 59, "Term"},
	{"SIGRTMIN+26", 60, "Term"},
	{"SIGRTMIN+27", 61, "Term"},
	{"SIGRTMIN+28", 62, "Term"},
	{"SIGRTMIN+29", 63, "Term"},
	{"SIGRTMAX", 64, "Term"},
}

func TestEverySignal(t *testing.T) {
	if len(known) != int(signals.Max) {
		t.Fatalf("the test knows %d signals, want %d", len(known), signals.Max)
	}
	for i, want := range known {
		s := signals.Signal(want.number)
		if int(s) != i+1 {
			t.Fatalf("row %d is signal %d", i+1, s)
		}
		if s.String() != want.name {
			t.Errorf("%d is named %q, want %q", s, s, want.name)
		}
		if got := s.Default().String(); got != want.action {
			t.Errorf("%v: default action %s, want %s", s, got, want.action)
		}
		if !s.Valid() {
			t.Errorf("%v is not valid", s)
		}
		if got, want := s.RealTime(), i+1 >= 32; got != want {
			t.Errorf("%v: real-time is %v", s, got)
		}
		if got, want := s.Catchable(), want.number != syscall.SIGKILL && want.number != syscall.SIGSTOP; got != want {
			t.Errorf("%v: catchable is %v", s, got)
		}
	}
}

// TestConstants compares the names with package syscall's, which come from the kernel's
// headers.
func TestConstants(t *testing.T) {
	for s, want := range map[signals.Signal]syscall.Signal{
		signals.SIGHUP: syscall.SIGHUP, signals.SIGINT: syscall.SIGINT, signals.SIGQUIT: syscall.SIGQUIT,
		signals.SIGILL: syscall.SIGILL, signals.SIGTRAP: syscall.SIGTRAP, signals.SIGABRT: syscall.SIGABRT,
		signals.SIGBUS: syscall.SIGBUS, signals.SIGFPE: syscall.SIGFPE, signals.SIGKILL: syscall.SIGKILL,
		signals.SIGUSR1: syscall.SIGUSR1, signals.SIGSEGV: syscall.SIGSEGV, signals.SIGUSR2: syscall.SIGUSR2,
		signals.SIGPIPE: syscall.SIGPIPE, signals.SIGALRM: syscall.SIGALRM, signals.SIGTERM: syscall.SIGTERM,
		signals.SIGSTKFLT: syscall.SIGSTKFLT, signals.SIGCHLD: syscall.SIGCHLD, signals.SIGCONT: syscall.SIGCONT,
		signals.SIGSTOP: syscall.SIGSTOP, signals.SIGTSTP: syscall.SIGTSTP, signals.SIGTTIN: syscall.SIGTTIN,
		signals.SIGTTOU: syscall.SIGTTOU, signals.SIGURG: syscall.SIGURG, signals.SIGXCPU: syscall.SIGXCPU,
		signals.SIGXFSZ: syscall.SIGXFSZ, signals.SIGVTALRM: syscall.SIGVTALRM, signals.SIGPROF: syscall.SIGPROF,
		signals.SIGWINCH: syscall.SIGWINCH, signals.SIGIO: syscall.SIGIO, signals.SIGPWR: syscall.SIGPWR,
		signals.SIGSYS: syscall.SIGSYS,
	} {
		if int(s) != int(want) {
			t.Errorf("%v is %d, want %d", s, int(s), int(want))
		}
	}
}

func TestNoSignal(t *testing.T) {
	for _, n := range []signals.Signal{0, 65, 66, 128, 255} {
		if n.Valid() || n.RealTime() || n.Catchable() {
			t.Errorf("%d: valid %v, real-time %v, catchable %v", int(n), n.Valid(), n.RealTime(), n.Catchable())
		}
	}
	if got := signals.Signal(0).String(); got != "SIG0" {
		t.Errorf("0 is named %q", got)
	}
	if got := signals.Signal(200).String(); got != "SIG200" {
		t.Errorf("200 is named %q", got)
	}
	if got := signals.Action(9).String(); got != "Action(9)" {
		t.Errorf("action 9 is named %q", got)
	}
}

func TestParse(t *testing.T) {
	for _, want := range known {
		s := signals.Signal(want.number)
		short := strings.TrimPrefix(want.name, "SIG")
		for _, text := range []string{want.name, strings.ToLower(want.name), short, strings.ToLower(short), " " + want.name + "\n"} {
			checkParse(t, text, s)
		}
	}
	for text, want := range map[string]signals.Signal{
		"1": 1, "15": 15, "32": 32, "64": 64, "SIG15": 15, "sig64": 64, " 9 ": 9, "007": 7,
		"CLD": signals.SIGCHLD, "SIGCLD": signals.SIGCHLD, "iot": signals.SIGABRT, "SIGPOLL": signals.SIGIO,
		"SIGUNUSED": signals.SIGSYS, "sigterm": signals.SIGTERM, "SigHup": signals.SIGHUP,
		"RTMIN": 34, "RTMIN+0": 34, "rtmin+30": 64, "SIGRTMIN+03": 37,
		"RTMAX": 64, "RTMAX-0": 64, "sigrtmax-1": 63, "SIGRTMAX-30": 34,
	} {
		checkParse(t, text, want)
	}
}

func checkParse(t *testing.T, text string, want signals.Signal) {
	t.Helper()
	if got, err := signals.Parse(text); got != want || err != nil {
		t.Errorf("Parse(%q) = %v, %v, want %v", text, got, err, want)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ text, near string }{
		{"", ""},
		{" ", ""},
		{"SIG", ""},
		{"0", ""},
		{"65", ""},
		{"256", ""},
		{"271", ""}, // 15 beyond a byte
		{"-1", ""},
		{"+15", ""},
		{"1 5", ""},
		{"0x0f", ""},
		{"1_5", ""},
		{"15foo", ""},
		{"SIGSIGTERM", ""},
		{"RTMIN-1", ""},
		{"RTMIN+31", ""},
		{"RTMIN+255", ""},
		{"RTMIN+", ""},
		{"RTMIN++1", ""},
		{"RTMIN+-1", ""},
		{"RTMIN+1x", ""},
		{"RTMAX+1", ""},
		{"RTMAX-31", ""},
		{"RTMAX-", ""},
		{"RTMIN 1", ""},
		{"SIGTER", "SIGTERM"},
		{"SIGTERMM", "SIGTERM"},
		{"SIGTREM", "SIGTERM"},
		{"sigterw", "SIGTERM"},
		{"UPH", ""},
		{"HPU", "SIGHUP"},
		{"KIL", "SIGKILL"},
		{"SIGSEGF", "SIGSEGV"},
		{"USR", "SIGUSR1"},
		{"SIGUSR3", "SIGUSR1"},
		{"CHILD", "SIGCHLD"},
		{"banana", ""},
		{"SIGTERM\x00", "SIGTERM"},
	}
	for _, test := range tests {
		got, err := signals.Parse(test.text)
		var unknown *signals.UnknownError
		if got != 0 || !errors.As(err, &unknown) {
			t.Errorf("Parse(%q) = %v, %v, want an UnknownError", test.text, got, err)
			continue
		}
		if unknown.Text != test.text || unknown.Near != test.near {
			t.Errorf("Parse(%q): text %q, near %q, want %q", test.text, unknown.Text, unknown.Near, test.near)
		}
	}
}

func TestUnknownErrorText(t *testing.T) {
	for text, want := range map[string]string{
		"SIGTREM": `unknown signal "SIGTREM", did you mean SIGTERM?`,
		"x\ny":    `unknown signal "x\ny": give a name such as SIGTERM or SIGRTMIN+3, or a number from 1 to 64`,
	} {
		if _, err := signals.Parse(text); err == nil || err.Error() != want {
			t.Errorf("Parse(%q): %v, want %s", text, err, want)
		}
	}
}

func TestMarshalText(t *testing.T) {
	text, err := signals.SIGRTMAX.MarshalText()
	if string(text) != "SIGRTMAX" || err != nil {
		t.Errorf("MarshalText = %q, %v", text, err)
	}
	var s signals.Signal
	if err := s.UnmarshalText([]byte("rtmin+3")); s != 37 || err != nil {
		t.Errorf("UnmarshalText = %v, %v", s, err)
	}
	if err := s.UnmarshalText([]byte("nothing")); s != 37 || err == nil {
		t.Errorf("UnmarshalText of no signal = %v, %v, want it unchanged and an error", s, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"SIGTERM", "term", "15", "RTMIN+3", "SIGRTMAX-1", "SIG32", "CLD", "", "SIGTREM", "RTMIN+999999999999999999999", "ſıgterm"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := signals.Parse(text)
		if err != nil {
			var unknown *signals.UnknownError
			if s != 0 || !errors.As(err, &unknown) || unknown.Text != text {
				t.Fatalf("Parse(%q) = %v, %v", text, s, err)
			}
			if unknown.Near != "" {
				if _, err := signals.Parse(unknown.Near); err != nil {
					t.Fatalf("the hint %q: %v", unknown.Near, err)
				}
			}
			return
		}
		if !s.Valid() {
			t.Fatalf("Parse(%q) = %d, which is no signal", text, int(s))
		}
		if again, err := signals.Parse(s.String()); again != s || err != nil {
			t.Fatalf("Parse(%q) = %v, %v, want %v", s.String(), again, err, s)
		}
	})
}
