package rundir

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"supervise/supervisor/control/wire"
)

// Default is where a supervisor keeps its files unless its configuration says otherwise: the
// directory in which clients look for it, see [wire.Directory].
func Default() string { return filepath.Clean(wire.Directory("", os.Getenv)) }

// Dir is a locked runtime directory.
type Dir struct {
	Path   string // absolute
	id     string
	ownID  string // the id derived from the directory itself
	killed bool
	root   *os.Root // the directory
	self   *os.File // the same as a file, locked
	lock   *os.File // the lock file, locked

	watch   *os.File // inotify(7), nil without
	watchFD int
}

// lockName is the lock file. Its first line is the owner's pid; a second line is the id of
// the directory if it was taken over from an earlier one: see [Dir.Renew].
const lockName = "lock"

// BusyError says that another supervisor has the directory.
type BusyError struct {
	Path string
	PID  int // 0 if unknown
}

func (e *BusyError) Error() string {
	owner := "another supervise"
	if e.PID != 0 {
		owner += " (pid " + strconv.Itoa(e.PID) + ")"
	}
	return owner + " runs in " + e.Path + "; stop it, or give this one another supervisor.runtime-dir"
}

// Open makes the directory, mode 0755, if it does not exist, and locks it. The kernel
// releases the lock when the process ends, in whatever way. A [BusyError] says who has it.
func Open(path string) (*Dir, error) { return openAs(path, "") }

// openAs is Open for a directory with an id; "" derives one from the directory.
func openAs(path, id string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		if obstacle := Obstacle(path); obstacle != nil {
			return nil, fmt.Errorf("cannot make the runtime directory %s: %w", path, obstacle)
		}
		return nil, fmt.Errorf("cannot make the runtime directory: %w", err)
	}
	if err := checkOwnerOf(path); err != nil {
		return nil, err
	}
	d := &Dir{Path: path, id: id}
	if err := d.take(); err != nil {
		d.release()
		return nil, err
	}
	return d, nil
}

// take opens and locks the directory.
func (d *Dir) take() (err error) {
	if d.root, err = os.OpenRoot(d.Path); err != nil {
		return fmt.Errorf("cannot open the runtime directory: %w", err)
	}
	if d.self, err = d.root.Open("."); err != nil {
		return fmt.Errorf("cannot open the runtime directory %s: %w", d.Path, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(d.self.Fd()), &st); err != nil {
		return fmt.Errorf("cannot look at the runtime directory %s: fstat: %w", d.Path, err)
	}
	if err := checkOwner(d.Path, &st); err != nil {
		return err
	}
	d.ownID = idOf(int(d.self.Fd()), st)
	if err := d.lockDir(); err != nil {
		return err
	}
	if err := d.lockFile(); err != nil {
		return err
	}
	if d.id == "" {
		d.id = cmp.Or(recordedID(d.lock), d.ownID)
	}
	d.killed = recordedPID(d.lock) != 0
	return d.writeLock()
}

// lockFile locks the file in the directory, in addition to the directory itself: it tells
// others who we are, but it can be removed.
func (d *Dir) lockFile() (err error) {
	if d.lock, err = d.root.OpenFile(lockName, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o644); err != nil {
		return fmt.Errorf("cannot lock the runtime directory %s: %w", d.Path, err)
	}
	for began := time.Now(); ; time.Sleep(lockRetry) {
		switch err := tryLock(d.lock, unix.LOCK_EX); {
		case errors.Is(err, unix.EWOULDBLOCK):
			if pid := recordedPID(d.lock); !orphaned(pid, began) {
				return &BusyError{Path: d.Path, PID: pid}
			}
		case err != nil:
			return fmt.Errorf("cannot lock the runtime directory %s: flock: %w", d.Path, err)
		default:
			return nil
		}
	}
}

// lockDir locks the directory itself. If the file system cannot do that, the lock of the file
// must do. Some programs lock a directory while they look into it: systemd-tmpfiles does, and
// skips one that is locked.
func (d *Dir) lockDir() error {
	for began := time.Now(); ; time.Sleep(lockRetry) {
		if err := tryLock(d.self, unix.LOCK_EX); !errors.Is(err, unix.EWOULDBLOCK) {
			return nil
		}
		pid, held := d.holder()
		if held && !orphaned(pid, began) || !held && time.Since(began) > foreignLockTime {
			return &BusyError{Path: d.Path, PID: pid}
		}
	}
}

// holder returns who has locked the file, if it exists.
func (d *Dir) holder() (pid int, held bool) {
	file, err := d.root.OpenFile(lockName, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0, false
	}
	defer file.Close()
	return recordedPID(file), errors.Is(tryLock(file, unix.LOCK_SH), unix.EWOULDBLOCK)
}

func tryLock(file *os.File, how int) error { return unix.Flock(int(file.Fd()), how|unix.LOCK_NB) }

// Killed reports whether the previous owner ended without releasing the directory.
func (d *Dir) Killed() bool { return d.killed }

// Root is the directory itself: it reaches this directory's files and no others, even if it
// was moved or removed and its path names another one. It is closed with the Dir.
func (d *Dir) Root() *os.Root { return d.root }

// checkOwnerOf refuses a directory that another user than root could have made: the one in
// /tmp has a name that anybody can guess. A symbolic link is followed if its owner is
// acceptable, too.
func checkOwnerOf(path string) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return fmt.Errorf("cannot look at the runtime directory %s: %w", path, err)
	}
	return checkOwner(path, &st)
}

