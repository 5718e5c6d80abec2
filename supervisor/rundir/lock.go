package rundir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// The lock is that of the lock file, which nobody else can open: flock(2) needs no more than
// an open file. The directory is locked beside it for the moment in which somebody has
// removed the lock file of a supervisor that runs; everybody who can read the directory can
// lock that, so that it counts only as the lock of a supervise.

// lockFile locks the file, which also tells others who we are.
func (d *Dir) lockFile() error {
	for began := time.Now(); ; time.Sleep(lockRetry) {
		err := d.openLock()
		if err != nil {
			return fmt.Errorf("cannot lock the runtime directory %s: %w", d.Path, elsewhere(err))
		}
		err = tryLock(d.lock, unix.LOCK_EX)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EWOULDBLOCK):
			return fmt.Errorf("cannot lock the runtime directory %s: flock: %w", d.Path, err)
		case d.replaceLock():
			continue
		}
		if pid := recordedPID(d.lock); !orphaned(pid, began) {
			return &BusyError{Path: d.Path, PID: pid}
		}
	}
}

// openLock opens the file, or makes it, for us alone. What somebody else has put in its place,
// when others could write in the directory, is removed: who owns the file can hold it at any
// time, and say in it which processes are ours.
func (d *Dir) openLock() (err error) {
	_ = d.lock.Close() // of a nil file it is an error without effect
	if info, err := d.root.Lstat(lockName); err == nil && !ours(info) {
		if err := d.root.RemoveAll(lockName); err != nil {
			return err
		}
	}
	if d.lock, err = d.root.OpenFile(lockName, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, lockMode); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(d.lock.Fd()), &st); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	d.lockWas = st.Mode & 0o777
	if d.lockWas != lockMode {
		_ = d.lock.Chmod(lockMode) // of a version before
	}
	return nil
}

// ours reports whether a file belongs to root or to our user.
func ours(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
}

// lockMode keeps others from opening the lock file.
const lockMode = 0o600

// replaceLock removes a lock file that others could open, if one of them holds it: it is
// known who does, and that is no supervise.
func (d *Dir) replaceLock() bool {
	if d.lockWas == lockMode {
		return false
	}
	known, owner := lockHolders(d.lock)
	return known && owner == 0 && d.root.Remove(lockName) == nil
}

// lockDir locks the directory itself, unless the file system cannot do that, or somebody
// holds it who is no supervise. Some programs lock a directory while they look into it:
// systemd-tmpfiles does, and skips one that is locked.
func (d *Dir) lockDir() error {
	for began := time.Now(); ; time.Sleep(lockRetry) {
		if err := tryLock(d.self, unix.LOCK_EX); !errors.Is(err, unix.EWOULDBLOCK) {
			return nil
		}
		if pid, held := d.holder(); held {
			if orphaned(pid, began) {
				continue
			}
			return &BusyError{Path: d.Path, PID: pid}
		}
		if time.Since(began) > foreignLockTime {
			if _, owner := lockHolders(d.self); owner != 0 {
				return &BusyError{Path: d.Path, PID: owner}
			}
			return nil
		}
	}
}

// holder returns who has locked the file, if that was made for us alone.
func (d *Dir) holder() (pid int, held bool) {
	file, err := d.root.OpenFile(lockName, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0, false
	}
	defer file.Close()
	info, err := file.Stat()
	return recordedPID(file), err == nil && info.Mode().Perm() == lockMode && ours(info) &&
		errors.Is(tryLock(file, unix.LOCK_SH), unix.EWOULDBLOCK)
}

func tryLock(file *os.File, how int) error { return unix.Flock(int(file.Fd()), how|unix.LOCK_NB) }

// lockHolders looks for who has locked a file: proc_locks(5). known says that all of them
// are seen; owner is the one that is a supervise of root or our user, 0 if none is.
func lockHolders(file *os.File) (known bool, owner int) {
	var st unix.Stat_t
	if unix.Fstat(int(file.Fd()), &st) != nil {
		return false, 0
	}
	text, err := sys.ReadFile("/proc/locks")
	if err != nil {
		return false, 0
	}
	for _, pid := range holdersIn(text, st.Ino, unix.Major(st.Dev), unix.Minor(st.Dev)) {
		known = true
		if isSupervise(pid) {
			owner = pid
		}
	}
	return known, owner
}

// holdersIn returns the pids of those who hold a flock on a file, as a text of /proc/locks
// has it:
//
//	1: FLOCK  ADVISORY  WRITE 812 00:1b:4711 0 EOF
//
// A line of who waits has "->" behind its number.
func holdersIn(text string, ino uint64, major, minor uint32) (pids []int) {
	file := fmt.Sprintf("%02x:%02x:%d", major, minor, ino)
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 6 || f[1] != "FLOCK" || f[5] != file {
			continue
		}
		if pid, err := strconv.Atoi(f[4]); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// isSupervise reports whether a process runs this program, by its name, as root or our user
// alone: a program with the set-user-ID bit keeps who has called it as its real user.
func isSupervise(pid int) bool {
	dir := "/proc/" + strconv.Itoa(pid)
	status, err := sys.ReadFile(dir + "/status")
	if err != nil || !onlyUsers(status, 0, os.Geteuid()) {
		return false
	}
	own, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return true // it cannot be told; two must never run
	}
	theirs, err := os.Readlink(dir + "/exe")
	return err != nil || programName(theirs) == programName(own)
}

// programName is the name of a program's file, which may have been replaced: proc_pid_exe(5).
func programName(exe string) string {
	return filepath.Base(strings.TrimSuffix(exe, " (deleted)"))
}

// onlyUsers reports whether all of a process's user ids are among some, by a text of
// /proc/PID/status.
func onlyUsers(status string, allowed ...int) bool {
	for line := range strings.Lines(status) {
		ids, found := strings.CutPrefix(line, "Uid:")
		if !found {
			continue
		}
		for field := range strings.FieldsSeq(ids) {
			if id, err := strconv.Atoi(field); err != nil || !slices.Contains(allowed, id) {
				return false
			}
		}
		return true
	}
	return false
}
