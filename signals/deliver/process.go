package deliver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/predict"
	"supervise/signals/state/procfs"
	"supervise/supervisor/process/tree"
)

// Process is one process, held by a pidfd.
type Process struct {
	PID  int
	Name string // comm: any bytes

	fd      int // -1 on a kernel without pidfds
	started uint64
}

// ErrNone is the error for a process that does not exist, or not any more.
var ErrNone = procfs.ErrGone

// Open takes hold of the process that has the pid now. [Process.Close] lets it go.
func Open(pid int) (*Process, error) {
	fd, err := sys.OpenPID(pid)
	switch err {
	case nil:
	case syscall.ESRCH:
		return nil, fmt.Errorf("pid %d: %w", pid, ErrNone)
	case syscall.EINVAL, syscall.ENOENT:
		// EINVAL up to Linux 6.8: a thread that is not the first of its process.
		return nil, notMain(pid)
	default:
		fd = -1 // ENOSYS before Linux 5.3; EPERM below seccomp filters as old as that
	}
	p := &Process{PID: pid, fd: fd}
	// The pid is the process's as long as we know that it has not been reaped.
	stat, err := sys.ReadStat(pid)
	if err != nil || !p.exists() {
		p.Close()
		return nil, fmt.Errorf("pid %d: %w", pid, ErrNone)
	}
	p.Name, p.started = stat.Name, stat.Started
	return p, nil
}

// notMain says of which process a pid is a thread.
func notMain(pid int) error {
	var process string
	_ = sys.ReadProc("/proc/"+strconv.Itoa(pid)+"/status", func(text string) error {
		for line := range strings.Lines(text) {
			if id, ok := strings.CutPrefix(line, "Tgid:\t"); ok {
				process = strings.Clone(strings.TrimSpace(id))
			}
		}
		return nil
	})
	if process == "" {
		return fmt.Errorf("pid %d: %w", pid, ErrNone)
	}
	return fmt.Errorf("%d is a thread of process %s: signal that, or the thread alone with --thread %d %s", pid, process, pid, process)
}

// Close lets the process go.
func (p *Process) Close() {
	if p.fd >= 0 {
		sys.Close(p.fd)
		p.fd = -1
	}
}

// exists reports whether the process has not been reaped.
func (p *Process) exists() bool { return p.probe() != syscall.ESRCH }

// probe sends no signal, but finds out whether it could be sent.
func (p *Process) probe() error {
	if p.fd >= 0 {
		return sys.KillPIDFD(p.fd, 0)
	}
	if stat, err := sys.ReadStat(p.PID); p.started != 0 && (err != nil || stat.Started != p.started) {
		return syscall.ESRCH
	}
	return sys.Kill(p.PID, 0)
}

// Look reads the state of the process as far as it matters to a signal. The error is [ErrNone]
// if it has been reaped.
func (p *Process) Look(s signals.Signal) (predict.Target, error) {
	found, err := procfs.Read(p.PID)
	permission := p.probe()
	if permission == syscall.ESRCH {
		return predict.Target{}, fmt.Errorf("pid %d: %w", p.PID, ErrNone)
	}
	if err != nil {
		return predict.Target{}, err
	}
	t := predict.TargetOf(found)
	t.Outside = found.Init() && found.Namespaces > 1
	t.Frozen = frozen(p.PID)
	if s.Default() == signals.Stop && s.Catchable() {
		t.Orphaned = orphaned(p.PID)
	}
	// Beside those that may send everything, SIGCONT may be sent within a session: kill(2).
	t.Denied = permission == syscall.EPERM && !(s == signals.SIGCONT && sameSession(p.PID))
	return t, nil
}

// frozen reports whether a process's cgroup is: cgroups(7), "cgroup.events".
func frozen(pid int) bool {
	dir, _, err := tree.CgroupOf(strconv.Itoa(pid))
	if err != nil {
		return false
	}
	events, err := sys.ReadFile(filepath.Join(dir, "cgroup.events"))
	return err == nil && strings.Contains(events, "frozen 1")
}

// orphaned reports whether no process of a process's group has a parent in another group of the
// same session, who could continue it: setpgid(2).
func orphaned(pid int) bool {
	all := map[int]sys.Stat{}
	for stat := range sys.Processes() {
		all[stat.PID] = stat
	}
	self, ok := all[pid]
	for _, member := range all {
		parent, known := all[member.Parent]
		if member.Group == self.Group && !member.Zombie() && known &&
			parent.Group != member.Group && parent.Session == member.Session {
			return false
		}
	}
	return ok
}

func sameSession(pid int) bool {
	stat, err := sys.ReadStat(pid)
	own, errOwn := sys.ReadStat(os.Getpid())
	return err == nil && errOwn == nil && stat.Session == own.Session
}

// Send sends a signal, with a value if that is not nil, to the process or to the one thread that
// sending names. The errors are those of kill(2), as syscall.Errno.
func (p *Process) Send(s predict.Sending, value *uint64) error {
	info := signals.Info{Signal: s.Signal, Code: signals.CodeQueue, PID: int32(os.Getpid()), UID: uint32(os.Getuid())}
	if value != nil {
		info.Value = *value
	}
	if s.Thread != 0 {
		return p.sendThread(s.Thread, info, value != nil)
	}
	if p.fd < 0 {
		if err := p.probe(); err != nil {
			return err
		}
		if value != nil {
			return sys.Queue(p.PID, info)
		}
		return sys.Kill(p.PID, s.Signal)
	}
	if value != nil {
		return sys.QueuePIDFD(p.fd, info)
	}
	return sys.KillPIDFD(p.fd, uint8(s.Signal))
}

// sendThread sends to one thread. tgkill(2) and rt_tgsigqueueinfo(2) take only a thread of the
// given process, which still has its pid.
func (p *Process) sendThread(tid int, info signals.Info, queue bool) error {
	if err := p.probe(); errors.Is(err, syscall.ESRCH) {
		return err
	}
	fd, err := sys.OpenThread(tid)
	if err == nil {
		defer sys.Close(fd)
		// It is one of this process, and stays it as long as it exists.
		if _, err := os.Stat("/proc/" + strconv.Itoa(p.PID) + "/task/" + strconv.Itoa(tid)); err != nil {
			return syscall.ESRCH
		}
		if queue {
			return sys.QueuePIDFD(fd, info)
		}
		return sys.KillPIDFD(fd, uint8(info.Signal))
	}
	if queue {
		return sys.QueueThread(p.PID, tid, info)
	}
	return sys.KillThread(p.PID, tid, info.Signal)
}
