package socket

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/safefile"
)

// MaxPath is how long the path of a Unix socket may be, in bytes: UNIX_PATH_MAX without the
// final zero.
const MaxPath = 107

// Listener is a listening Unix socket.
type Listener struct {
	Path string

	file *os.File
	conn syscall.RawConn
	dir  *safefile.Dir
	name string
	made unix.Stat_t // the file of the socket
	once sync.Once
}

// Listen makes a stream socket in a directory, for the kernel to connect to. Nobody but root
// may write to the directory, nor to those above it, as the kernel sends cores to whoever
// listens. The socket's mode is 0600: the kernel asks for no permission, others need it. A
// file of that name in the way is removed if it is a socket on which nobody listens.
func Listen(directory, name string, backlog int) (*Listener, error) {
	return listen(directory, name, unix.SOCK_STREAM, backlog)
}

// ListenPackets is Listen for a socket of packets, SOCK_SEQPACKET.
func ListenPackets(directory, name string, backlog int) (*Listener, error) {
	return listen(directory, name, unix.SOCK_SEQPACKET, backlog)
}

func listen(directory, name string, kind, backlog int) (*Listener, error) {
	dir, err := safefile.MakeDir(directory, 0o755, safefile.OursAlone)
	if err != nil {
		return nil, fmt.Errorf("no place in %s for the socket that cores are sent to: %w", directory, err)
	}
	path := filepath.Join(directory, name)
	// The kernel follows no symbolic links.
	if real, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(dir.FD())); err == nil {
		path = filepath.Join(real, name)
	}
	if len(path) > MaxPath || strings.ContainsAny(path, " \n") || strings.Contains(path, "..") || !filepath.IsAbs(path) {
		dir.Close()
		return nil, fmt.Errorf("the kernel does not connect to %s: the path of a socket is absolute and has at most %d bytes, no space, and no \"..\"; choose another directory", path, MaxPath)
	}
	l := &Listener{Path: path, dir: dir, name: name}
	if err := l.open(kind, backlog); err != nil {
		l.Close()
		return nil, fmt.Errorf("cannot listen for cores on %s: %w", path, err)
	}
	return l, nil
}

func (l *Listener) open(kind, backlog int) error {
	if err := l.clear(); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	l.file = os.NewFile(uintptr(fd), l.Path)
	// The mode of the descriptor becomes that of the file, whatever the umask is: unix(7).
	if err := unix.Fchmod(fd, 0o600); err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: l.inDir()}); err != nil {
		return err
	}
	if l.made, err = l.dir.Lstat(l.name); err != nil {
		return err
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return err
	}
	if l.conn, err = l.file.SyscallConn(); err == nil {
		err = l.file.SetReadDeadline(time.Time{}) // fails if the runtime cannot poll it
	}
	return err
}

// inDir names the socket by the open directory, which nobody can exchange meanwhile.
func (l *Listener) inDir() string {
	return "/proc/self/fd/" + strconv.Itoa(l.dir.FD()) + "/" + l.name
}

// clear removes a socket that was left behind. To see whether somebody still has it, it connects
// with one of another kind: so no connection is made, which would look like a crash there.
func (l *Listener) clear() error {
	st, err := l.dir.Lstat(l.name)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return errors.New("something else than a socket is there; remove it")
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	switch err := unix.Connect(fd, &unix.SockaddrUnix{Name: l.inDir()}); {
	case errors.Is(err, unix.ECONNREFUSED):
		return l.dir.Remove(l.name)
	case err == nil, errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EPROTOTYPE):
		return errors.New("another process listens there; stop it, or choose another directory")
	default:
		return err
	}
}

// Accept waits for a connection, and returns it as a descriptor that is close-on-exec and
// blocks. The error is os.ErrClosed once the listener is closed.
func (l *Listener) Accept() (fd int, err error) {
	failed := l.conn.Read(func(listening uintptr) bool {
		for {
			fd, _, err = unix.Accept4(int(listening), unix.SOCK_CLOEXEC)
			if err != unix.EINTR && err != unix.ECONNABORTED {
				return err != unix.EAGAIN
			}
		}
	})
	if failed != nil {
		return -1, os.ErrClosed
	}
	if err != nil {
		return -1, fmt.Errorf("cannot take a core from %s: %w", l.Path, err)
	}
	return fd, nil
}

// Close ends Accept and removes the socket, unless it is another one by now. Processes that
// wait in the backlog end without a core.
func (l *Listener) Close() {
	l.once.Do(func() {
		if l.file == nil {
			l.dir.Close()
			return
		}
		if st, err := l.dir.Lstat(l.name); err == nil && st.Ino == l.made.Ino && st.Dev == l.made.Dev {
			_ = l.dir.Remove(l.name)
		}
		_ = l.file.Close()
		l.dir.Close()
	})
}
