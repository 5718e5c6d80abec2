package recorder

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/signals"
)

// open records the signals of the test's children.
func open(t testing.TB) *Recorder {
	t.Helper()
	if err := Permitted(); err != nil {
		t.Skip(err)
	}
	r, err := Open(Scope{own: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// TestCauses has children end in different ways, and looks for the signal of each.
func TestCauses(t *testing.T) {
	r := open(t)
	for name, test := range map[string]struct {
		script string
		signal signals.Signal
		cause  Cause
		detail string
	}{
		"a child's": {"sh -c 'kill -9 $PPID'; sleep 9", signals.SIGKILL, FromProcess, ""},
		"its own":   {"kill -9 $$", signals.SIGKILL, FromItself, ""},
		"core":      {"ulimit -c 0; kill -SEGV $$", signals.SIGSEGV, FromItself, ""},
		"CPU":       {"ulimit -t 1; while :; do :; done", signals.SIGKILL, CPULimit, ""},
		"soft CPU":  {"ulimit -S -t 1; while :; do :; done", signals.SIGXCPU, CPULimit, ""},
		"file size": {"ulimit -f 0; exec head -c 9999 /dev/zero >" + t.TempDir() + "/x", signals.SIGXFSZ, FileLimit, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("sh", "-c", test.script)
			err := cmd.Run()
			var memory Memory
			r.Read(func(s *Signal) {
				t.Logf("%+v: %v, %v", *s, s.Cause(), s.Fate())
				memory.Take(s)
			})
			got, _ := memory.Ended(cmd.Process.Pid, test.signal)
			if got == nil {
				t.Fatal(err, "nothing was recorded")
			}
			if got.Cause() != test.cause || got.Detail() != test.detail || got.Fate() != Ends {
				t.Errorf("%v: %+v: %v, %q, want %v", err, *got, got.Cause(), got.Detail(), test.cause)
			}
			if int(got.Root) != cmd.Process.Pid {
				t.Errorf("its root is %d", got.Root)
			}
		})
	}
}

// TestOutside records nothing of others.
func TestOutside(t *testing.T) {
	r := open(t)
	parent := os.Getppid()
	_ = syscall.Kill(parent, syscall.SIGCONT)
	_ = syscall.Kill(os.Getpid(), syscall.SIGCONT)
	r.Read(func(s *Signal) { t.Errorf("%+v", *s) })
}

// TestHandOver loads in one place and reads in another, and counts what is lost.
func TestHandOver(t *testing.T) {
	if err := Permitted(); err != nil {
		t.Skip(err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	if err := Serve(pair[0], Scope{own: true}); err != nil {
		t.Fatal(err)
	}
	r, err := Receive(pair[1])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	const more = 100
	room := ringSize / (recordSize + 8)
	for range room + more {
		_ = cmd.Process.Signal(syscall.SIGCONT)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	count := uint64(0)
	var memory Memory
	r.Read(func(s *Signal) { count++; memory.Take(s) })
	if sent := uint64(room + more + 1); count+r.Lost() != sent || r.Lost() == 0 {
		t.Errorf("%d recorded, %d lost of %d", count, r.Lost(), sent)
	}
	if last := memory.Last(); len(last) == 0 || last[0].Signal.Signal != signals.SIGCONT || last[0].Sender.PID != int32(os.Getpid()) {
		t.Errorf("%+v", last)
	}
}

// TestWake becomes readable when the ring is half full, and not before.
func TestWake(t *testing.T) {
	r := open(t)
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(epoll)
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, r.FD(), &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET}); err != nil {
		t.Fatal(err)
	}
	events := make([]unix.EpollEvent, 1)
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	_ = cmd.Process.Signal(syscall.SIGSTOP)
	_ = cmd.Process.Signal(syscall.SIGCONT)
	if n, _ := unix.EpollWait(epoll, events, 0); n != 0 {
		t.Error("woken by one signal")
	}
	for range ringSize / 2 / recordSize {
		_ = cmd.Process.Signal(syscall.SIGCONT)
	}
	if n, _ := unix.EpollWait(epoll, events, 10_000); n != 1 {
		t.Errorf("not woken: %d", n)
	}
}

// BenchmarkLoad is what the helper does.
func BenchmarkLoad(b *testing.B) {
	open(b)
	for b.Loop() {
		r, err := Open(Scope{own: true})
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
