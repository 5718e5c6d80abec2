package tree

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
	"supervise/signals"
)

// TestSendTo signals only who belongs, and who is still the same.
func TestSendTo(t *testing.T) {
	cmd := exec.Command("/bin/sleep", "60")
	testproc.Start(t, cmd)
	pid := cmd.Process.Pid
	yes, no := func(int) bool { return true }, func(int) bool { return false }
	if sendTo(pid, signals.SIGKILL, no) {
		t.Error("a stranger was signalled")
	}
	p, ok := readStat(strconv.Itoa(pid))
	if !ok {
		t.Fatal("it is gone")
	}
	later := p
	later.started++
	if sendTo(pid, signals.SIGKILL, later.same) {
		t.Error("a process was taken for one that had the same pid")
	}
	for _, bad := range []int{0, -1, -pid, 1 << 30} {
		if sendTo(bad, signals.SIGKILL, yes) {
			t.Errorf("%d was signalled", bad)
		}
	}
	if !alive(pid) {
		t.Fatal("it has been killed")
	}
	if !sendTo(pid, signals.SIGTERM, p.same) {
		t.Error("the process itself was not signalled")
	}
	_ = cmd.Wait()
	if got := cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(); got != syscall.SIGTERM {
		t.Errorf("it ended of %v", got)
	}
	if sendTo(pid, signals.SIGKILL, yes) {
		t.Error("a reaped process was signalled")
	}
}

// TestHas tells a cgroup from one whose name begins like it, or ends like it.
func TestHas(t *testing.T) {
	_, own, err := ownCgroup()
	if err != nil {
		t.Skip("no cgroup2 here:", err)
	}
	for group, want := range map[string]bool{own: true, own + "x": false, "/elsewhere" + own: false, own + "/below": false} {
		if got := (&cgroup{root: &Root{group: group}}).has(os.Getpid()); got != want {
			t.Errorf("we, in %q, are in %q: %v", own, group, got)
		}
	}
}

// TestPIDReused gives the pid of a service's main process, whose session has ended, to a
// process of another.
func TestPIDReused(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	b := newBed(t, ByAncestry)
	s := b.start("web", "(setsid "+here+" &); exec "+here) // a daemon, which keeps the service alive
	pids := s.pids(2)
	daemon := pids[0] + pids[1] - s.leader
	old := s.leader
	_ = syscall.Kill(old, syscall.SIGKILL)
	s.reap(old)
	s.wantMembers([]int{daemon})
	// Start times are counted in hundredths of a second.
	if err := exec.Command("/bin/sleep", "0.02").Run(); err != nil {
		t.Fatal(err)
	}
	for try := range 100 {
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(strconv.Itoa(old-1)), 0); err != nil {
			t.Skip("cannot choose the next pid:", err)
		}
		other := b.start("other"+strconv.Itoa(try), "(exec "+here+" &); exec "+here)
		all := other.pids(2)
		if other.leader != old {
			if _, err := os.Stat("/proc/self/task/" + strconv.Itoa(old)); err == nil {
				t.Skip("a thread of ours has taken the pid")
			}
			kill(t, other.Kill)
			for _, pid := range all {
				other.reap(pid)
			}
			continue
		}
		s.wantMembers([]int{daemon})
		kill(t, s.Kill)
		ended(t, daemon)
		s.wantMembers(nil)
		other.wantMembers(all)
		return
	}
	t.Error("the pid was never given again")
}

// TestSendToRefused has a seccomp filter that knows no pidfds answer in either way.
func TestSendToRefused(t *testing.T) {
	for _, refusal := range []syscall.Errno{syscall.ENOSYS, syscall.EPERM} {
		cmd := exec.Command("/bin/sleep", "60")
		testproc.Start(t, cmd)
		p, ok := readStat(strconv.Itoa(cmd.Process.Pid))
		if !ok {
			t.Fatal("it is gone")
		}
		sent := make(chan error)
		go func() {
			runtime.LockOSThread() // for good: the thread ends with the goroutine, and the filter with it
			err := testproc.Refuse(unix.SYS_PIDFD_OPEN, refusal)
			if err == nil && !sendTo(p.pid, signals.SIGTERM, p.same) {
				err = errors.New("it was not signalled")
			}
			sent <- err
		}()
		if err := <-sent; err != nil {
			t.Fatal(refusal, err)
		}
		_ = cmd.Wait()
	}
}
