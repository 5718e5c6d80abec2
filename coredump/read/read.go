package read

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
	"time"

	"supervise/coredump/elfcore"
	"supervise/coredump/explain"
	"supervise/coredump/report"
	"supervise/internal/size"
	"supervise/internal/text"
)

// Input is an open core, such as an *os.File.
type Input interface {
	io.ReaderAt
	Fd() uintptr
	Name() string
}

// File is a file that [Open] has opened.
type File struct {
	fd   int
	name string
}

// Open opens a file, which may turn out to be a FIFO: it does not wait for a writer.
func Open(path string) (File, error) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return File{}, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return File{fd, path}, nil
}

// Fd is the descriptor.
func (f File) Fd() uintptr { return uintptr(f.fd) }

// Name is the path that it was opened by.
func (f File) Name() string { return f.name }

// Close closes it.
func (f File) Close() error { return syscall.Close(f.fd) }

// ReadAt implements [io.ReaderAt].
func (f File) ReadAt(b []byte, offset int64) (n int, err error) {
	for n < len(b) {
		got, err := syscall.Pread(f.fd, b[n:], offset+int64(n))
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return n, &fs.PathError{Op: "read", Path: f.name, Err: err}
		case got == 0:
			return n, io.EOF
		}
		n += got
	}
	return n, nil
}

// confined says that the process has given up what it does not need.
var confined bool

// Explain gives up what is not needed to read a core, for good, and explains it. options.Open
// is not used: files are those that are there now. confine is explain.Confine, or
// explain.ConfineInit.
func Explain(f Input, options explain.Options, confine func(size int64) error) (*report.Report, error) {
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &stat); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	if stat.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil, errors.New(f.Name() + " is no regular file")
	}
	if !confined {
		if err := confine(stat.Size); err != nil {
			return nil, err
		}
		confined = true
	}
	core, err := elfcore.Open(f, stat.Size)
	if err != nil {
		return nil, &coreError{f.Name(), err}
	}
	options.Open = explain.Files
	r := explain.Explain(core, options)
	r.Time = time.Unix(stat.Mtim.Unix())
	r.Core.Stored = report.Stored{Size: stat.Size, Stored: stat.Blocks * 512, Path: f.Name()}
	r.Core.State = report.Complete
	if missing := core.Expected() - stat.Size; missing > 0 {
		r.Core.State, r.Core.Reason = report.Truncated, size.Format(missing)+" are missing at its end"
	}
	return r, nil
}

// coreError says which file is no core.
type coreError struct {
	file string
	err  error
}

func (e *coreError) Error() string { return e.file + ": " + e.err.Error() + Remedy(e.file) }
func (e *coreError) Unwrap() error { return e.err }

// Remedy is what to do with a file that is no core, by its name: "" if that says nothing.
func Remedy(name string) string {
	for _, ending := range []string{".zst", ".lz4", ".xz", ".gz"} {
		if _, ok := text.CutSuffix(name, ending); ok {
			return "; decompress it first"
		}
	}
	return ""
}
