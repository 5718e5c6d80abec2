package explain

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
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
type Opener func(Request) (*os.File, error)

var (
	errNotRegular = errors.New("no regular file")
	errNotELF     = errors.New("no program or library")
)

// Files opens the files that are there by that name now.
func Files(q Request) (*os.File, error) {
	if q.Deleted {
		return nil, &fs.PathError{Op: "open", Path: q.Path, Err: fs.ErrNotExist}
	}
	if !filepath.IsAbs(q.Path) {
		return nil, &fs.PathError{Op: "open", Path: q.Path, Err: errors.New("no absolute path")}
	}
	return openELF(q.Path)
}

// Living opens the files that a process has mapped, though they were deleted or are only there
// in its mount namespace. The process still lives, perhaps while it dumps its core. It takes
// the privileges for that, and falls back on Files.
func Living(pid int) Opener {
	proc := "/proc/" + strconv.Itoa(pid)
	return func(q Request) (*os.File, error) {
		if q.Start != 0 {
			name := strconv.FormatUint(q.Start, 16) + "-" + strconv.FormatUint(q.End, 16)
			if f, err := openELF(proc + "/map_files/" + name); err == nil {
				return f, nil
			}
		}
		if f, err := openInside(proc+"/root", q.Path); err == nil && !q.Deleted {
			return f, nil
		}
		return Files(q)
	}
}

// openInside opens a file below another root, whose symbolic links stay below it.
func openInside(root, path string) (*os.File, error) {
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: root, Err: err}
	}
	defer unix.Close(dir)
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	fd, err := unix.Openat2(dir, path, &how)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return reopenELF(fd, path)
}

// ReadableBy opens only files that a user could read: so that a report that the user may see
// says nothing of other files. uid 0 may read all.
func ReadableBy(uid, gid uint32, open Opener) Opener {
	return func(q Request) (*os.File, error) {
		f, err := open(q)
		if err != nil || uid == 0 {
			return f, err
		}
		var stat unix.Stat_t
		if err := unix.Fstat(int(f.Fd()), &stat); err == nil {
			bit := uint32(unix.S_IROTH)
			switch {
			case stat.Uid == uid:
				bit = unix.S_IRUSR
			case stat.Gid == gid:
				bit = unix.S_IRGRP
			}
			if stat.Mode&bit != 0 {
				return f, nil
			}
		}
		_ = f.Close()
		return nil, &fs.PathError{Op: "open", Path: q.Path, Err: fs.ErrPermission}
	}
}

// openELF opens a file in two steps: to open a device or a FIFO can have effects, to find out
// what it is has none.
func openELF(path string) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return reopenELF(fd, path)
}

// reopenELF opens what a descriptor with O_PATH refers to, and closes that.
func reopenELF(path int, name string) (*os.File, error) {
	defer unix.Close(path)
	var stat unix.Stat_t
	if err := unix.Fstat(path, &stat); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
	}
	fd, err := unix.Open("/proc/self/fd/"+strconv.Itoa(path), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	// O_NONBLOCK is for a lease that somebody holds on it; it is not kept, since with it
	// package os would wait for the file by epoll(7).
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFL, 0)
	var head [18]byte
	n, err := unix.Pread(fd, head[:], 0)
	// Programs and libraries, but no other cores.
	kind := order.Uint16(head[16:])
	if err != nil || n < len(head) || string(head[:4]) != "\x7fELF" || kind != 2 && kind != 3 {
		_ = unix.Close(fd)
		return nil, &fs.PathError{Op: "read", Path: name, Err: errNotELF}
	}
	return os.NewFile(uintptr(fd), name), nil
}
