package tree

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/send"
)

// Children are the children of the calling process, as far as its supervisor has to say
// something about them.
type Children interface {
	// IsMain reports whether a child is one that the supervisor has started and waits for:
	// the main process of a service, or a hook. Any other is an orphan that was left to it.
	IsMain(pid int) bool

	// ReapOrphan reaps an orphan, and reports whether it had ended.
	ReapOrphan(pid int) bool
}

// NoChildren are those of a caller that has none.
type NoChildren struct{}

// IsMain is part of [Children].
func (NoChildren) IsMain(int) bool { return false }

// ReapOrphan is part of [Children].
func (NoChildren) ReapOrphan(int) bool { return false }

// family is [Children] with what is done with them here.
type family struct {
	Children
	list *childList // nil: the list is opened each time
}

// childList is the kernel's list of our children, kept open: it is read at the end of each
// main process, and to open it takes ten times as long.
type childList struct {
	fd   int
	text []byte // what was read last

	shared bool  // one read may do for all that were reaped before it: Root.Reaping
	known  bool  // it has been read since
	pids   []int // what it had then
}

func openChildList() *childList {
	fd, err := syscall.Open(ownChildren(), syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	return &childList{fd: sys.DupHigh(fd)}
}

// ownChildren names the list of our first thread. The kernel leaves orphans to the first
// thread of a process that has not ended (find_alive_thread in kernel/exit.c), and the first
// thread of a Go program never does before the others. The children that it has forked itself
// are listed there, too.
func ownChildren() string { return "/proc/self/task/" + strconv.Itoa(os.Getpid()) + "/children" }

// read reads the list from its beginning.
func (l *childList) read() (text string, err error) {
	l.text = l.text[:0]
	for {
		l.text = slices.Grow(l.text, 512)
		n, err := syscall.Pread(l.fd, l.text[len(l.text):cap(l.text)], int64(len(l.text)))
		switch {
		case err == syscall.EINTR:
		case n <= 0 || err != nil:
			return string(l.text), err
		default:
			l.text = l.text[:len(l.text)+n]
		}
	}
}

func (l *childList) close() {
	if l != nil && l.fd >= 0 {
		sys.Close(l.fd)
		l.fd = -1
	}
}

// orphanPIDs lists the children of the calling process that nobody waits for, living or not.
// ok is false if the kernel does not have such a list: proc_tid_children(5),
// CONFIG_PROC_CHILDREN.
func (f family) orphanPIDs() (pids []int, ok bool) {
	if f.list != nil && f.list.fd >= 0 {
		text, err := f.list.read()
		pids, ok = parsePIDs(text), err == nil
	} else {
		pids, ok = childPIDs(ownChildren())
	}
	return slices.DeleteFunc(pids, f.IsMain), ok
}

// noOrphans reports whether there are none below whom something of a service can be whose main
// process has been reaped. What such a process leaves is ours before it is reaped. So of all
// that were reaped together, one list tells: where hundreds end at once, each is as long.
func (f family) noOrphans() bool {
	l := f.list
	if l == nil || !l.shared {
		pids, ok := f.orphanPIDs()
		return ok && len(pids) == 0
	}
	if !l.known {
		l.pids, l.known = f.orphanPIDs()
	}
	return l.known && !slices.ContainsFunc(l.pids, func(pid int) bool { return !f.IsMain(pid) })
}

// signal signals a child of ours: its pid is its own until only we reap it.
func (family) signal(p entry, s signals.Signal) { _ = send.Process(p.pid, s) }

func childPIDs(file string) (pids []int, ok bool) {
	text, err := sys.ReadFile(file)
	return parsePIDs(text), err == nil
}

func parsePIDs(text string) (pids []int) {
	for field := range strings.FieldsSeq(text) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// orphans returns the orphans that have not been reaped, the latest first, and reaps those that
// have ended. ended reports whether there were any.
func (f family) orphans() (list []entry, ended, ok bool) {
	pids, ok := f.orphanPIDs()
	for _, pid := range slices.Backward(pids) {
		if f.ReapOrphan(pid) {
			ended = true
		} else if p, there := readStat(strconv.Itoa(pid)); there {
			list = append(list, p)
		}
	}
	return list, ended, ok
}
