package report

import (
	"encoding/json"
	"testing"
)

func stackOf(functions ...string) *Report {
	t := Thread{TID: 7, Crashed: true}
	for i, f := range functions {
		t.Frames = append(t.Frames, Frame{Function: f, Offset: 0x42, Address: Addr(0x1000 + i), Handler: f == "__restore_rt"})
	}
	return &Report{Signal: "SIGSEGV", Code: 1, CodeName: "SEGV_MAPERR", Address: 0x10, Threads: []Thread{{TID: 1}, t}}
}

func TestStack(t *testing.T) {
	for _, test := range []struct {
		functions []string
		want      string
	}{
		{nil, ""},
		{[]string{"handle", "serve", "main"}, "handle+0x42 <- serve <- main"},
		{[]string{"", "serve", "", "main"}, "0x1000 <- serve <- main"},
		{[]string{"walk", "walk", "walk", "main"}, "walk+0x42 (3 times) <- main"},
		{[]string{"a", "walk", "walk", "main", "start", "more"}, "a+0x42 <- walk (2 times) <- main <- start"},
		{[]string{"in_handler", "handler", "__restore_rt", "raise", "main"}, "in_handler+0x42 <- handler <- raise <- main"},
		{[]string{"raise", "abort", "handler", "__restore_rt", "raise", "main"}, "handler+0x42 <- raise <- main"},
		{[]string{"__pthread_kill_implementation", "raise", "abort", "check", "main"}, "check+0x42 <- main"},
		{[]string{"raise", "abort", "", "std::terminate", "__cxa_throw", "web::serve", "main"}, "web::serve+0x42 <- main"},
		{[]string{"raise", "abort"}, "abort+0x42"},
		{[]string{"raise", "abort", "", "main"}, "raise+0x42 <- abort <- main"},
		{[]string{"raise", "main", "abort", "start"}, "main+0x42 <- abort <- start"},
		{[]string{"runtime.raise", "runtime.sigpanic", "main.serve", "main.main"}, "main.serve+0x42 <- main.main"},
	} {
		if got := stackOf(test.functions...).Stack(); got != test.want {
			t.Errorf("%q: %q, want %q", test.functions, got, test.want)
		}
	}
}

func TestCause(t *testing.T) {
	for _, test := range []struct {
		report      Report
		want, words string
	}{
		{Report{Signal: "SIGSEGV", Code: 1, CodeName: "SEGV_MAPERR", Address: 0x10}, "SEGV_MAPERR at 0x10", ": no memory is mapped there, probably through a null pointer"},
		{Report{Signal: "SIGSEGV", Code: 2, CodeName: "SEGV_ACCERR", Address: 0x7fff0000}, "SEGV_ACCERR at 0x7fff0000", ": the memory there is protected against it"},
		{Report{Signal: "SIGSEGV", Code: 0x80, CodeName: "SI_KERNEL"}, "SI_KERNEL", ": an address that cannot exist, or an instruction that is not allowed"},
		{Report{Signal: "SIGABRT", Code: -6, CodeName: "SI_TKILL", Sender: Sender{PID: 7, UID: 1, Self: true}}, "SI_TKILL by itself", ": it called abort, or a function that does"},
		{Report{Signal: "SIGQUIT", CodeName: "SI_USER", Sender: Sender{PID: 812, Name: "bash"}}, "SI_USER from pid 812 (bash, uid 0)", ": sent by kill"},
		{Report{Signal: "SIGQUIT", CodeName: "SI_USER", Sender: Sender{UID: 33}}, "SI_USER from a process outside this PID namespace", ": sent by kill"},
		{Report{Signal: "SIGFPE", Code: 1, CodeName: "FPE_INTDIV", Address: 0x401000}, "FPE_INTDIV at 0x401000", ": an integer was divided by zero"},
		{Report{Signal: "SIGSEGV"}, "", ""},
	} {
		if got := test.report.Cause(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
		if got := test.report.CauseInWords(); got != test.want+test.words {
			t.Errorf("%q, want %q", got, test.want+test.words)
		}
	}
}

// TestFill adds what a core says to what was known, of which nothing is replaced.
func TestFill(t *testing.T) {
	r := &Report{ID: "1a2b3c4d", PID: 42, Signal: "SIGSEGV", Exe: "/usr/bin/web", Problems: []string{"one"}}
	from := stackOf("main")
	from.PID, from.Exe, from.Command, from.Problems = 2, "/other", "web -x", []string{"two"}
	r.Fill(from)
	if r.ID != "1a2b3c4d" || r.PID != 42 || r.Exe != "/usr/bin/web" || r.Command != "web -x" || len(r.Problems) != 2 {
		t.Errorf("%+v", r)
	}
	if got, want := r.Summary(), "SIGSEGV (SEGV_MAPERR at 0x10) in main+0x42"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	empty := &Report{}
	empty.Fill(from)
	a, _ := json.Marshal(from)
	if b, _ := json.Marshal(empty); string(a) != string(b) {
		t.Errorf("%s, want %s", b, a)
	}
}
