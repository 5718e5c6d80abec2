package attribution

import (
	"strconv"
	"strings"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/machine"
)

// Names looks up the names of the senders of signals. A sender that exits before its signal
// is read has no name. Only the name of the last sender is remembered.
type Names struct {
	self int32
	comm func(pid int) string

	pid  int32 // of the last sender
	name string
	at   time.Duration // when name was read
}

// NewNames returns Names for a process whose own pid is self. comm returns the kernel's name
// of a process, "" if it cannot be read: [Comm].
func NewNames(self int, comm func(pid int) string) *Names {
	return &Names{self: int32(self), comm: comm}
}

// nameTTL is how long a name is kept for a pid, which may be reused.
const nameTTL = 100 * time.Millisecond

// Arrived reads the name of a signal's sender. Call it as soon as the signal arrives.
func (n *Names) Arrived(info signals.Info, now time.Duration) {
	if info.PID <= 0 || info.PID == n.pid && now-n.at < nameTTL {
		return
	}
	n.pid, n.name, n.at = info.PID, n.comm(int(info.PID)), now
}

// Asker returns the sender of a signal: a process, with its name if it is the sender of the
// last one that arrived; or what siginfo says, such as "the kernel"; or nobody, for our own
// signals.
func (n *Names) Asker(info signals.Info) machine.Asker {
	switch {
	case n.Own(info):
		return machine.Asker{}
	case info.PID <= 0:
		return machine.Asker{Source: info.Sender()}
	}
	by := machine.Asker{PID: info.PID, UID: info.UID}
	if info.PID == n.pid {
		by.Name = n.name
	}
	return by
}

// Own reports whether a signal is our own: for a client that is gone, or that wrote to a
// FIFO, which does not say who writes.
func (n *Names) Own(info signals.Info) bool { return info.PID == n.self }

// Comm returns the kernel's name of a process (/proc/PID/comm, proc_pid_comm(5)), at most 15
// bytes, or "" if it cannot be read.
func Comm(pid int) string {
	text, _ := sys.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return strings.TrimSuffix(text, "\n")
}
