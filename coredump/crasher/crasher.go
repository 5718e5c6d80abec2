package crasher

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/coredump/socket"
	"supervise/internal/sys"
)

// Who is a process that crashes.
type Who struct {
	PID      int // in our PID namespace
	UID, GID int // real ones
	Signal   int // 0 if it is not known
	Name     string
	Cgroup   string // path below the mount of cgroup2; "" if it is not known
	// Private is why the core is for root alone; "" for one that its user may read.
	Private string
}

// Unknown is a process of which nothing is known, for a reason.
func Unknown(reason error) Who {
	return Who{UID: -1, GID: -1, Private: "whose it is cannot be found out: " + reason.Error()}
}

// NotDumpable is why a core is private if its process is not dumpable.
const NotDumpable = "it is not dumpable: see PR_SET_DUMPABLE, prctl(2)"

// ByPID is Identify for a process of which only the pid is known, from the kernel, which it has
// as long as it dumps core. As another can have it by now, the core is private. The pidfd is
// the caller's; it is -1 if no process dumps core that has the pid.
func ByPID(pid int) (pidfd int, who Who) {
	pidfd, err := sys.OpenPID(pid)
	if err != nil {
		return -1, Unknown(err)
	}
	who, err = Identify(pidfd)
	if err == nil && !dumping(who.PID) {
		err = errors.New("it does not dump core")
	}
	if err != nil {
		_ = unix.Close(pidfd)
		return -1, Unknown(err)
	}
	if who.Private == "" {
		who.Private = "the kernel tells whose it is by a pid alone, which another process may have by now"
	}
	return pidfd, who
}

// dumping reports whether a process dumps core: CoreDumping, Linux 4.15.
func dumping(pid int) bool {
	status, err := sys.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return false
	}
	value, known := field(status, "CoreDumping:")
	return !known || value == "1"
}

// overflow is the uid and gid of who has none in our user namespace: user_namespaces(7).
const overflow = 65534

// ids are the four uids or gids of a process: real, effective, saved, of the file system.
type ids [4]uint32

func (i ids) mixed() bool { return i[1] != i[0] || i[2] != i[0] || i[3] != i[0] }

// found is what Identify gathers.
type found struct {
	uids      ids
	gids      ids
	hasDumped bool
	dumped    socket.Dumped
	name      string
	cgroup    string
	secure    bool
	auxv      error // why it is not known whether it is secure
}

// Identify finds out about the process of a pidfd, which must still be there: dumping core. An
// error means that nothing of what was found counts.
func Identify(pidfd int) (Who, error) {
	p, err := Open(pidfd)
	if err != nil {
		return Unknown(err), err
	}
	defer p.Close()
	return p.Identify()
}

// Process is a process that still is there, seen through its directory in /proc.
type Process struct {
	PID   int
	pidfd int
	info  socket.Info // zero where the kernel does not say it
	dir   int         // /proc/PID
}

