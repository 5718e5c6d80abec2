package owner

import (
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"supervise/internal/text/json"
)

func TestOwner(t *testing.T) {
	self := Self()
	if !self.Alive() || self.Start == 0 || !Running(self.PID) {
		t.Errorf("not alive: %+v", self)
	}
	if (Owner{self.PID, self.Start + 1}).Alive() || (Owner{}).Alive() || (Owner{PID: -1}).Alive() {
		t.Error("somebody else is alive")
	}
}

// TestZombie is one until its parent reaps it.
func TestZombie(t *testing.T) {
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	alive := Running(cmd.Process.Pid)
	_ = stdin.Close()
	_, _ = stdout.Read(make([]byte, 1)) // its end, a moment before that of the process
	for deadline := time.Now().Add(10 * time.Second); Running(cmd.Process.Pid) && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	ended := !Running(cmd.Process.Pid)
	if err := cmd.Wait(); !alive || !ended || err != nil {
		t.Errorf("it was alive: %v, ended: %v; %v", alive, ended, err)
	}
}

// TestStopped is a process that a signal has stopped: alive, and not working.
func TestStopped(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	o := Owner{PID: cmd.Process.Pid}
	o.Start, _ = started(o.PID)
	if o.Stopped() || !o.Working(make([]byte, 1024)) || (Owner{o.PID, o.Start + 1}).Working(make([]byte, 1024)) {
		t.Errorf("%+v is not at work", o)
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); !o.Stopped() && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	if !o.Stopped() || o.Working(make([]byte, 1024)) || !o.Alive() || (Owner{o.PID, o.Start + 1}).Stopped() {
		t.Errorf("%+v is not stopped", o)
	}
}

func TestRead(t *testing.T) {
	for text, want := range map[string]Owner{
		`{"pid":4,"start":18446744073709551615}`: {4, 1<<64 - 1},
		`{"start":5,"more":[{"pid":1}],"pid":4}`: {4, 5},
		`{}`:                                     {},
	} {
		r := json.NewReader(text)
		if got := Read(r); got != want || !r.OK() {
			t.Errorf("%s is %+v, %v", text, got, r.OK())
		}
	}
	for _, text := range []string{`[]`, `{"pid":"4"}`, `{"start":-1}`} {
		r := json.NewReader(text)
		if Read(r); r.OK() {
			t.Errorf("%s is read", text)
		}
	}
}
