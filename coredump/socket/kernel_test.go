package socket

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
)

func TestMain(m *testing.M) { testproc.Main(m) }

// listening makes core_pattern that of a listener.
func listening(t *testing.T, prefix string) *Listener {
	t.Helper()
	l, err := Listen(t.TempDir(), "core.sock", 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	testproc.CorePattern(t, prefix+l.Path)
	if now, _ := os.ReadFile("/proc/sys/kernel/core_pattern"); strings.TrimSpace(string(now)) != prefix+l.Path {
		t.Skipf("the kernel refuses core_pattern %q: it is older", prefix+l.Path)
	}
	return l
}

// accept returns the connection of a process. Others of the machine that crash meanwhile end
// without a core.
func accept(t *testing.T, l *Listener, cmd *exec.Cmd) (conn *os.File, pidfd int) {
	t.Helper()
	for {
		fd, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		pidfd, cred, err := Peer(fd)
		if err != nil {
			t.Fatal(err)
		}
		conn = os.NewFile(uintptr(fd), "core")
		if int(cred.Pid) == cmd.Process.Pid {
			t.Cleanup(func() { _ = conn.Close() })
			t.Cleanup(func() { _ = unix.Close(pidfd) })
			return conn, pidfd
		}
		_, _ = conn.Close(), unix.Close(pidfd)
	}
}

// TestWaitStatus holds what the package says of the wait status against the running kernel.
func TestWaitStatus(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to set core_pattern takes root")
	}
	l := listening(t, "@@")
	drain := func(conn *os.File) error {
		_, err := io.Copy(io.Discard, conn)
		return err
	}
	for _, c := range []struct {
		name string
		take func(conn *os.File) error
		want bool
	}{
		{"kernel", func(conn *os.File) error { return errors.Join(Acknowledge(conn, Kernel), drain(conn)) }, true},
		{"kernel, wait", func(conn *os.File) error { return errors.Join(Acknowledge(conn, Kernel|Wait), drain(conn)) }, true},
		{"closed early", func(conn *os.File) error { return Acknowledge(conn, Kernel|Wait) }, true},
		{"userspace", func(conn *os.File) error { return errors.Join(Acknowledge(conn, Userspace), drain(conn)) }, true},
		{"userspace, wait", func(conn *os.File) error { return errors.Join(Acknowledge(conn, Userspace|Wait), drain(conn)) }, true},
		{"reject", func(conn *os.File) error { return Acknowledge(conn, Reject) }, false},
		{"closed without", func(*os.File) error { return nil }, false},
		{"conflicting", func(conn *os.File) error { return marked(conn, appendAck(nil, Kernel|Reject), Conflicting) }, false},
		{"unsupported", func(conn *os.File) error { return marked(conn, appendAck(nil, Kernel|1<<40), Unsupported) }, false},
		{"too small", func(conn *os.File) error { return marked(conn, []byte{8, 0, 0, 0, 0, 0, 0, 0}, TooSmall) }, false},
		{"too large", func(conn *os.File) error {
			big := append(appendAck(nil, Kernel), make([]byte, 4096)...)
			binary.NativeEndian.PutUint32(big, uint32(len(big)))
			return marked(conn, big, TooLarge)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := testproc.Crash(t, nil)
			conn, _ := accept(t, l, cmd)
			if err := c.take(conn); err != nil {
				t.Error(err)
			}
			_ = conn.Close()
			if got := testproc.Dumped(t, cmd); got != c.want {
				t.Errorf("WCOREDUMP is %v", got)
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		l.Close()
		if testproc.Dumped(t, testproc.Crash(t, nil)) {
			t.Error("WCOREDUMP is set")
		}
	})
}

// marked sends an acknowledgement that the kernel is to refuse.
func marked(conn *os.File, ack []byte, want Mark) error {
	if _, err := ReadRequest(conn); err != nil {
		return err
	}
	if _, err := conn.Write(ack); err != nil {
		return err
	}
	var b [4]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil {
		return err
	}
	if got := Mark(binary.NativeEndian.Uint32(b[:])); got != want {
		return errors.New("marked as " + got.String())
	}
	return nil
}

func TestPlainSocket(t *testing.T) {
	l := listening(t, "@")
	for _, early := range []bool{false, true} {
		cmd := testproc.Crash(t, nil)
		conn, pidfd := accept(t, l, cmd)
		var magic [4]byte
		if _, err := io.ReadFull(conn, magic[:]); err != nil || string(magic[:]) != "\x7fELF" {
			t.Errorf("it begins with %q, %v", magic, err)
		}
		info, err := GetInfo(pidfd)
		if err != nil || info.PID != cmd.Process.Pid || info.UID != 0 || info.Dumped != DidDump|AsUser {
			t.Errorf("the kernel says of %d: %+v, %v", cmd.Process.Pid, info, err)
		}
		if !early {
			_, _ = io.Copy(io.Discard, conn)
		}
		_ = conn.Close()
		if !testproc.Dumped(t, cmd) {
			t.Errorf("WCOREDUMP is not set; closed early: %v", early)
		}
		info, err = GetInfo(pidfd)
		if err != nil || !info.Exited || info.Exit != int(syscall.SIGSEGV)|0x80 {
			t.Errorf("after the end the kernel says %+v, %v", info, err)
		}
	}
}

func TestGetInfo(t *testing.T) {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		t.Skip(err)
	}
	defer unix.Close(fd)
	info, err := GetInfo(fd)
	if errors.Is(err, ErrNoInfo) {
		t.Skip(err)
	}
	if err != nil || info.PID != os.Getpid() || info.PPID != os.Getppid() || info.UID != uint32(os.Getuid()) || info.EGID != uint32(os.Getegid()) || info.Exited {
		t.Errorf("%+v, %v", info, err)
	}
	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if _, err := GetInfo(int(null.Fd())); err == nil {
		t.Error("no error for /dev/null")
	}
}
