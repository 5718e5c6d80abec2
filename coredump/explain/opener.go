package explain

import (
	"errors"
	"io/fs"
	"strconv"
	"syscall"

	"supervise/coredump/symbols"
)

// Request asks for the file of a module, or one with what was stripped off it.
type Request struct {
	Path string `json:"path"`
	// Start and End are where a module was mapped first; 0 for other files.
	Start uint64 `json:"start,omitempty"`
	End   uint64 `json:"end,omitempty"`
	// Deleted says that the file had no name any more at the time of the crash.
	Deleted bool `json:"deleted,omitempty"`
}

// Opener opens a file to be read. It only opens regular files that begin as ELF files do:
// who asks for others gets an error, without anything having been done to them.
type Opener func(Request) (symbols.Input, error)

// Errors of an [Opener], for what it does not open.
var (
	ErrNotRegular = errors.New("no regular file")
	ErrNotELF     = errors.New("no program or library")
)

// Files opens the files that are there by that name now.
func Files(q Request) (symbols.Input, error) {
	if q.Deleted {
		return nil, &fs.PathError{Op: "open", Path: q.Path, Err: fs.ErrNotExist}
	}
	if q.Path == "" || q.Path[0] != '/' {
		return nil, &fs.PathError{Op: "open", Path: q.Path, Err: errors.New("no absolute path")}
	}
	return OpenELF(q.Path)
}

// file is an Input.
type file struct {
	fd   int
	name string
}

func (f file) Fd() uintptr  { return uintptr(f.fd) }
func (f file) Name() string { return f.name }
func (f file) Close() error { return syscall.Close(f.fd) }

// oPath is O_PATH.
const oPath = 0x200000

// OpenELF opens a file as an [Opener] does, in two steps: to open a device or a FIFO can have effects, to find out
// what it is has none.
func OpenELF(path string) (symbols.Input, error) {
	fd, err := syscall.Open(path, oPath|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return ReopenELF(fd, path)
}

// ReopenELF opens what a descriptor with O_PATH refers to, and closes that.
func ReopenELF(path int, name string) (symbols.Input, error) {
	defer syscall.Close(path)
	var stat syscall.Stat_t
	if err := syscall.Fstat(path, &stat); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	if stat.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil, &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	fd, err := syscall.Open("/proc/self/fd/"+strconv.Itoa(path), syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	// O_NONBLOCK is for a lease that somebody holds on it; it is not kept, since with it
	// package os would wait for the file by epoll(7).
	_ = syscall.SetNonblock(fd, false)
	var head [18]byte
	n, err := syscall.Pread(fd, head[:], 0)
	// Programs and libraries, but no other cores.
	kind := order.Uint16(head[16:])
	if err != nil || n < len(head) || string(head[:4]) != "\x7fELF" || kind != 2 && kind != 3 {
		_ = syscall.Close(fd)
		return nil, &fs.PathError{Op: "read", Path: name, Err: ErrNotELF}
	}
	return file{fd, name}, nil
}
