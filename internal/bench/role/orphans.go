package role

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds how long a wrapper may take to reap.
const patience = 30 * time.Second

// orphans answers requests: "zombies N" and "single N", with the nanoseconds that it took
// until all were reaped.
func orphans([]string) error {
	// The forked children inherit the mask: the runtime's handlers must not run in them.
	runtime.LockOSThread()
	all := unix.Sigset_t{}
	for i := range all.Val {
		all.Val[i] = ^uint64(0)
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, nil); err != nil {
		return os.NewSyscallError("rt_sigprocmask", err)
	}
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var what string
		var n int
		if _, err := fmt.Sscan(lines.Text(), &what, &n); err != nil {
			return fmt.Errorf("request %q: %w", lines.Text(), err)
		}
		var took time.Duration
		var err error
		switch {
		case n < 1:
			err = fmt.Errorf("request %q is out of range", lines.Text())
		case what == "zombies":
			took, err = zombies(n)
		case what == "single":
			took, err = single(n)
		default:
			err = fmt.Errorf("unknown request %q", lines.Text())
		}
		if err != nil {
			return err
		}
		fmt.Println(took.Nanoseconds())
	}
	return lines.Err()
}

// zombies lets n children of one child die and then that child, so that all n come to the
// wrapper at once as zombies. The time runs from there until the last is reaped.
func zombies(n int) (time.Duration, error) {
	told, let, err := pipes()
	if err != nil {
		return 0, err
	}
	defer closeAll(told, let)
	pids := make([]int32, n)
	parent := forkParent(pids, told.write, let.read)
	if parent < 0 {
		return 0, fmt.Errorf("cannot fork: errno %d", -parent)
	}
	if err := readAll(told.read, pids); err != nil {
		return 0, fmt.Errorf("cannot make %d zombies: %w", n, err)
	}
	start := time.Now()
	if err := let.release(); err != nil {
		return 0, err
	}
	// The kernel keeps children in the order of their birth, and wait(2) takes the first
	// that has ended, so that the youngest is gone last; the others are looked at to be sure.
	for i := n - 1; i >= 0; i-- {
		if err := untilGone(int(pids[i]), start.Add(patience)); err != nil {
			return 0, err
		}
	}
	took := time.Since(start)
	return took, reap(parent)
}

// single makes n orphans, each after the wrapper has reaped the one before. The time is
// that of all together, most of which is our own.
func single(n int) (time.Duration, error) {
	start := time.Now()
	for range n {
		if err := oneOrphan(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

func oneOrphan() error {
	told, let, err := pipes()
	if err != nil {
		return err
	}
	defer closeAll(told, let)
	parent := forkOrphan(told.write, let.read)
	if parent < 0 {
		return fmt.Errorf("cannot fork: errno %d", -parent)
	}
	pid := make([]int32, 1)
	if err := readAll(told.read, pid); err != nil {
		return fmt.Errorf("cannot make an orphan: %w", err)
	}
	if err := reap(parent); err != nil {
		return err
	}
	if err := let.release(); err != nil {
		return err
	}
	return untilGone(int(pid[0]), time.Now().Add(patience))
}
