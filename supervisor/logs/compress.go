package logs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/safefile"
)

// compressed is what the name of a compressed file ends with, and unready of one that is
// being made.
const (
	compressed = ".gz"
	unready    = ".gz.tmp"
)

// errStopped says that the supervisor ends first.
var errStopped = errors.New("interrupted")

// tidy removes rotated files that are too old, and compresses the others. It returns when the
// next one is too old; 0 for never.
//
// Whatever ends the process meanwhile, no line is lost: a file is complete and on the disk
// before it takes the place of another. What is unready, or of what there is also the
// original, is made again.
func (f *file) tidy(r Rotation, stopped func() bool) (next time.Duration, err error) {
	dir, err := f.directory()
	if err != nil {
		return 0, nil // whoever writes to the file tells of that
	}
	defer dir.Close()
	if r.MaxAge > 0 {
		next, err = f.expire(dir, r)
	}
	if !r.Compress {
		return next, err
	}
	// Somebody may have removed what was to be compressed.
	if failed := f.compressAll(dir, r.Keep, stopped); failed != nil && !absent(failed) {
		err = fmt.Errorf("cannot compress the rotated files of log file %q: %w", f.path, failed)
	}
	return next, err
}

// compressAll passes over files that it must not open, and returns why it must not.
func (f *file) compressAll(dir *safefile.Dir, keep int, stopped func() bool) (refused error) {
	tried := map[uint64]bool{}
	for !stopped() {
		source, st, err := f.uncompressed(dir, keep, tried, &refused)
		if err != nil || source == nil {
			return errors.Join(err, refused)
		}
		err = f.compress(dir, keep, source, st, stopped)
		source.Close()
		if err != nil {
			return err
		}
	}
	return refused
}

// expire removes rotated files whose last line is too old.
func (f *file) expire(dir *safefile.Dir, r Rotation) (next time.Duration, err error) {
	f.names.Lock()
	defer f.names.Unlock()
	all, err := f.rotatedIn(dir, r.Keep)
	if err != nil {
		return 0, err
	}
	for _, one := range all {
		st, err := dir.Lstat(one.name)
		if err != nil {
			continue
		}
		left := r.MaxAge - time.Since(time.Unix(st.Mtim.Unix()))
		switch {
		case left > 0 && (next == 0 || left < next):
			next = left
		case left > 0:
		default:
			if err := dir.Remove(one.name); err != nil && !absent(err) {
				return 0, fmt.Errorf("cannot remove what is too old of log file %q: %w", f.path, err)
			}
		}
	}
	return next, nil
}

func (f *file) name() string { return filepath.Base(f.path) }

// uncompressed opens the oldest rotated file that is not compressed, was not tried before and
// is not refused; nil if there is none.
func (f *file) uncompressed(dir *safefile.Dir, keep int, tried map[uint64]bool, refused *error) (*os.File, unix.Stat_t, error) {
	f.names.Lock()
	defer f.names.Unlock()
	all, err := f.rotatedIn(dir, keep)
	if err != nil {
		return nil, unix.Stat_t{}, err
	}
	for _, one := range all {
		if one.zipped {
			continue
		}
		st, err := dir.Lstat(one.name)
		if err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || tried[st.Ino] {
			continue
		}
		tried[st.Ino] = true
		fd, err := dir.OpenLog(one.name, unix.O_RDONLY, 0)
		if err != nil {
			*refused = &os.PathError{Op: "open", Path: one.name, Err: err}
			continue
		}
		return os.NewFile(uintptr(fd), one.name), st, nil
	}
	return nil, unix.Stat_t{}, nil
}

// rotatedFile is one of those that are kept.
type rotatedFile struct {
	number int
	zipped bool
	name   string
}

// rotatedIn lists the rotated files, the oldest first. There may be gaps: somebody has removed
// one, or a rotation was not finished.
func (f *file) rotatedIn(dir *safefile.Dir, keep int) (all []rotatedFile, err error) {
	fd, err := unix.Openat(dir.FD(), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: filepath.Dir(f.path), Err: err}
	}
	d := os.NewFile(uintptr(fd), filepath.Dir(f.path))
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		end, ours := strings.CutPrefix(name, f.name()+".")
		end, zipped := strings.CutSuffix(end, compressed)
		if number, err := strconv.Atoi(end); ours && err == nil && number > 0 && number <= keep && strconv.Itoa(number) == end {
			all = append(all, rotatedFile{number, zipped, name})
		}
	}
	slices.SortFunc(all, func(a, b rotatedFile) int { return b.number - a.number })
	return all, nil
}

// compress makes a compressed file of source, with the same owner, mode and time, and has it
// take the place of that, which may have another name by then, or none.
func (f *file) compress(dir *safefile.Dir, keep int, source *os.File, st unix.Stat_t, stopped func() bool) error {
	temporary := f.name() + unready
	_ = dir.Remove(temporary)
	fd, err := dir.OpenLog(temporary, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
	if err != nil {
		return &os.PathError{Op: "open", Path: temporary, Err: err}
	}
	out := os.NewFile(uintptr(fd), temporary)
	err = compressTo(out, source, &st, stopped)
	out.Close()
	if err == nil {
		err = f.replace(dir, keep, temporary, source, &st)
	} else {
		_ = dir.Remove(temporary)
	}
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// compressTo has the compressed source on the disk when it returns.
func compressTo(out, source *os.File, st *unix.Stat_t, stopped func() bool) error {
	z, err := newGzipper(out, time.Unix(st.Mtim.Unix()))
	if err != nil {
		return err
	}
	for {
		_, err := io.CopyN(z, source, 256<<10)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if stopped() {
			return errStopped
		}
	}
	fd := int(out.Fd())
	if err := errors.Join(z.Close(), unix.Fchown(fd, int(st.Uid), int(st.Gid)), unix.Fchmod(fd, st.Mode&0o777), out.Sync()); err != nil {
		return err
	}
	// Without /proc it is younger than what is in it, and kept for longer.
	_ = unix.UtimesNanoAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), []unix.Timespec{st.Mtim, st.Mtim}, 0)
	return nil
}

// replace puts a compressed file in the place of source, unless that was written to meanwhile
// or has been rotated out.
func (f *file) replace(dir *safefile.Dir, keep int, temporary string, source *os.File, st *unix.Stat_t) error {
	f.names.Lock()
	defer f.names.Unlock()
	var now unix.Stat_t
	if err := unix.Fstat(int(source.Fd()), &now); err != nil || now.Size != st.Size || now.Mtim != st.Mtim {
		return dir.Remove(temporary)
	}
	all, err := f.rotatedIn(dir, keep)
	if err != nil {
		return errors.Join(err, dir.Remove(temporary))
	}
	for _, one := range all {
		if at, err := dir.Lstat(one.name); one.zipped || err != nil || at.Dev != st.Dev || at.Ino != st.Ino {
			continue
		}
		if err := dir.Rename(temporary, one.name+compressed); err != nil {
			_ = dir.Remove(temporary)
			return &os.LinkError{Op: "rename", Old: temporary, New: one.name + compressed, Err: err}
		}
		return dir.Remove(one.name)
	}
	return dir.Remove(temporary)
}