// Open opens the process of a pidfd, which the caller keeps open.
func Open(pidfd int) (*Process, error) {
	p := &Process{pidfd: pidfd, dir: -1}
	info, err := socket.GetInfo(pidfd)
	switch {
	case err == nil && info.Exited:
		return nil, errors.New("it has ended")
	case err == nil:
		p.info, p.PID = info, info.PID
	case errors.Is(err, socket.ErrNoInfo):
		if p.PID, err = pidOf(pidfd); err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	if p.PID <= 0 {
		return nil, errors.New("it has no pid in this PID namespace")
	}
	path := "/proc/" + strconv.Itoa(p.PID)
	if p.dir, err = unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	// The directory is that of the process that had the pid when it was opened, for good, and
	// that is the one of the pidfd if this is not reaped by now.
	if err := p.alive(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close closes what Open has opened.
func (p *Process) Close() { _ = unix.Close(p.dir) }

// Identify finds out whose the process is.
func (p *Process) Identify() (Who, error) {
	f := &found{hasDumped: p.info.HasDumped, dumped: p.info.Dumped}
	err := f.read(p.dir)
	if err == nil {
		err = p.alive()
	}
	if err != nil {
		return Unknown(err), err
	}
	return Who{
		PID: p.PID, UID: int(f.uids[0]), GID: int(f.gids[0]), Signal: p.info.Signal,
		Name: f.name, Cgroup: f.cgroup, Private: f.private(),
	}, nil
}

// alive fails if the process was reaped.
func (p *Process) alive() error {
	if err := sys.KillPIDFD(p.pidfd, 0); err != nil && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("it has ended meanwhile: %w", err)
	}
	return nil
}

// private says why a core is for root alone.
func (f *found) private() string {
	switch {
	case f.hasDumped && f.dumped&socket.AsUser == 0:
		return NotDumpable
	case f.uids.mixed():
		return "it has several user ids"
	case f.gids.mixed():
		return "it has several group ids"
	case f.uids[0] == overflow:
		return "its user has no id in this user namespace"
	case f.auxv != nil:
		return "its auxiliary vector cannot be read: " + f.auxv.Error()
	case f.secure:
		return "it was executed with more rights than its user has: AT_SECURE, getauxval(3)"
	}
	return ""
}

// pidOf finds the pid of a pidfd where the kernel has no PIDFD_GET_INFO.
func pidOf(pidfd int) (int, error) {
	text, err := sys.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(pidfd))
	if err != nil {
		return 0, err
	}
	value, ok := field(text, "Pid:")
	if !ok {
		return 0, errors.New("it is no pidfd")
	}
	return strconv.Atoi(value)
}

// field returns what follows a name at the beginning of a line.
func field(text, name string) (string, bool) {
	for line := range strings.SplitSeq(text, "\n") {
		if value, ok := strings.CutPrefix(line, name); ok {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}

// read reads what is in /proc/PID, which is open.
func (f *found) read(dir int) error {
	status, err := readAt(dir, "status")
	if err != nil {
		return err
	}
	for name, to := range map[string]*ids{"Uid:": &f.uids, "Gid:": &f.gids} {
		value, _ := field(string(status), name)
		if err := to.parse(value); err != nil {
			return err
		}
	}
	if name, err := readAt(dir, "comm"); err == nil {
		f.name = strings.TrimSuffix(string(name), "\n")
	}
	if groups, err := readAt(dir, "cgroup"); err == nil {
		f.cgroup, _ = field(string(groups), "0::")
	}
	auxv, err := readAt(dir, "auxv")
	if err == nil {
		f.secure, err = secure(auxv)
	}
	f.auxv = err
	return nil
}

func (i *ids) parse(text string) error {
	fields := strings.Fields(text)
	if len(fields) != len(i) {
		return fmt.Errorf("its ids cannot be read: %q", text)
	}
	for n, word := range fields {
		id, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			return fmt.Errorf("its ids cannot be read: %q", text)
		}
		i[n] = uint32(id)
	}
	return nil
}

// atSecure is AT_SECURE: getauxval(3).
const atSecure = 23

// secure finds AT_SECURE in an auxiliary vector.
func secure(auxv []byte) (bool, error) {
	for ; len(auxv) >= 16; auxv = auxv[16:] {
		if binary.NativeEndian.Uint64(auxv) == atSecure {
			return binary.NativeEndian.Uint64(auxv[8:]) != 0, nil
		}
	}
	return false, errors.New("AT_SECURE is not in it")
}

// maxRead bounds what is read of one file of /proc.
const maxRead = 64 << 10

// readAt reads a file below an open directory of /proc.
func readAt(dir int, name string) ([]byte, error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer unix.Close(fd)
	b := make([]byte, 0, 4096)
	for len(b) < maxRead {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := unix.Read(fd, b[len(b):min(cap(b), maxRead)])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, &os.PathError{Op: "read", Path: name, Err: err}
		}
		if n == 0 {
			break
		}
		b = b[:len(b)+n]
	}
	return b, nil
}
