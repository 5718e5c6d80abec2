package actor_test

import (
	"errors"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
	"supervise/signals/state"
)

func start(t *testing.T) (*actor.Theatre, *actor.Actor) {
	t.Helper()
	theatre, err := actor.Open()
	if err != nil {
		t.Skip(err)
	}
	a, err := theatre.Start(&syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(a.PID, syscall.SIGKILL)
		_, _ = syscall.Wait4(a.PID, nil, 0, nil)
	})
	return theatre, a
}

func TestCall(t *testing.T) {
	_, a := start(t)
	if pid, err := a.Call(unix.SYS_GETPID); pid != a.PID || err != nil {
		t.Errorf("getpid is %d %v, not %d", pid, err, a.PID)
	}
	if _, err := a.Call(unix.SYS_CLOSE, 99); !errors.Is(err, syscall.EBADF) {
		t.Errorf("close of nothing: %v", err)
	}
	child, err := a.Fork(0)
	if err != nil {
		t.Fatal(err)
	}
	if parent, err := child.Call(unix.SYS_GETPPID); parent != a.PID || err != nil {
		t.Errorf("the child's parent is %d %v, not %d", parent, err, a.PID)
	}
	if _, err := a.Call(unix.SYS_KILL, uintptr(child.PID), uintptr(unix.SIGKILL)); err != nil {
		t.Error(err)
	}
}

func TestHandlers(t *testing.T) {
	theatre, a := start(t)
	if err := errors.Join(
		a.Action(signals.SIGUSR1, state.Action{Handler: actor.Note, Flags: state.SigInfo}),
		a.Action(signals.SIGUSR2, state.Action{Handler: actor.Hold, Flags: state.SigInfo}),
	); err != nil {
		t.Fatal(err)
	}
	for _, s := range []signals.Signal{signals.SIGUSR1, signals.SIGUSR2} {
		if err := syscall.Kill(a.PID, syscall.Signal(s)); err != nil {
			t.Fatal(err)
		}
		h, err := theatre.Handled()
		if err != nil || h.Info.Signal != s || h.PID != a.PID || int(h.Info.PID) != syscall.Getpid() {
			t.Errorf("handled %+v %v", h, err)
		}
	}
	if pid, err := a.Call(unix.SYS_GETPID); pid != a.PID || err != nil {
		t.Errorf("in the handler: %d %v", pid, err)
	}
	if err := a.Return(); err != nil {
		t.Fatal(err)
	}
	if err := a.Exec(); err != nil {
		t.Fatal(err)
	}
	thread, err := a.Thread()
	if err != nil {
		t.Fatal(err)
	}
	if tid, err := thread.Call(unix.SYS_GETTID); tid != thread.PID || err != nil {
		t.Errorf("in the thread: %d %v", tid, err)
	}
	if !theatre.NotHandled() {
		t.Error("a handler ran that was not expected")
	}
}
