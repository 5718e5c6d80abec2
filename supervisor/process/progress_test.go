package process

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/testproc"
)

// frozen returns the descriptor of a frozen cgroup: a child hangs there before it executes its
// program.
func frozen(t *testing.T) (fd int, thaw func()) {
	t.Helper()
	dir := testproc.Cgroup(t)
	file := filepath.Join(dir, "cgroup.freeze")
	if err := os.WriteFile(file, []byte("1"), 0); err != nil {
		t.Skip("cgroups cannot be frozen: ", err)
	}
	fd, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	thaw = func() { _ = os.WriteFile(file, []byte("0"), 0) }
	t.Cleanup(thaw)
	return fd, thaw
}

type result struct {
	child Process
	err   error
}

// begin starts sleep(1) on another goroutine, and waits until there is a child.
func begin(t *testing.T, cgroup int, progress *Progress) <-chan result {
	t.Helper()
	done := make(chan result, 1)
	go func() {
		child, err := Start(&Spec{
			Path: "/bin/sleep", Argv: []string{"sleep", "1000"}, NoPIDFD: true, Placement: OwnSession,
			CgroupFD: cgroup, HasCgroup: true, Progress: progress,
		})
		done <- result{child, err}
	}()
	for deadline := time.Now().Add(20 * time.Second); progress.PID() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("there is no child")
		}
	}
	return done
}

// TestProgressHangs gives up a start that hangs. Until then the garbage collector works, and it
// is known who the child is and what it is at.
func TestProgressHangs(t *testing.T) {
	fd, _ := frozen(t)
	var progress Progress
	done := begin(t, fd, &progress)
	pid := progress.PID()
	runtime.GC()
	if at := progress.String(); at != "setsid" || !progress.Made(pid) || progress.Made(pid+1) {
		t.Errorf("%d is at %q, and known: %v", pid, at, progress.Made(pid))
	}
	if progress.GiveUp() {
		t.Error("there is said to be no child")
	}
	if r := <-done; !errors.Is(r.err, ErrGivenUp) || r.child.PID != 0 {
		t.Errorf("%+v, want %v", r, ErrGivenUp)
	}
	if _, err := sys.ReadStat(pid); err == nil {
		t.Error("the child is there still")
	}
	if !progress.Made(pid) {
		t.Error("who reaps all children would not know the child")
	}
}

// TestProgressGoesOn has a start go on that has hung: it cannot be given up any more.
func TestProgressGoesOn(t *testing.T) {
	fd, thaw := frozen(t)
	var progress Progress
	done := begin(t, fd, &progress)
	thaw()
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	defer func() { _, _ = unix.Wait4(r.child.PID, nil, 0, nil) }()
	if progress.GiveUp() || !progress.Made(r.child.PID) || progress.PID() != 0 {
		t.Errorf("what runs is still being started, as %d", progress.PID())
	}
	if err := unix.Kill(r.child.PID, 0); err != nil {
		t.Error(err)
	}
	_ = unix.Kill(r.child.PID, unix.SIGKILL)
}

// TestProgressBefore gives up a start before there is a child.
func TestProgressBefore(t *testing.T) {
	var progress Progress
	progress.Doing("think")
	if progress.String() != "think" || !progress.GiveUp() {
		t.Errorf("at %q, a child is waited for", &progress)
	}
	child, err := Start(&Spec{Path: "/bin/true", Argv: []string{"true"}, NoPIDFD: true, Progress: &progress})
	if !errors.Is(err, ErrGivenUp) {
		t.Errorf("it has started %+v: %v", child, err)
	}
}

// TestProgressFails has a start fail: whoever reaps all children may get the child first.
func TestProgressFails(t *testing.T) {
	var progress Progress
	_, err := Start(&Spec{Path: "/nonexistent", Argv: []string{"x"}, NoPIDFD: true, Progress: &progress})
	if !errors.Is(err, unix.ENOENT) || len(progress.failed) != 1 || !progress.Made(progress.failed[0]) {
		t.Errorf("%v, children %v", err, progress.failed)
	}
}

func TestRoom(t *testing.T) {
	var progress Progress
	if !Room(&progress) || len(progress.failed) != 1 || progress.PID() != 0 {
		t.Errorf("there is no room, or nobody knows for whom: %v", progress.failed)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(progress.failed[0], &status, unix.WNOHANG|unix.WALL, nil); err != unix.ECHILD {
		t.Errorf("the child is there still: %v", err)
	}
}
