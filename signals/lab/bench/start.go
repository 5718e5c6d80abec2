package bench

import (
	"errors"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/supervisor/process"
)

// ours are the capabilities that a plain user's holder has in its user namespace, and passes on
// to nobody but itself: ambient ones, which execve(2) would keep.
var ours = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_KILL}

// onThread does something on a thread of its own, which ends with it: what it changes of that
// is nobody else's.
func onThread(do func() (process.Process, error)) (child process.Process, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good
		child, err = do()
	}()
	<-done
	return child, err
}

// startChild starts a program as a child.
func startChild(spec *process.Spec) (process.Process, error) {
	dropCapabilities()
	return process.Start(spec)
}

// startInit starts a program as PID 1 of a PID namespace of its own, with a /proc that shows
// that one. The namespaces are those of its thread.
func startInit(spec *process.Spec) (child process.Process, err error) {
	if err := unix.Unshare(unix.CLONE_NEWPID | unix.CLONE_NEWNS); err != nil {
		return child, os.NewSyscallError("unshare", err)
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return child, os.NewSyscallError("pipe2", err)
	}
	defer func() { _, _ = unix.Close(pipe[0]), unix.Close(pipe[1]) }()
	gated := *spec
	gated.Gate, gated.HasGate, gated.NoPIDFD, gated.Progress = pipe, true, true, &process.Progress{}
	dropCapabilities()
	begun := process.Begin(&gated)
	if !begun.HasChild() {
		return child, errors.New("it cannot be PID 1 here: that takes clone3(2), Linux 5.5")
	}
	if err = startMounter(); err != nil {
		_ = unix.Kill(begun.PID(), unix.SIGKILL)
	}
	_, _ = unix.Write(pipe[1], []byte{process.Passed})
	child, rest := begun.Wait(int64(10 * time.Second))
	if err != nil {
		return child, err
	}
	if rest == nil {
		child.PIDFD, err = sys.OpenPID(child.PID)
		return child, err
	}
	gated.HasGate = false
	if child, err = rest(); err == nil && child.PID != begun.PID() {
		_ = unix.Kill(child.PID, unix.SIGKILL) // it was made once more, after the first one failed
		err = errors.New("the program could not be executed as PID 1")
	}
	return child, err
}

// startMounter has a second process of the new PID namespace mount /proc, in the mount
// namespace that is the program's, too.
func startMounter() error {
	for _, c := range ours {
		_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, c, 0, 0)
	}
	mounter, err := process.Start(&process.Spec{
		Path: "/proc/self/exe", Argv: os.Args, Env: []string{mountVariable + "=1"}, Files: []int{-1, -1, 2}, NoPIDFD: true,
	})
	if err != nil {
		return err
	}
	var status unix.WaitStatus
	for {
		if _, err = unix.Wait4(mounter.PID, &status, 0, nil); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err == nil && status != 0 {
		err = errors.New("cannot mount /proc for PID 1")
	}
	return err
}

func dropCapabilities() {
	_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
}
