package live

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
	"supervise/signals"
)

// running is in the environment of all that these tests start: a helper that was given no role
// must not run the tests again, which would start it.
const running = "SUPERVISE_LIVE_TEST_RUNNING"

func TestMain(m *testing.M) {
	os.Exit(testproc.Run(func() int {
		if os.Getenv(running) != "" {
			return 99
		}
		os.Setenv(running, "1")
		return m.Run()
	}))
}

func init() {
	testproc.Role("trace-self", traceSelf)
	testproc.Role("trace-pdeath", tracePDeath)
	testproc.Role("trace-storm", traceStorm)
}

// own is a mask with one signal.
func own(s int) signals.Set { return signals.SetOf(signals.Signal(s)) }

func mask(how int, set signals.Set) {
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, uintptr(how), uintptr(unsafe.Pointer(&set)), 0, 8, 0, 0)
}

// queue sends a signal with a value to a thread of this process.
func queue(tid, s int, value uint64) error {
	raw := signals.Info{Signal: signals.Signal(s), Code: signals.CodeQueue, PID: int32(os.Getpid()), UID: uint32(os.Getuid()), Value: value}.Raw()
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_TGSIGQUEUEINFO, uintptr(os.Getpid()), uintptr(tid), uintptr(s), uintptr(unsafe.Pointer(&raw)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// traceSelf does to itself what it is told, one after the other.
func traceSelf(args []string) int {
	runtime.LockOSThread()
	tid, pid := unix.Gettid(), os.Getpid()
	arrived := make(chan os.Signal, 100)
	signal.Notify(arrived, unix.SIGUSR1, unix.SIGUSR2, syscall.Signal(40), syscall.Signal(41), unix.SIGALRM)
	for _, arg := range args {
		switch arg {
		case "blocked": // one waits, and then comes
			mask(unix.SIG_BLOCK, own(10))
			_ = unix.Tgkill(pid, tid, unix.SIGUSR1)
			_ = unix.Tgkill(pid, tid, unix.SIGUSR1)
			mask(unix.SIG_UNBLOCK, own(10))
			<-arrived
		case "values":
			for i := range 3 {
				_ = queue(tid, 40, uint64(1000+i))
				<-arrived
			}
		case "taken":
			mask(unix.SIG_BLOCK, own(12))
			_ = unix.Tgkill(pid, tid, unix.SIGUSR2)
			set := own(12)
			_, _, _ = unix.Syscall6(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&set)), 0, 0, 8, 0, 0)
		case "signalfd":
			mask(unix.SIG_BLOCK, own(12))
			_ = unix.Tgkill(pid, tid, unix.SIGUSR2)
			set := unix.Sigset_t{Val: [16]uint64{uint64(own(12))}}
			fd, err := unix.Signalfd(-1, &set, 0)
			if err != nil {
				return 1
			}
			var info [128]byte
			_, _ = unix.Read(fd, info[:])
		case "limited": // nothing can be queued any more
			_ = unix.Setrlimit(unix.RLIMIT_SIGPENDING, &unix.Rlimit{})
			if err := queue(tid, 41, 7); err != unix.EAGAIN {
				return 1
			}
			_ = unix.Kill(pid, syscall.Signal(40))
			<-arrived
		case "alarm":
			_, _ = unix.Setitimer(unix.ITIMER_REAL, unix.Itimerval{Value: unix.Timeval{Usec: 1000}})
			<-arrived
		case "pidfd":
			fd, err := unix.PidfdOpen(pid, 0)
			if err != nil {
				return 1
			}
			_ = unix.PidfdSendSignal(fd, unix.SIGUSR1, nil, 0)
			<-arrived
		}
	}
	return 0
}

// tracePDeath ends after it has started a child that is to end with it.
func tracePDeath([]string) int {
	runtime.LockOSThread()
	cmd := exec.Command("sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGUSR2}
	if err := cmd.Start(); err != nil {
		return 1
	}
	fmt.Println(cmd.Process.Pid)
	return 0
}

// traceStorm sends itself so many real-time signals.
func traceStorm(args []string) int {
	n, _ := strconv.Atoi(args[0])
	signal.Notify(make(chan os.Signal, 1), syscall.Signal(40))
	runtime.LockOSThread()
	tid := unix.Gettid()
	for i := range n {
		for queue(tid, 40, uint64(i)) == unix.EAGAIN {
			time.Sleep(time.Millisecond)
		}
	}
	return 0
}
