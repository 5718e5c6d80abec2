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

	"golang.org/x/sys/unix"

	"supervise/internal/safefile"
	"supervise/supervisor/control/wire"
)

// Default is where a supervisor keeps its files unless its configuration says otherwise: the
// directory in which clients look for it, see [wire.Directory].
func Default() string { return filepath.Clean(wire.Directory("", os.Getenv)) }

// Dir is a locked runtime directory.
type Dir struct {
	Path    string // absolute
	id      string
	ownID   string // the id derived from the directory itself
	killed  bool
	exposed bool // others can write in it

	root    *os.Root // the directory
	self    *os.File // the same as a file, locked
	lock    *os.File // the lock file, locked
	lockWas uint32   // the permission bits that it was found with

	watch   *os.File // inotify(7), nil without
	watchFD int
	above   []int // with Notify: the directories that it is in
}

// lockName is the lock file. Its first line is the owner's pid; a second line is the id of
// the directory if it was taken over from an earlier one: see [Dir.Renew].
const lockName = "lock"

// lockSize is enough for all that a lock file says: a pid and an id of 64 bits.
const lockSize = 64

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

// Lost says what it means that a directory cannot be renewed, and what can be done: commands cannot
// reach us any more.
func Lost(err error) string {
	const gone = "somebody has removed or moved the runtime directory, and commands cannot reach this supervise any more: "
	end := "kill -TERM " + strconv.Itoa(os.Getpid())
	var busy *BusyError
	if errors.As(err, &busy) {
		return gone + "another one has taken its place, and services may run twice; stop this one with " + end + ", or the other one"
	}
	return gone + "it cannot be created again; make room for it, then stop this supervise with " + end + " and start it again"
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
	made, err := safefile.MakeDir(path, 0o755, safefile.Ours)
	if err != nil {
		return nil, cannotMake(path, err)
	}
	ours := made.Stat()
	made.Close() // where descriptors are few, each counts
	d := &Dir{Path: path, id: id}
	if err := d.take(ours); err != nil {
		d.release()
		return nil, err
	}
	return d, nil
}

// cannotMake says why not, and what can be done.
func cannotMake(path string, err error) error {
	var refused *safefile.RefusedError
	if errors.As(err, &refused) {
		return fmt.Errorf("cannot use the runtime directory %s: %s; %s, by --runtime-dir or supervisor.runtime-dir", path, refused.Reason, refused.Remedy)
	}
	if obstacle := Obstacle(path); obstacle != nil {
		return fmt.Errorf("cannot make the runtime directory %s: %w", path, obstacle)
	}
	return fmt.Errorf("cannot make the runtime directory: %w", elsewhere(err))
}

// elsewhere adds to an error what can be done where nothing can be written.
func elsewhere(err error) error {
	if errors.Is(err, unix.EROFS) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("%w; name a directory that can be written, by --runtime-dir or supervisor.runtime-dir", err)
	}
	return err
}

// take opens and locks the directory that is known to be ours.
func (d *Dir) take(ours unix.Stat_t) (err error) {
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
	if st.Dev != ours.Dev || st.Ino != ours.Ino {
		return fmt.Errorf("cannot open the runtime directory %s: somebody has just put another one in its place", d.Path)
	}
	d.keepOut(st.Mode)
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

// Killed reports whether the previous owner ended without releasing the directory.
func (d *Dir) Killed() bool { return d.killed }

// Root is the directory itself: it reaches this directory's files and no others, even if it
// was moved or removed and its path names another one. It is closed with the Dir.
func (d *Dir) Root() *os.Root { return d.root }

// keepOut takes from others the permission to write in the directory, so that what is there
// is ours. Where we may not, [Dir.Exposed] tells.
func (d *Dir) keepOut(mode uint32) {
	if mode&0o022 != 0 && d.self.Chmod(os.FileMode(mode&0o755)) != nil {
		d.exposed = true
	}
}

// Exposed reports whether others can write in the directory, and so keep us from being
// found, or from starting.
func (d *Dir) Exposed() bool { return d.exposed }

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
	text := make([]byte, lockSize)
	n, _ := file.ReadAt(text, 0)
	if lines := strings.Split(string(text[:n]), "\n"); i < len(lines) {
		return strings.TrimSpace(lines[i])
	}
	return ""
}

// writeLock writes our pid into the lock file, and the id if it cannot be derived from the
// directory. It is one write over what was there: were the file empty for a moment, and we
// were killed then, the next one would not look for what our predecessor has left.
func (d *Dir) writeLock() error {
	text := make([]byte, lockSize)
	n := copy(text, strconv.Itoa(os.Getpid())+"\n")
	if d.id != d.ownID {
		n += copy(text[n:], d.id+"\n")
	}
	for i := n; i < len(text); i++ {
		text[i] = '\n'
	}
	_, err := d.lock.WriteAt(text, 0)
	if err == nil {
		err = d.lock.Truncate(int64(n))
	}
	if err != nil {
		return fmt.Errorf("cannot write into the runtime directory: %w", elsewhere(err))
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

// Abandon is Close for who has not come to look for what a killed predecessor has left: that it
// was killed stays on record.
func (d *Dir) Abandon() error {
	if !d.killed {
		return d.Close()
	}
	d.release()
	return nil
}

// release closes what is open.
func (d *Dir) release() {
	if d.root != nil {
		_ = d.root.Close()
	}
	for _, fd := range d.above {
		_ = unix.Close(fd)
	}
	d.above = nil
	for _, file := range []*os.File{d.watch, d.self, d.lock} {
		_ = file.Close() // of a nil file it is an error without effect
	}
}
