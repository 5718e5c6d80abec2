package settings

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// private reports whether the process's dumpable is not 1. The kernel shows that by giving its
// files in /proc to root (task_dump_owner in fs/proc/base.c); of a process that is root's, by
// refusing it to other processes of root that lack CAP_SYS_PTRACE.
func (d *procDir) private(p *Process) (private, known bool) {
	if d.pid == os.Getpid() {
		n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
		return n != 1, err == nil
	}
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, "status", &st, 0); err != nil {
		return false, false
	}
	effective := p.UIDs[1]
	switch {
	case st.Uid != effective:
		return true, true
	case effective != 0 && p.SameUsers:
		return false, true
	case !p.SameUsers:
		// Its own root's files look the same either way.
		return false, effective != 0 && !d.isRootOfItsOwn(effective)
	}
	return d.refused(p)
}

// isRootOfItsOwn reports whether uid, one of ours, is 0 in the user namespace of the process.
func (d *procDir) isRootOfItsOwn(uid uint32) bool {
	text, err := d.read("uid_map")
	fields := strings.Fields(text)
	return err != nil || len(fields) < 2 || fields[0] == "0" && fields[1] == strconv.FormatUint(uint64(uid), 10)
}

// refused asks whether the process is out of reach of one that has its ids, and its
// capabilities except CAP_SYS_PTRACE: __ptrace_may_access in kernel/ptrace.c.
func (d *procDir) refused(p *Process) (refused, known bool) {
	if p.Changed() || os.Geteuid() != 0 {
		return p.Changed(), p.Changed() // set by execve(2), or by the change
	}
	type answer struct{ refused, known bool }
	done := make(chan answer)
	go func() {
		var a answer
		runtime.LockOSThread()
		before, ok := becomeAlike(p)
		if ok {
			var head, size uintptr
			_, _, errno := unix.RawSyscall(unix.SYS_GET_ROBUST_LIST, uintptr(d.pid), uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&size)))
			a = answer{errno == unix.EPERM, errno == 0 || errno == unix.EPERM}
		}
		// A thread that ends would take along children that are to die with their parent
		// (PR_SET_PDEATHSIG), so that only one ends that cannot be made what it was.
		if before.restore() {
			runtime.UnlockOSThread()
		}
		done <- a
	}()
	a := <-done
	return a.refused, a.known
}

const capSysPtrace = 1 << unix.CAP_SYS_PTRACE // in the first word of the capabilities

// rights are those of a thread that are taken from it for a while.
type rights struct {
	gid       int // -1: not changed
	effective *[2]unix.CapUserData
}

// becomeAlike gives the thread the process's group, as the real one is compared, and takes
// CAP_SYS_PTRACE from what it may do now. It fails where the process has capabilities that we
// have not, as it would be refused for these.
func becomeAlike(p *Process) (before rights, ok bool) {
	before.gid = -1
	ours, err := capabilities(0)
	theirs, err2 := capabilities(p.PID)
	if err != nil || err2 != nil {
		return before, false
	}
	for i := range ours {
		if theirs[i].Permitted&^ours[i].Permitted != 0 {
			return before, false
		}
	}
	if theirs, own := int(p.GIDs[0]), os.Getgid(); theirs != own {
		if setRealGroup(theirs) != 0 {
			return before, false
		}
		before.gid = own
	}
	less := ours
	less[0].Effective &^= capSysPtrace
	before.effective = &ours
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	return before, unix.Capset(&header, &less[0]) == nil
}

// restore reports whether the thread is what it was.
func (r *rights) restore() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if r.effective != nil && unix.Capset(&header, &r.effective[0]) != nil {
		return false
	}
	return r.gid < 0 || setRealGroup(r.gid) == 0
}

func capabilities(pid int) (caps [2]unix.CapUserData, err error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3, Pid: int32(pid)}
	err = unix.Capget(&header, &caps[0])
	return caps, err
}

// setRealGroup sets the real group id of this thread alone.
func setRealGroup(gid int) unix.Errno {
	const keep = ^uintptr(0)
	_, _, errno := unix.RawSyscall(unix.SYS_SETRESGID, uintptr(gid), keep, keep)
	return errno
}
