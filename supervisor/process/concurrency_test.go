//go:build linux && (amd64 || arm64)

package process

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

// TestConcurrent starts children from several goroutines, each with a state of its own,
// while others grow their stacks, collect garbage and start threads.
func TestConcurrent(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		stop := make(chan struct{})
		var busy sync.WaitGroup
		busy.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					growStack(500)
					runtime.GC()
				}
			}
		})
		var starters sync.WaitGroup
		for n := range 8 {
			starters.Go(func() {
				for i := range 20 {
					if err := startOwn(n, i); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		starters.Wait()
		close(stop)
		busy.Wait()
		childless(t)
	})
}

func growStack(depth int) int {
	var frame [128]byte
	if depth == 0 {
		return int(frame[0])
	}
	return growStack(depth-1) + int(frame[depth%len(frame)])
}

// startOwn starts a child that no other goroutine starts like this, and checks that it
// has what it was given.
func startOwn(n, i int) error {
	mask := signals.SetOf(signals.Signal(34+n), signals.Signal(i+1)) &^ uncatchable
	ignore := signals.SetOf(signals.Signal(50+n), signals.SIGUSR2) &^ uncatchable
	name := fmt.Sprintf("%d-%d", n, i)
	spec := Spec{Path: "/bin/sleep", Argv: []string{"sleep", "60"}, Mask: mask, Ignore: ignore, Env: []string{"NAME=" + name}}
	if i%5 == 4 {
		spec.Path = "/nonexistent/" + name
	}
	child, err := Start(&spec)
	if i%5 == 4 {
		if err == nil || err.Error() != "execve /nonexistent/"+name+": no such file or directory" {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	state, err := sys.ReadSignalState(strconv.Itoa(child.PID))
	if err != nil || state.Blocked != mask || state.Ignored != ignore || state.Caught != 0 {
		err = fmt.Errorf("%s: %+v, %v, want %v and %v", name, state, err, mask, ignore)
	}
	_ = sys.KillPIDFD(child.PIDFD, uint8(signals.SIGKILL))
	_ = syscall.Close(child.PIDFD)
	var status syscall.WaitStatus
	for {
		_, e := syscall.Wait4(child.PID, &status, syscall.WALL, nil)
		if e == syscall.EINTR {
			continue
		}
		if e != nil {
			return fmt.Errorf("%s: wait4: %w", name, e)
		}
		break
	}
	if err == nil && status.Signal() != syscall.SIGKILL {
		err = fmt.Errorf("%s: status %x", name, status)
	}
	return err
}

// TestCgroup starts children in a cgroup, by birth and by joining it.
func TestCgroup(t *testing.T) {
	dir := testproc.Cgroup(t)
	fd, err := syscall.Open(dir, syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	eachClone(t, func(t *testing.T) {
		spec := sleeper()
		spec.HasCgroup, spec.CgroupFD = true, fd
		child := start(t, &spec)
		got, err := os.ReadFile(dir + "/cgroup.procs")
		if want := strconv.Itoa(child.PID) + "\n"; err != nil || string(got) != want {
			t.Errorf("in the cgroup are %q, %v, want %q", got, err, want)
		}
		_ = sys.KillPIDFD(child.PIDFD, uint8(signals.SIGKILL))
		wait(t, child, 0)

		spec.CgroupFD = 999
		step := "clone3"
		if !sys.FeatureClone3.Available() {
			step = "open cgroup.procs"
		}
		_, err = Start(&spec)
		checkError(t, "no cgroup", err, step, syscall.EBADF, 126, false)
	})
}
