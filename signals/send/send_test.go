package send_test

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/send"
)

// info makes one with every byte set that can travel.
func info(s signals.Signal, code signals.Code) signals.Info {
	raw := signals.Info{Signal: s, Code: code, Errno: 7, PID: 4242, UID: 4711, Value: 0x8877665544332211}.Raw()
	for i := 32; i < 48; i++ {
		raw[i] = byte(i)
	}
	return signals.Decode(&raw)
}

// TestInfoVerbatim sends what any process may: the receiver gets it to the last bit, the
// original sender and not us.
func TestInfoVerbatim(t *testing.T) {
	cmd := testproc.Command(t, "take")
	lines := start(t, cmd)
	check := func(in, want signals.Info) {
		t.Helper()
		if got := send.Info(cmd.Process.Pid, in); got != send.OK {
			t.Fatalf("%v: %v", in, got)
		}
		if got := next(t, lines); got != want.Raw() {
			t.Errorf("sent %v\ngot  %x\nwant %x", in, got[:48], want.Raw())
		}
	}
	for _, code := range []signals.Code{
		signals.CodeQueue, signals.CodeTimer, signals.CodeMessage, signals.CodeAsync, signals.CodeIO, -60, -1 << 31,
	} {
		for _, s := range []signals.Signal{signals.SIGUSR1, signals.SIGSEGV, 34, signals.SIGRTMAX} {
			check(info(s, code), info(s, code))
		}
	}
	// A kill comes as queued, with the sender; what the kernel made has none.
	queued := signals.Info{Signal: signals.SIGTERM, Code: signals.CodeQueue, PID: 4242, UID: 4711, Errno: 7}
	check(info(signals.SIGTERM, signals.CodeUser), queued)
	check(info(signals.SIGTERM, signals.CodeThread), queued)
	check(info(signals.SIGTERM, signals.CodeKernel), signals.Info{Signal: signals.SIGTERM, Code: signals.CodeQueue, Errno: 7})
}

// TestInfoOrder sends real-time signals of one number as fast as it goes.
func TestInfoOrder(t *testing.T) {
	cmd := testproc.Command(t, "take")
	lines := start(t, cmd)
	const count = 2000
	for i := range uint64(count) {
		info := signals.Info{Signal: 40, Code: signals.CodeQueue, PID: 1, Value: i << 32}
		if got := infoWithRoom(cmd.Process.Pid, info); got != send.OK {
			t.Fatalf("signal %d of %d: %v", i, count, got)
		}
	}
	for i := range uint64(count) {
		raw := next(t, lines)
		if got := signals.Decode(&raw); got.Value != i<<32 || got.PID != 1 {
			t.Fatalf("signal %d is %+v", i, got)
		}
	}
}

// TestEverySignal sends each signal in our own name: the receiver sees us.
func TestEverySignal(t *testing.T) {
	cmd := testproc.Command(t, "take")
	lines := start(t, cmd)
	for s := range signals.Full.All() {
		if !s.Catchable() || s == signals.SIGCHLD { // which it takes for a child's end
			continue
		}
		for _, way := range []func() send.Result{
			func() send.Result { return send.Process(cmd.Process.Pid, s) },
			func() send.Result { return send.Group(cmd.Process.Pid, s) },
		} {
			if got := way(); got != send.OK {
				t.Errorf("%v: %v", s, got)
				continue
			}
			raw := next(t, lines)
			got := signals.Decode(&raw)
			if got.Signal != s || got.Code != signals.CodeUser || int(got.PID) != os.Getpid() || int(got.UID) != os.Getuid() {
				t.Errorf("%v arrived as %+v", s, got)
			}
		}
	}
}

// infoWithRoom is send.Info that waits for room: the kernel counts what is pending for all
// processes of a user, those of other tests among them (RLIMIT_SIGPENDING of getrlimit(2)).
func infoWithRoom(pid int, info signals.Info) send.Result {
	deadline := time.Now().Add(10 * time.Second)
	for {
		got := send.Info(pid, info)
		if got != send.Again || time.Now().After(deadline) {
			return got
		}
		runtime.Gosched()
	}
}

// limitPending sets RLIMIT_SIGPENDING of another process, prlimit(2), and returns what it was.
func limitPending(t *testing.T, pid int, soft uint64) (was uint64) {
	t.Helper()
	const rlimitSigpending = 11
	var limit syscall.Rlimit
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), rlimitSigpending, 0, uintptr(unsafe.Pointer(&limit)), 0, 0)
	if errno == 0 {
		was, limit.Cur = limit.Cur, soft
		_, _, errno = syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), rlimitSigpending, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	}
	if errno != 0 {
		t.Fatal("prlimit:", errno)
	}
	return was
}

