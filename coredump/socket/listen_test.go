package socket

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestListen(t *testing.T) {
	dir := t.TempDir()
	l, err := Listen(dir, "core.sock", 8)
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.Lstat(l.Path)
	if err != nil || st.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket is %v, %v", st, err)
	}
	if _, err := Listen(dir, "core.sock", 8); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("a second listener: %v", err)
	}
	if _, err := ListenPackets(dir, "core.sock", 8); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("a second listener of another kind: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		fd, err := l.Accept()
		if err == nil {
			_ = unix.Close(fd)
			err = errors.New("a second listener has connected, to see whether somebody is there")
		}
		done <- err
	}()
	l.Close()
	l.Close()
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("Accept ends with %v", err)
	}
	if _, err := os.Lstat(l.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestListenInTheWay(t *testing.T) {
	dir := t.TempDir()
	dead := filepath.Join(dir, "dead")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: dead}); err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(fd)
	l, err := ListenPackets(dir, "dead", 8)
	if err != nil {
		t.Fatalf("the socket that was left behind is in the way: %v", err)
	}
	// Another one took its place: that is not removed.
	_ = os.Remove(dead)
	if err := os.WriteFile(dead, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := os.Lstat(dead); err != nil {
		t.Error(err)
	}
	if _, err := Listen(dir, "dead", 8); err == nil || !strings.Contains(err.Error(), "something else than a socket") {
		t.Errorf("over a file: %v", err)
	}
}

func TestListenRefused(t *testing.T) {
	open := filepath.Join(t.TempDir(), "open")
	if err := errors.Join(os.Mkdir(open, 0o777), os.Chmod(open, 0o777)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dir, name, want string }{
		{open, "core.sock", "for the socket that cores are sent to"},
		{t.TempDir(), strings.Repeat("x", 108), "at most 107 bytes"},
		{filepath.Join(t.TempDir(), "a..b"), "core.sock", `no ".."`},
	} {
		l, err := Listen(c.dir, c.name, 8)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s/%s: %v", c.dir, c.name, err)
		}
		if err == nil {
			l.Close()
		}
	}
}
