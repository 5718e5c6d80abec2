package tree

import (
	"strconv"

	"supervise/signals"
)

// Method is how a supervisor knows the descendants of a service.
type Method uint8

// The methods.
const (
	ByAncestry Method = iota
	ByCgroup
)

// String returns the method in words.
func (m Method) String() string {
	switch m {
	case ByCgroup:
		return "cgroup"
	case ByAncestry:
		return "descent (child subreaper)"
	}
	return "Method(" + strconv.Itoa(int(m)) + ")"
}

// Tree is everything that one service has started and that has not ended.
type Tree interface {
	// CgroupFD returns the descriptor of the cgroup that the service's processes must be
	// started in, if they have one. The cgroup is made at the first call, so that it costs no
	// time earlier. It may be called on any goroutine.
	CgroupFD() (fd int, ok bool, err error)

	// Started sets the service's current main process.
	Started(pid int)

	// Follow makes another process of the tree the main process.
	Follow(pid int)

	// SetAside makes a process no member any more, though it lives: the kernel writes its core,
	// and it will not run again. The one before it has been reaped.
	SetAside(pid int) error

	// Members returns the living processes, in no particular order.
	Members() ([]Member, error)

	// Empty reports whether nothing is left. Zombies do not count. [ErrUnsure] wants to be
	// asked again in a moment.
	Empty() (bool, error)

	// Retire says that nothing will be started in it any more: once it is empty, and Empty has
	// found that, it need not exist.
	Retire()

	// Signal sends a signal to every member as ourselves, and returns how many took it.
	Signal(s signals.Signal) (sent int, err error)

	// Kill sends SIGKILL to all members, so that none escapes by forking. It takes no longer
	// than some 20 ms at a time: if it is not done, it is to be called again soon, until it
	// is or the tree is empty.
	Kill() (done bool, err error)

	// Close releases what the tree holds. It leaves living members alone.
	Close() error
}

// Member is one living process of a tree.
type Member struct {
	PID  int
	Name string // the kernel's comm, 15 bytes at the most
}
