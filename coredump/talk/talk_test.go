package talk

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func pair(t *testing.T) (a, b *Conn) {
	t.Helper()
	a, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.FcntlInt(theirs.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	if b, err = Open(fd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	t.Cleanup(b.Close)
	return a, b
}

func TestSend(t *testing.T) {
	a, b := pair(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, size := range []int{0, 1, maxPacket - 2, maxPacket - 1, maxPacket, 5 << 20} {
		want := strings.Repeat("x", size)
		if err := a.Send(want, int(w.Fd())); err != nil {
			t.Fatal(err)
		}
		var got string
		fds, err := b.Receive(&got)
		if err != nil || got != want || len(fds) != 1 {
			t.Fatalf("of %d bytes came %d with descriptors %v, %v", size, len(got), fds, err)
		}
		if flags, err := unix.FcntlInt(uintptr(fds[0]), unix.F_GETFD, 0); err != nil || flags != unix.FD_CLOEXEC {
			t.Errorf("the descriptor's flags are %#x, %v", flags, err)
		}
		if _, err := unix.Write(fds[0], []byte{1}); err != nil {
			t.Error(err)
		}
		closeAll(fds)
	}
	_ = w.Close()
	if all, err := io.ReadAll(r); err != nil || len(all) != 6 {
		t.Errorf("by the descriptors came %d bytes, %v", len(all), err)
	}
}

func TestReceiveEnds(t *testing.T) {
	a, b := pair(t)
	b.SetDeadline(time.Now().Add(-time.Second))
	var got string
	if _, err := b.Receive(&got); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the deadline: %v", err)
	}
	b.SetDeadline(time.Time{})
	if err := a.Send(1); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Receive(&got); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a number for a text: %v", err)
	}
	if err := b.Send("never read"); err != nil {
		t.Fatal(err)
	}
	a.Close()
	if _, err := b.Receive(&got); !errors.Is(err, io.EOF) {
		t.Errorf("after the other end was closed: %v", err)
	}
	if err := b.Send("too late"); err == nil {
		t.Error("no error for what nobody will read")
	}
}
