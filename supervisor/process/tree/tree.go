package tree

import "supervise/signals"

// Method is how a supervisor knows what descends from a service.
type Method uint8

// The methods.
const (
	ByDescent Method = iota
	ByCgroup
)

// String says the method in words.
func (m Method) String() string {
	if m == ByCgroup {
		return "cgroup"
	}
	return "descent (child subreaper)"
}

// Tree is all that was started by one service and has not ended.
type Tree interface {
	// CgroupFD returns the descriptor of the cgroup that the service's processes must be
	// started in, if they have one. It is made when it is first asked for, so that it
	// costs no time before something can run in the meantime.
	CgroupFD() (fd int, ok bool, err error)

	// Started names the process that was started last as the service's main process.
	Started(pid int)

	// Members returns the living processes, in no particular order.
	Members() ([]Member, error)

	// Empty reports whether nothing is left. Zombies do not count.
	Empty() (bool, error)

	// Signal sends a signal to every member in our own name and returns how many took it.
	Signal(s signals.Signal) (sent int, err error)

	// Kill sends SIGKILL to all members, in a way that those that fork meanwhile do not
	// get away.
	Kill() error

	// Close gives up what the tree holds. It leaves living members alone.
	Close() error
}

// Member is one living process of a tree.
type Member struct {
	PID  int
	Name string // the kernel's comm, 15 bytes at the most
}