func checkOwner(path string, st *unix.Stat_t) error {
	if int(st.Uid) != os.Geteuid() && st.Uid != 0 {
		return fmt.Errorf("the runtime directory %s belongs to uid %d; remove it, or set supervisor.runtime-dir", path, st.Uid)
	}
	return nil
}

// recordedPID returns the pid in the lock file, 0 if there is none.
func recordedPID(file *os.File) int {
	pid, err := strconv.ParseInt(lockLine(file, 0), 10, 32)
	if err != nil || pid < 0 {
		return 0
	}
	return int(pid)
}

// recordedID returns the id that a killed owner left in the lock file, "" if there is none.
func recordedID(file *os.File) string {
	id := lockLine(file, 1)
	if _, err := strconv.ParseUint(id, 16, 64); err != nil {
		return ""
	}
	return id
}

// lockLine returns one line of the lock file.
func lockLine(file *os.File, i int) string {
	text := make([]byte, 64)
	n, _ := file.ReadAt(text, 0)
	if lines := strings.Split(string(text[:n]), "\n"); i < len(lines) {
		return strings.TrimSpace(lines[i])
	}
	return ""
}

// writeLock writes our pid into the lock file, and the id if it cannot be derived from the
// directory.
func (d *Dir) writeLock() error {
	text := strconv.Itoa(os.Getpid()) + "\n"
	if d.id != d.ownID {
		text += d.id + "\n"
	}
	err := d.lock.Truncate(0)
	if err == nil {
		_, err = d.lock.WriteAt([]byte(text), 0)
	}
	if err != nil {
		return fmt.Errorf("cannot write into the runtime directory: %w", err)
	}
	return nil
}

// ID is a short name for the directory in hexadecimal digits, the same in every process that
// opens it by whatever path: a symbolic link, a bind mount, a relative one. Another directory,
// be it at the same path, has another one, unless [Dir.Renew] made it in place of this one.
func (d *Dir) ID() string { return d.id }

// idOf derives the id from what the directory is. Its time of birth tells it from an earlier
// one that had the same inode; a file system that does not know one has it 0.
func idOf(fd int, st unix.Stat_t) string {
	var born unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &born); err != nil || born.Mask&unix.STATX_BTIME == 0 {
		born.Btime = unix.StatxTimestamp{}
	}
	sum := fnv.New64a()
	_, _ = fmt.Fprintf(sum, "%d %d %d.%d", st.Dev, st.Ino, born.Btime.Sec, born.Btime.Nsec)
	return strconv.FormatUint(sum.Sum64(), 16)
}

// Close releases the directory. The lock file stays, empty: removing it would let two
// supervisors lock two files of the same name.
func (d *Dir) Close() error {
	err := d.lock.Truncate(0)
	d.release()
	return err
}

// release closes what is open.
func (d *Dir) release() {
	if d.root != nil {
		_ = d.root.Close()
	}
	for _, file := range []*os.File{d.watch, d.self, d.lock} {
		_ = file.Close() // of a nil file it is an error without effect
	}
}
