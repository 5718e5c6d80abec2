package supervisor

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
)

// child is a child of ours that does nothing.
func child(t *testing.T) (pid int) {
	t.Helper()
	cmd := exec.Command("/bin/sleep", "600")
	testproc.Start(t, cmd)
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

// stoppedChild is one that is stopped by a signal.
func stoppedChild(t *testing.T) (pid int) {
	t.Helper()
	pid = child(t)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	return pid
}

// endedChild is one that has ended, and is not reaped.
func endedChild(t *testing.T) (pid int) {
	t.Helper()
	pid = child(t)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	return pid
}

// TestLook has /proc speak for a service's main process, and for nobody else that has its pid.
func TestLook(t *testing.T) {
	for name, test := range map[string]struct {
		pid   int
		state string
		want  string
	}{
		"running":             {child(t), "running", "running true sigq"},
		"stopped":             {stoppedChild(t), "running", "paused false sigq"},
		"stopped, and to end": {stoppedChild(t), "stopping", "stopping true sigq"},
		"down":                {0, "stopped", "stopped true"},
		"ended":               {endedChild(t), "running", "running true doubtful"},
		"gone":                {1 << 22, "running", "running true doubtful"}, // beyond PID_MAX_LIMIT
		"somebody else's":     {os.Getppid(), "running", "running true doubtful"},
		"ourselves: no child": {os.Getpid(), "running", "running true doubtful"},
	} {
		var p pane
		p.Store(&request.Service{Name: name, State: test.state, PID: test.pid, Ready: true})
		seen := p.look()
		got := fmt.Sprint(seen.service.State, " ", seen.service.Ready)
		if seen.service.SigQ != nil {
			got += " sigq"
		}
		if seen.doubtful {
			got += " doubtful"
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestLookWhileItChanges has a service's main process be replaced while /proc is read: what
// is said of one is never said of the other.
func TestLookWhileItChanges(t *testing.T) {
	panes := [2]*request.Service{
		{State: "running", Ready: true, PID: child(t)},
		{State: "running", Ready: true, PID: stoppedChild(t)},
	}
	var p pane
	p.Store(panes[0])
	done := make(chan struct{})
	var looking sync.WaitGroup
	for range 2 {
		looking.Go(func() {
			for range 2000 {
				if s := p.look().service; (s.State == paused) != (s.PID == panes[1].PID) || s.SigQ == nil {
					t.Errorf("got %+v", s)
				}
			}
		})
	}
	go func() { looking.Wait(); close(done) }()
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
			p.Store(panes[i%2])
		}
	}
}

// TestAsk leaves many questions to the one goroutine that reads for all.
func TestAsk(t *testing.T) {
	s := newFleet(t, few+1)
	s.arrange()
	var left atomic.Int32 // they all have our own pid, which is no child of ours
	s.window.leave = func(*control.Call) { left.Add(1) }
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for range 100 {
				if !s.window.answer(&control.Call{Request: request.Status{}}) {
					t.Error("it is left to the loop")
				}
			}
		})
	}
	asking.Wait()
	s.window.close()
	if left.Load() != 8*100 {
		t.Errorf("%d calls are left to the loop, want all of them", left.Load())
	}
	if s.window.waiting != nil || s.window.reading {
		t.Errorf("%d wait, and they are read for: %v", len(s.window.waiting), s.window.reading)
	}
	if s.window.answer(&control.Call{Request: request.Why{Service: "service-0"}}) {
		t.Error("what it cannot answer is not left to the loop")
	}
}

// TestShown has the window follow the loop's services, by name and in their order.
func TestShown(t *testing.T) {
	s := newFleet(t, 3)
	s.arrange()
	names := func(asked ...string) (got string) {
		found, unknown := s.window.panes.Load().find(asked)
		for _, p := range found {
			got += p.Load().Name + " "
		}
		return got + fmt.Sprint(unknown)
	}
	for _, test := range []struct {
		asked []string
		want  string
	}{
		{nil, "service-0 service-1 service-2 []"},
		{[]string{"service-2", "service-0"}, "service-2 service-0 []"},
		{[]string{"service-2", "x", "y"}, "service-2 [x y]"},
	} {
		if got := names(test.asked...); got != test.want {
			t.Errorf("%v: %q, want %q", test.asked, got, test.want)
		}
	}
	s.services[1].removed = true
	s.arrange()
	if got, want := names(), "service-0 service-2 []"; got != want {
		t.Errorf("after a removal: %q, want %q", got, want)
	}
}

// BenchmarkStatus measures what the status of 500 services takes, which is none of the loop's
// time.
func BenchmarkStatus(b *testing.B) {
	s := newFleet(b, 500)
	s.arrange()
	for b.Loop() {
		s.window.reply(s.window.panes.Load().all, map[*pane]sight{})
	}
}
