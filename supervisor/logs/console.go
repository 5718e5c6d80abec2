package logs

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// destination is where a pump writes.
type destination interface {
	// write writes part of b, which consists of whole lines except for the rest of one that
	// an earlier call has begun. EAGAIN says to wait until fd is writable.
	write(b []byte) (int, error)
	fd() int
	// gone reports whether err is permanent.
	gone(err error) bool
	// reopen opens the destination again if its name stands for something else by now.
	reopen() error
	// takeError returns an error beside the writing, once.
	takeError() error
	// midLine reports whether what was written last does not end a line.
	midLine() bool
	close()
}

// console is one of the descriptors that the supervisor was started with.
type console struct {
	name   string
	given  int // as inherited; never closed, its flags never changed
	own    int // our own description of the same pipe or terminal, or -1
	socket bool
}

// openConsole makes a destination of fd. O_NONBLOCK belongs to the open file description,
// which other processes share, so it is not set on fd. Instead a pipe or terminal is opened
// again through /proc, if that is allowed, and a socket gets the flag with each message.
// Anything else, such as a regular file, is used as it is: a write that waits blocks the
// pump's goroutine and one thread.
func openConsole(fd int, name string) (*console, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("cannot write to %s: %w", name, os.NewSyscallError("fstat", err))
	}
	c := &console{name: name, given: fd, own: -1}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFSOCK:
		c.socket = true
	case unix.S_IFIFO:
		c.own = reopenFD(fd, &st)
	case unix.S_IFCHR:
		if terminal(fd) {
			c.own = reopenFD(fd, &st)
		}
	}
	return c, nil
}

// terminal reports whether fd is a terminal. The master side of one, which also looks like a
// terminal, does not count: opening it again would make a new one.
func terminal(fd int) bool {
	if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
		return false
	}
	_, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	return err != nil
}

// reopenFD opens the file behind fd again, or returns -1.
func reopenFD(fd int, want *unix.Stat_t) int {
	const flags = unix.O_WRONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	own, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), flags, 0)
	if err != nil {
		return -1
	}
	var st unix.Stat_t
	if unix.Fstat(own, &st) != nil || st.Dev != want.Dev || st.Ino != want.Ino || st.Rdev != want.Rdev {
		unix.Close(own)
		return -1
	}
	return own
}

// same reports whether two descriptors are open on the same file.
func same(a, b int) bool {
	var s, t unix.Stat_t
	return unix.Fstat(a, &s) == nil && unix.Fstat(b, &t) == nil && s.Dev == t.Dev && s.Ino == t.Ino
}

func (c *console) fd() int {
	if c.own >= 0 {
		return c.own
	}
	return c.given
}

func (c *console) write(b []byte) (int, error) {
	if c.socket {
		n, err := unix.SendmsgN(c.given, b, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		return n, os.NewSyscallError("sendmsg", err)
	}
	n, err := unix.Write(c.fd(), b)
	return n, os.NewSyscallError("write", err)
}

// gone reports all but temporary errors, as a console cannot be reopened: its reader has
// left, or the terminal was hung up.
func (c *console) gone(err error) bool { return !temporary(err) }

// temporary reports whether err is a shortage, which can end.
func temporary(err error) bool {
	for _, e := range []error{unix.ENOSPC, unix.EDQUOT, unix.ENOMEM, unix.ENOBUFS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func (c *console) reopen() error { return nil }

func (c *console) takeError() error { return nil }

// midLine is always false: on a console, all lines are complete.
func (c *console) midLine() bool { return false }

func (c *console) close() {
	if c.own >= 0 {
		unix.Close(c.own)
	}
}
