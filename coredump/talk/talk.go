package talk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxPacket = 64 << 10 // below the smallest send buffer of a socket that works: socket(7)
	maxText   = 64 << 20
	maxFDs    = 4
)

// byFile is the packet whose text is in the file that comes with it, as the last descriptor.
const byFile = "@"

// Conn is one end.
type Conn struct {
	file *os.File
	raw  syscall.RawConn
}

// Pair makes a connection: one end for this process, and one to give to another.
func Pair() (ours *Conn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "handler")
	if ours, err = Open(fds[0]); err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// Open takes over a descriptor of a connection.
func Open(fd int) (*Conn, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	c := &Conn{file: os.NewFile(uintptr(fd), "collector")}
	var err error
	if c.raw, err = c.file.SyscallConn(); err == nil {
		err = c.file.SetDeadline(time.Time{}) // fails if the runtime cannot poll it
	}
	if err != nil {
		_ = c.file.Close()
		return nil, err
	}
	return c, nil
}

// Dial connects to a socket that listens.
func Dial(path string) (*Conn, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		_ = unix.Close(fd)
		return nil, &os.PathError{Op: "connect", Path: path, Err: err}
	}
	return Open(fd)
}

// SetDeadline ends what waits then: os.ErrDeadlineExceeded. The zero time is never.
func (c *Conn) SetDeadline(at time.Time) { _ = c.file.SetDeadline(at) }

// Close closes it. What waits in another goroutine ends: os.ErrClosed.
func (c *Conn) Close() { _ = c.file.Close() }

// Send sends a value, and copies of descriptors.
func (c *Conn) Send(v any, fds ...int) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(text) > maxPacket {
		file, err := fileOf(text)
		if err != nil {
			return err
		}
		defer unix.Close(file)
		text, fds = []byte(byFile), append(fds[:len(fds):len(fds)], file)
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	failed := c.raw.Write(func(fd uintptr) bool {
		for err = unix.EINTR; err == unix.EINTR; {
			err = unix.Sendmsg(int(fd), text, rights, nil, unix.MSG_NOSIGNAL)
		}
		return err != unix.EAGAIN
	})
	return errors.Join(failed, os.NewSyscallError("sendmsg", err))
}

// fileOf makes a file without a name that has a text in it.
func fileOf(text []byte) (fd int, err error) {
	fd, err = unix.MemfdCreate("report", unix.MFD_CLOEXEC)
	if err != nil {
		return -1, os.NewSyscallError("memfd_create", err)
	}
	for at := 0; at < len(text); {
		n, err := unix.Pwrite(fd, text[at:], int64(at))
		if err != nil && err != unix.EINTR {
			_ = unix.Close(fd)
			return -1, os.NewSyscallError("write", err)
		}
		at += max(n, 0)
	}
	return fd, nil
}

// Receive waits for a value. The descriptors that came with it are close-on-exec and the
// caller's. io.EOF says that the other end is closed.
func (c *Conn) Receive(v any) (fds []int, err error) {
	text := make([]byte, maxPacket)
	rights := make([]byte, unix.CmsgSpace(4*(maxFDs+1)))
	var n, rn int
	failed := c.raw.Read(func(fd uintptr) bool {
		for err = unix.EINTR; err == unix.EINTR; {
			n, rn, _, _, err = unix.Recvmsg(int(fd), text, rights, unix.MSG_CMSG_CLOEXEC)
		}
		return err != unix.EAGAIN
	})
	if err := errors.Join(failed, os.NewSyscallError("recvmsg", err)); err != nil {
		if errors.Is(err, unix.ECONNRESET) { // it ended with something of ours unread
			return nil, io.EOF
		}
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	fds = descriptors(rights[:rn])
	text = text[:n]
	if string(text) == byFile && len(fds) > 0 {
		last := len(fds) - 1
		text, err = textOf(fds[last])
		fds = fds[:last]
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		closeAll(fds)
		return nil, fmt.Errorf("what was received makes no sense: %w", err)
	}
	return fds, nil
}

func descriptors(rights []byte) (fds []int) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil
	}
	for i := range messages {
		if more, err := unix.ParseUnixRights(&messages[i]); err == nil {
			fds = append(fds, more...)
		}
	}
	return fds
}

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}

// textOf reads a file that was received, and closes it.
func textOf(fd int) ([]byte, error) {
	file := os.NewFile(uintptr(fd), "report")
	defer file.Close()
	text, err := io.ReadAll(io.NewSectionReader(file, 0, maxText+1))
	if err == nil && len(text) > maxText {
		err = errors.New("it is too long")
	}
	return text, err
}
