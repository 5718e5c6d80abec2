package logs

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// pty returns both sides of a new pseudo-terminal.
func pty(t *testing.T) (master *os.File, slave int) {
	t.Helper()
	m, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("cannot make a pseudo-terminal: %v", err)
	}
	master = os.NewFile(uintptr(m), "ptmx")
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(m, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(m, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = unix.Open(fmt.Sprint("/dev/pts/", n), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("cannot open a pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { unix.Close(slave) })
	return master, slave
}

// TestTerminal: a terminal on which output is held up is not waited for.
func TestTerminal(t *testing.T) {
	l := newLogs(t, nil)
	master, slave := pty(t)
	if terminal(int(master.Fd())) || !terminal(slave) {
		t.Error("the sides of a pseudo-terminal are not told apart")
	}
	p, err := l.Console(Console{Stdout: slave, Stderr: slave, Color: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.outs) != 1 {
		t.Error("one terminal is two destinations")
	}
	_, e := attach(t, p, "svc")
	go func() {
		say(t, e.Stdout, strings.Repeat("a line\n", 20000))
		e.Close()
	}()
	until(t, "the pump is stuck", func() bool { return p.Stats().Stuck })
	if flags, _ := unix.FcntlInt(uintptr(slave), unix.F_GETFL, 0); flags&unix.O_NONBLOCK != 0 {
		t.Error("the terminal is non-blocking now for everybody")
	}
	want := strings.Repeat("\x1b[36msvc |\x1b[0m a line\r\n", 20000)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(master, got); err != nil || string(got) != want {
		t.Errorf("what was read differs: %v", err)
	}
}

// TestHangUp: a terminal that goes away is given up.
func TestHangUp(t *testing.T) {
	news := make(chan Trouble, 8)
	l := newLogs(t, func(n Trouble) { news <- n })
	master, slave := pty(t)
	p, err := l.Console(Console{Stdout: slave, Stderr: slave})
	if err != nil {
		t.Fatal(err)
	}
	master.Close()
	s, e := attach(t, p, "svc")
	say(t, e.Stdout, "line\n")
	e.Close()
	drain(t, s)
	if n := <-news; !n.Gone || n.Err == nil {
		t.Errorf("reported: %+v", n)
	}
}

func TestConsoleErrors(t *testing.T) {
	l := newLogs(t, nil)
	_, err := l.Console(Console{Stdout: -1, Stderr: -1})
	if err == nil || err.Error() != "cannot write to standard output: fstat: bad file descriptor" {
		t.Error(err)
	}
}
