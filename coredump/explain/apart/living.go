package apart

import (
	"io/fs"
	"strconv"

	"golang.org/x/sys/unix"

	"supervise/coredump/explain"
	"supervise/coredump/symbols"
)

// Living opens the files that a process has mapped, though they were deleted or are only there
// in its mount namespace. The process still lives, perhaps while it dumps its core. It takes
// the privileges for that, and falls back on explain.Files.
func Living(pid int) explain.Opener {
	proc := "/proc/" + strconv.Itoa(pid)
	return func(q explain.Request) (symbols.Input, error) {
		if q.Start != 0 {
			name := strconv.FormatUint(q.Start, 16) + "-" + strconv.FormatUint(q.End, 16)
			if f, err := explain.OpenELF(proc + "/map_files/" + name); err == nil {
				return f, nil
			}
		}
		if f, err := openInside(proc+"/root", q.Path); err == nil && !q.Deleted {
			return f, nil
		}
		return explain.Files(q)
	}
}

// openInside opens a file below another root, whose symbolic links stay below it.
func openInside(root, path string) (symbols.Input, error) {
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
	return explain.ReopenELF(fd, path)
}

// ReadableBy opens only files that a user could read: so that a report that the user may see
// says nothing of other files. uid 0 may read all.
func ReadableBy(uid, gid uint32, open explain.Opener) explain.Opener {
	return func(q explain.Request) (symbols.Input, error) {
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
