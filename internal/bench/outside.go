package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/supervisor/process/tree"
)

// limit is how long the whole comparison may take.
const limit = 30 * time.Minute

// outside prepares, runs the measuring process, and cleans up after it, however it ends.
func outside(args []string) (err error) {
	o, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "supervise-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	progress("building")
	if err := build(dir, o); err != nil {
		return err
	}
	select {
	case s := <-stop:
		return fmt.Errorf("ended by %v", s)
	default:
		return run(dir, args, stop)
	}
}

// run executes the measuring process and waits for it. Nothing that it starts survives:
// in a PID namespace the kernel sees to that, also if this process is killed; without, all
// orphans come to this process, which kills them.
func run(dir string, args []string, stop <-chan os.Signal) (err error) {
	// The kernel would take the end of the forking thread for ours: PR_SET_PDEATHSIG.
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	group := openGroup()
	defer group.close()
	cmd, err := start(dir, args, group)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() { err = errors.Join(err, sweep()) }()
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.Exited() {
			return errors.New("nothing was measured") // it has said why
		}
		return err
	case s := <-stop:
		err = fmt.Errorf("ended by %v", s)
	case <-time.After(limit):
		err = fmt.Errorf("gave up after %v", limit)
	}
	_ = cmd.Process.Kill()
	<-ended
	return err
}

// start executes the measuring process in namespaces of its own, or without them when that
// is not allowed. That of IPC takes with it the queues and boards of supervisors that are
// killed.
func start(dir string, args []string, group group) (*exec.Cmd, error) {
	var err error
	ways := []uintptr{syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC, 0}
	if o, err := parse(args, io.Discard); err == nil && slices.Equal(o.only, []string{"cores"}) {
		ways = ways[1:] // core_pattern is the machine's
	}
	for _, namespaces := range ways {
		cmd := exec.Command("/proc/self/exe", append([]string{inside, dir}, args...)...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		// In a process group of its own a terminal's Ctrl-C reaches this process alone,
		// which then ends the other for sure.
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Cloneflags: namespaces, Setpgid: true}
		group.apply(cmd.SysProcAttr)
		if err = cmd.Start(); !errors.Is(err, syscall.EPERM) {
			return cmd, err
		}
	}
	return nil, err
}

// group is the cgroup that all is started in, so that what supervise run makes below it is
// found and removed. Its zero value is none.
type group struct {
	root *tree.Root
	dir  *os.File
}

func openGroup() (g group) {
	name := "supervise-bench-" + strconv.Itoa(os.Getpid())
	root := tree.Open(name, name, tree.NoChildren{})
	if root.Dir() == "" {
		return g
	}
	g.root = root
	g.dir, _ = os.Open(root.Dir())
	return g
}

func (g group) apply(attr *syscall.SysProcAttr) {
	if g.dir != nil {
		attr.UseCgroupFD, attr.CgroupFD = true, int(g.dir.Fd())
	}
}

func (g group) close() {
	if g.root == nil {
		return
	}
	_ = g.dir.Close()
	if _, err := g.root.Leftovers(""); err != nil {
		progress("cgroup: %v", err)
	}
	for range 1000 { // a killed process leaves its cgroup a little later
		if err := g.root.Close(); !errors.Is(err, syscall.EBUSY) {
			return
		}
		_ = unix.Nanosleep(&unix.Timespec{Nsec: 1_000_000}, nil)
	}
	progress("cgroup %s could not be removed", g.root.Dir())
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
