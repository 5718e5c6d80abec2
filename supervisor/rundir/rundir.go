package rundir

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/supervisor/rundir/where"
)

// Default is where a supervisor keeps its files unless its configuration says otherwise:
// see [where.Meant].
func Default() string { return filepath.Clean(where.Meant("", os.Getenv)) }

// Dir is a locked runtime directory.
type Dir struct {
	Path string // absolute
	id   string
	lock *os.File
}

// lockName is the file that is locked; the pid of the owner stands in it.
const lockName = "lock"

// BusyError says that another supervisor has the directory.
type BusyError struct {
	Path string
	PID  int // 0 when it could not be read
}

func (e *BusyError) Error() string {
	owner := "another supervise"
	if e.PID != 0 {
		owner += " (pid " + strconv.Itoa(e.PID) + ")"
	}
	return owner + " runs in " + e.Path + "; stop it, or give this one another supervisor.runtime-dir"
}

// Open makes the directory, mode 0755, if it is not there, and locks it. The lock is the
// kernel's: it ends with the process, however that ends. A [BusyError] says who has it.
func Open(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the runtime directory: %w", err)
	}
	st, err := trusted(path)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the runtime directory: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, &BusyError{Path: path, PID: owner(file)}
		}
		return nil, fmt.Errorf("cannot lock the runtime directory %s: flock: %w", path, err)
	}
	d := &Dir{Path: path, id: idOf(path, st), lock: file}
	if err := d.sign(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("cannot write into the runtime directory: %w", err)
	}
	return d, nil
}

// trusted refuses a directory that another user but root could have put there: the one in
// /tmp has a name that anybody can guess. A symbolic link is followed if it is as good.
func trusted(path string) (st unix.Stat_t, err error) {
	for _, look := range []func(string, *unix.Stat_t) error{unix.Lstat, unix.Stat} {
		if err := look(path, &st); err != nil {
			return st, fmt.Errorf("cannot look at the runtime directory %s: %w", path, err)
		}
		if int(st.Uid) != os.Geteuid() && st.Uid != 0 {
			return st, fmt.Errorf("the runtime directory %s belongs to uid %d; remove it, or set supervisor.runtime-dir", path, st.Uid)
		}
	}
	return st, nil
}

// owner reads who has the lock, 0 if it does not say.
func owner(file *os.File) int {
	text := make([]byte, 32)
	n, _ := file.ReadAt(text, 0)
	pid, err := strconv.ParseInt(strings.TrimSpace(string(text[:n])), 10, 32)
	if err != nil || pid < 0 {
		return 0
	}
	return int(pid)
}

// sign writes our pid into the lock file.
func (d *Dir) sign() error {
	if err := d.lock.Truncate(0); err != nil {
		return err
	}
	_, err := d.lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// ID is a short name for the directory, the same in every process that opens it by the
// same path: hexadecimal digits. Another directory of the same path, in another mount
// namespace, has another.
func (d *Dir) ID() string { return d.id }

func idOf(path string, st unix.Stat_t) string {
	sum := fnv.New64a()
	_, _ = fmt.Fprintf(sum, "%s %d %d", path, st.Dev, st.Ino)
	return strconv.FormatUint(sum.Sum64(), 16)
}

// Close gives the directory up. The lock file stays, empty: to remove it would let two
// supervisors lock two files of the same name.
func (d *Dir) Close() error {
	_ = d.lock.Truncate(0)
	return d.lock.Close()
}