// TestAgain fills a receiver's queue. Only a queued real-time signal is refused then.
func TestAgain(t *testing.T) {
	pid := blocked(t, signals.Full).Process.Pid
	const limit = 10
	was := limitPending(t, pid, limit)
	queued := signals.Info{Signal: 40, Code: signals.CodeQueue}
	sent := 0
	for send.Info(pid, queued) == send.OK {
		if sent++; sent > limit {
			t.Fatalf("%d signals found room, the limit is %d", sent, limit)
		}
	}
	for _, s := range []signals.Signal{32, 34, 40, signals.SIGRTMAX} {
		if got := send.Info(pid, signals.Info{Signal: s, Code: signals.CodeQueue}); got != send.Again {
			t.Errorf("%v: %v, want %v", s, got, send.Again)
		}
	}
	for name, got := range map[string]send.Result{
		"standard, queued": send.Info(pid, signals.Info{Signal: signals.SIGUSR1, Code: signals.CodeQueue}),
		"standard, killed": send.Process(pid, signals.SIGUSR2),
		"real-time, kill":  send.Process(pid, 41),
	} {
		if got != send.OK {
			t.Errorf("%s: %v, want %v", name, got, send.OK)
		}
	}
	limitPending(t, pid, was)
	if got := infoWithRoom(pid, queued); got != send.OK {
		t.Errorf("with room again: %v, want %v", got, send.OK)
	}
}

// TestGone follows a process to its end. A zombie still takes signals: its pid is nobody
// else's.
func TestGone(t *testing.T) {
	cmd := blocked(t, 0)
	pid := cmd.Process.Pid
	if got := send.Process(pid, signals.SIGKILL); got != send.OK {
		t.Fatal(got)
	}
	var exited struct{ _ [128]byte }
	const pPID, wExited, wNoWait = 1, 4, 0x01000000
	if _, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pPID, uintptr(pid), uintptr(unsafe.Pointer(&exited)), wExited|wNoWait, 0, 0); errno != 0 {
		t.Fatal("waitid:", errno)
	}
	check := func(state string, want send.Result, each int) {
		t.Helper()
		for way, got := range map[string]send.Result{
			"process": send.Process(pid, signals.SIGTERM),
			"info":    send.Info(pid, signals.Info{Signal: signals.SIGTERM, Code: signals.CodeQueue}),
			"group":   send.Group(pid, signals.SIGTERM),
		} {
			if got != want {
				t.Errorf("%s, %s: %v, want %v", state, way, got, want)
			}
		}
		if got := send.Each([]int{pid, pid}, signals.SIGTERM); got != each {
			t.Errorf("%s: %d of two were sent, want %d", state, got, each)
		}
	}
	check("zombie", send.OK, 2)
	if end(t, cmd) != syscall.SIGKILL {
		t.Fatal("it did not end of SIGKILL")
	}
	check("reaped", send.Gone, 0)
}

// TestNobody makes sure that numbers which kill(2) takes for a group, for the caller's own
// group or for everyone never get there. The signal is none, so that nothing happens if
// they do.
func TestNobody(t *testing.T) {
	const none = signals.Signal(0)
	for _, pid := range []int{0, -1, -2, -os.Getpid(), 1 << 30} {
		if got := send.Process(pid, none); got != send.Gone {
			t.Errorf("process %d: %v, want %v", pid, got, send.Gone)
		}
		if got := send.Info(pid, signals.Info{Signal: none, Code: signals.CodeQueue}); got != send.Gone {
			t.Errorf("info to %d: %v, want %v", pid, got, send.Gone)
		}
	}
	for _, pgid := range []int{0, 1, -1, -os.Getpid(), 1 << 30} {
		if got := send.Group(pgid, none); got != send.Gone {
			t.Errorf("group %d: %v, want %v", pgid, got, send.Gone)
		}
	}
	if got := send.Each([]int{0, -1, os.Getpid()}, none); got != 1 {
		t.Errorf("each: %d, want 1", got)
	}
}

// TestRefused sends to a process of another user, and signals that there are none.
func TestRefused(t *testing.T) {
	pid := blocked(t, 0).Process.Pid
	for _, s := range []signals.Signal{signals.Max + 1, 255} {
		if got := send.Process(pid, s); got != send.Refused {
			t.Errorf("signal %d: %v, want %v", s, got, send.Refused)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("to become another user takes root")
	}
	cmd := testproc.Command(t, "stranger", strconv.Itoa(pid))
	cmd.Path = "/proc/self/exe" // the directory of the test binary is closed to strangers
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
	out, err := cmd.Output()
	want := strings.Repeat(send.Refused.String()+" | ", 3) + "0\n"
	if err != nil || string(out) != want {
		t.Errorf("a stranger got %q, %v, want %q", out, err, want)
	}
}

// TestGroup signals a group of three, of which one has ended, and no one else.
func TestGroup(t *testing.T) {
	leader := blocked(t, 0)
	group := leader.Process.Pid
	var others []*exec.Cmd
	for range 2 {
		cmd := exec.Command("/bin/sleep", "60")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: group, Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		others = append(others, cmd)
	}
	outsider := blocked(t, 0)
	_ = leader.Process.Kill()
	end(t, leader)
	if got := send.Group(group, signals.SIGUSR1); got != send.OK {
		t.Fatal(got)
	}
	for _, cmd := range others {
		if got := end(t, cmd); got != syscall.SIGUSR1 {
			t.Errorf("one of the group ended of %v", got)
		}
	}
	if got := send.Group(group, signals.SIGUSR1); got != send.Gone {
		t.Errorf("a group without members: %v, want %v", got, send.Gone)
	}
	if got := send.Each([]int{group, others[0].Process.Pid, outsider.Process.Pid}, signals.SIGUSR2); got != 1 {
		t.Errorf("%d of one living process were sent", got)
	}
	if got := end(t, outsider); got != syscall.SIGUSR2 {
		t.Errorf("the outsider ended of %v, want SIGUSR2", got)
	}
}
