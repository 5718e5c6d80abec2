package send_test

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/send"
)

// confined is refused a system call, by number and errno, and sends two signals to a
// process, and two to the group that it leads. It prints the results.
func confined(args []string) int {
	var numbers [3]int
	for i := range numbers {
		numbers[i], _ = strconv.Atoi(args[i])
	}
	pid := numbers[2]
	pidfd, err := sys.OpenPID(pid)
	if err != nil {
		fmt.Println(err)
		return 97
	}
	runtime.LockOSThread()
	if err := testproc.Refuse(uint32(numbers[0]), syscall.Errno(numbers[1])); err != nil {
		fmt.Println(err)
		return 98
	}
	queued := signals.Info{Signal: 40, Code: signals.CodeQueue, PID: 1, Value: 42}
	fmt.Println(send.Info(pid, queued), send.Info(pid, queued), send.Queues())
	fmt.Println(send.InfoGroup(pid, pidfd, queued), send.InfoGroup(pid, pidfd, queued), send.QueuesGroups())
	return 0
}

// TestRefusedCalls has a seccomp filter refuse what keeps payload and sender: the signals
// arrive all the same, as if killed.
func TestRefusedCalls(t *testing.T) {
	for name, c := range map[string]struct {
		call                int
		process, group      bool // whether payload and sender are kept
		toProcess, toGroups signals.Code
	}{
		"rt_sigqueueinfo":   {unix.SYS_RT_SIGQUEUEINFO, false, true, signals.CodeUser, signals.CodeQueue},
		"pidfd_send_signal": {unix.SYS_PIDFD_SEND_SIGNAL, true, false, signals.CodeQueue, signals.CodeUser},
	} {
		for _, refusal := range []syscall.Errno{syscall.EPERM, syscall.ENOSYS} {
			t.Run(name+" "+refusal.Error(), func(t *testing.T) {
				taker := testproc.Command(t, "take")
				lines := start(t, taker)
				needGroups(t, taker.Process.Pid, lines)
				cmd := testproc.Command(t, "confined", strconv.Itoa(c.call), strconv.Itoa(int(refusal)), strconv.Itoa(taker.Process.Pid))
				out, err := cmd.Output()
				want := fmt.Sprintf("sent sent %v\nsent sent %v\n", c.process, c.group)
				if err != nil || string(out) != want {
					t.Fatalf("%v, %q, want %q", err, out, want)
				}
				for i, code := range []signals.Code{c.toProcess, c.toProcess, c.toGroups, c.toGroups} {
					raw := next(t, lines)
					want := signals.Info{Signal: 40, Code: code, PID: 1, Value: 42}
					if code == signals.CodeUser {
						want.PID, want.UID, want.Value = int32(cmd.Process.Pid), uint32(os.Getuid()), 0
					}
					if got := signals.Decode(&raw); got != want {
						t.Errorf("signal %d is %+v, want %+v", i, got, want)
					}
				}
			})
		}
	}
	if !send.Queues() {
		t.Error("rt_sigqueueinfo counts as refused in this process")
	}
}

// needGroups skips the test where the kernel cannot queue a signal for a group.
func needGroups(t *testing.T, pid int, lines *bufio.Scanner) {
	t.Helper()
	pidfd, err := sys.OpenPID(pid)
	if err == nil {
		defer syscall.Close(pidfd)
		err = sys.QueueGroup(pidfd, signals.Info{Signal: signals.SIGUSR1, Code: signals.CodeQueue})
	}
	if err != nil {
		t.Skip("no signal can be queued for a group here:", err)
	}
	if raw := next(t, lines); !strings.Contains(signals.Decode(&raw).String(), "SIGUSR1") {
		t.Fatalf("%x arrived in the place of SIGUSR1", raw)
	}
}
