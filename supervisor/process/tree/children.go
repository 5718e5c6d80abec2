package tree

import (
	"os"
	"slices"
	"strconv"
	"strings"

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
type family struct{ Children }

// orphanPIDs lists the children of the calling process that nobody waits for, living or not.
// ok is false if the kernel does not have such a list: proc_tid_children(5),
// CONFIG_PROC_CHILDREN.
//
// The kernel leaves them to the first thread of a process that has not ended
// (find_alive_thread in kernel/exit.c), and the first thread of a Go program never does before
// the others. The children that it has forked itself are listed there, too.
func (f family) orphanPIDs() (pids []int, ok bool) {
	self := strconv.Itoa(os.Getpid())
	pids, ok = childPIDs("/proc/self/task/" + self + "/children")
	return slices.DeleteFunc(pids, f.IsMain), ok
}

// signal signals a child of ours: its pid is its own until only we reap it.
func (family) signal(p entry, s signals.Signal) { _ = send.Process(p.pid, s) }

func childPIDs(file string) (pids []int, ok bool) {
	text, err := sys.ReadFile(file)
	for field := range strings.FieldsSeq(text) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, err == nil
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
