package supervisor

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// oomKill is what the kernel's log says of one process that the OOM killer chose.
type oomKill struct {
	pid int    // as the initial PID namespace counts
	why string // what was full, "" when the record does not say
}

// kernelLog is the reading end of /dev/kmsg: Documentation/ABI/testing/dev-kmsg. It reads
// what comes after it was opened.
type kernelLog struct {
	fd     int
	record [8192]byte // of which the kernel's PRINTKRB_RECORD_MAX is no more than a part
}

// openKernelLog returns nil where the log cannot be read (kernel.dmesg_restrict wants
// CAP_SYSLOG), or would count pids otherwise than we do.
func openKernelLog() *kernelLog {
	if !inFirstNamespace() {
		return nil
	}
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	if _, err := unix.Seek(fd, 0, unix.SEEK_END); err != nil {
		_ = unix.Close(fd)
		return nil
	}
	return &kernelLog{fd: sys.DupHigh(fd)}
}

// inFirstNamespace reports whether our PID namespace is the machine's own, whose inode the
// kernel has fixed: PROC_PID_INIT_INO, include/linux/proc_ns.h.
func inFirstNamespace() bool {
	const first = 0xeffffffc
	var st unix.Stat_t
	return unix.Stat("/proc/self/ns/pid", &st) == nil && st.Ino == first
}

// maxRecords is how many records are read in one go, so that it ends also where somebody
// writes faster.
const maxRecords = 1 << 16

// drain hands over every kill that has been logged since the last time. It reports false
// when some may be missing.
func (k *kernelLog) drain(found func(oomKill)) (whole bool) {
	whole = true
	for range maxRecords {
		n, err := unix.Read(k.fd, k.record[:])
		switch err {
		case nil:
			if kill, ok := parseKernelRecord(string(k.record[:n])); ok {
				found(kill)
			}
		case unix.EINTR:
		case unix.EPIPE: // overwritten before they were read
			whole = false
		case unix.EAGAIN:
			return whole
		default:
			return false
		}
	}
	return false
}

func (k *kernelLog) close() { _ = unix.Close(k.fd) }

// parseKernelRecord reads one record of /dev/kmsg, "priority,sequence,time,flags;message".
// The two that tell of a kill are printed by mm/oom_kill.c; the second always comes, the
// first is rate-limited:
//
//	oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/a,task_memcg=/a,task=tail,pid=812,uid=0
//	Memory cgroup out of memory: Killed process 812 (tail) total-vm:22192kB, ...
//
// Names of processes are their own choice, so that nothing behind one is believed that
// could be part of it. What users write into the log is not the kernel's.
func parseKernelRecord(record string) (kill oomKill, ok bool) {
	prefix, message, _ := strings.Cut(record, ";")
	level, _, _ := strings.Cut(prefix, ",")
	if priority, err := strconv.ParseUint(level, 10, 32); err != nil || priority>>3 != 0 {
		return kill, false // LOG_KERN is facility 0
	}
	message, _, _ = strings.Cut(message, "\n")
	if fields, choice := strings.CutPrefix(message, "oom-kill:constraint="); choice {
		return parseChoice(fields)
	}
	before, after, found := strings.Cut(message, "Killed process ")
	if !found || before != "" && !strings.HasSuffix(before, ": ") {
		return kill, false
	}
	switch {
	case strings.HasPrefix(before, "Memory cgroup out of memory"):
		kill.why = "its memory cgroup was full"
	case strings.HasPrefix(before, "Out of memory"):
		kill.why = "the machine was out of memory"
	case before != "":
		return kill, false
	}
	pid, name, _ := strings.Cut(after, " ")
	if !strings.HasPrefix(name, "(") {
		return oomKill{}, false
	}
	kill.pid, ok = parsePID(pid)
	return kill, ok
}

// parseChoice reads what stands behind "oom-kill:constraint=".
func parseChoice(fields string) (kill oomKill, ok bool) {
	uid := strings.LastIndex(fields, ",uid=")
	if uid < 0 {
		return kill, false
	}
	pid := strings.LastIndex(fields[:uid], ",pid=")
	task := strings.Index(fields, ",task=")
	if pid < 0 || task < 0 || task > pid {
		return kill, false
	}
	switch constraint, _, _ := strings.Cut(fields, ","); constraint {
	case "CONSTRAINT_MEMCG":
		kill.why = "its memory cgroup was full"
		if group := between(fields[:task], ",oom_memcg=", ",task_memcg="); group != "" {
			kill.why = "memory cgroup " + group + " was full"
		}
	case "CONSTRAINT_CPUSET", "CONSTRAINT_MEMORY_POLICY":
		kill.why = "the memory nodes that it may use were full"
	default:
		kill.why = "the machine was out of memory"
	}
	kill.pid, ok = parsePID(fields[pid+len(",pid=") : uid])
	return kill, ok
}

func between(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, found := strings.Cut(text, to)
	if !found {
		return ""
	}
	return text
}

func parsePID(text string) (int, bool) {
	pid, err := strconv.ParseUint(text, 10, 31)
	return int(pid), err == nil && pid > 0
}
