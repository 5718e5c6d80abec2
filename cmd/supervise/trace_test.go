package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/signals/trace"
)

// runTrace runs supervise trace, as root or as a plain user.
func runTrace(t *testing.T, plain bool, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(entryBuild, append([]string{"trace"}, args...)...)
	var out, notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &notes
	if plain && os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	code = exitCode(t, cmd.Run())
	return out.String(), notes.String(), code
}

// TestTraceUser traces as a plain user: by ptrace, and it says what root would see.
func TestTraceUser(t *testing.T) {
	out, notes, code := runTrace(t, true, "--", "sh", "-c", `trap 'exit 3' TERM; kill $$`)
	if code != 3 || !strings.Contains(out, "SIGTERM") || !strings.Contains(out, "handled by its handler") ||
		!strings.Contains(notes, "root sees more") || !strings.Contains(notes, "by ptrace") {
		t.Errorf("code %d\n%s\n%s", code, out, notes)
	}
	if _, notes, code := runTrace(t, true, "--all"); code != 1 || !strings.Contains(notes, "root sees all") {
		t.Errorf("--all: code %d\n%s", code, notes)
	}
	if _, notes, code := runTrace(t, true, "1"); code != 1 || !strings.Contains(notes, "process 1") {
		t.Errorf("another's: code %d\n%s", code, notes)
	}
}

// TestTraceJSON reads what is printed as JSON.
func TestTraceJSON(t *testing.T) {
	out, _, code := runTrace(t, false, "--quiet", "--format", "json", "--context", "--", "sh", "-c", `kill -TERM $$`)
	if code != 128+15 {
		t.Errorf("code %d", code)
	}
	var terms, events int
	var counts *trace.Counts
	for line := range strings.Lines(out) {
		var object struct {
			trace.Life
			Event  string
			Counts *trace.Counts
		}
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		switch {
		case object.Counts != nil:
			counts = object.Counts
		case object.Event != "":
			events++
		case object.Signal.String() == "SIGTERM" && object.Verdict == trace.Terminated && object.Exit != nil && object.Exit.Signal == 15:
			terms++
		}
	}
	if terms != 1 || events == 0 || counts == nil || counts.Lives == 0 {
		t.Errorf("%d SIGTERM, %d events, counts %+v of\n%s", terms, events, counts, out)
	}
}

func TestTraceFilters(t *testing.T) {
	script := `trap : TERM USR1; kill -TERM $$; kill -USR1 $$; sleep 0.01`
	for _, test := range []struct {
		args []string
		want []string
		not  string
	}{
		{[]string{"--signal", "TERM"}, []string{"SIGTERM"}, "SIGUSR1"},
		{[]string{"--signal", "!TERM,!CHLD"}, []string{"SIGUSR1"}, "SIGTERM"},
		{[]string{"--from", "sleep"}, []string{"SIGCHLD"}, "SIGTERM"},
		{[]string{"--to", "nobody*"}, nil, "SIG"},
	} {
		args := append(test.args, "--quiet", "--", "sh", "-c", script)
		out, notes, code := runTrace(t, false, args...)
		for _, want := range test.want {
			if !strings.Contains(out, want) || strings.Contains(out, test.not) || code != 0 {
				t.Errorf("%q: code %d\n%s\n%s", test.args, code, out, notes)
			}
		}
		if len(test.want) == 0 && strings.Contains(out, test.not) {
			t.Errorf("%q:\n%s", test.args, out)
		}
	}
}

func TestTraceUsage(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "what to trace is missing"},
		{[]string{"--"}, 2, "COMMAND is missing"},
		{[]string{"x"}, 2, `"x" is no pid`},
		{[]string{"--all", "1"}, 2, "--all includes"},
		{[]string{"--signal", "NOPE", "--all"}, 2, "unknown signal"},
		{[]string{"--signal", "TERM,!TERM", "--all"}, 2, "leaves no signal"},
		{[]string{"--backend", "magic", "--all"}, 2, "must be one of"},
		{[]string{"--buffer", "3", "--all"}, 2, "power of two"},
		{[]string{"1234567"}, 1, "there is no process 1234567"},
		{[]string{"--", "no-such-program-at-all"}, 127, "no-such-program-at-all"},
		{[]string{"--", "/dev/null"}, 126, "/dev/null"},
	} {
		_, notes, code := runTrace(t, false, test.args...)
		if code != test.code || !strings.Contains(notes, test.want) {
			t.Errorf("%q: code %d, want %d\n%s", test.args, code, test.code, notes)
		}
	}
}

// TestTraceProcess traces a process that runs already, until it has ended.
func TestTraceProcess(t *testing.T) {
	sleep := exec.Command("sleep", "1000")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	defer func() { <-ended }()
	go func() {
		_ = sleep.Wait()
		close(ended)
	}()
	defer sleep.Process.Kill()
	cmd := exec.Command(entryBuild, "trace", "--follow", strconv.Itoa(sleep.Process.Pid))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	notes, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var first [1]byte
	if _, err := notes.Read(first[:]); err != nil { // it says how it traces once it does
		t.Error(err)
	}
	_ = sleep.Process.Signal(syscall.SIGTERM)
	var text bytes.Buffer
	_, _ = text.ReadFrom(out)
	var rest bytes.Buffer
	_, _ = rest.ReadFrom(notes)
	if code := exitCode(t, cmd.Wait()); code != 0 || !strings.Contains(text.String(), "terminated") {
		t.Errorf("code %d\n%s\n%s", code, &text, &rest)
	}
}
