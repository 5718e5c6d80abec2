package pid1

import (
	"syscall"

	"supervise/signals"
	"supervise/supervisor/process"
	"supervise/supervisor/threads"
)

// Adopted is a command that runs already: package nucleus has started it, and now has to
// decide something that it leaves to us.
type Adopted struct {
	Command  process.Process
	Terminal Terminal

	Ended   bool         // the command has ended and was reaped
	Exit    signals.Exit // how
	Orphans int          // reaped so far
	Last    signals.Info // the last signal that was forwarded
	Next    signals.Info // one that was received and is still to be handled, if its Signal is not 0
}

// What package nucleus has left: a command that Run is to go on with, or nil, and the pid of
// our parent when we were executed, or 0.
var (
	adopted *Adopted
	parent  int
)

// Adopt has Run go on with a command instead of starting one.
func Adopt(a *Adopted) { adopted = a }

// spareThreads is how many threads of the runtime's own an init may need at the same time, beside its first
// and the runtime's monitor. With four it ended now and then on a busy machine where there was room for
// seven threads in all.
const spareThreads = 6

// Prepare makes these if there is a command to go on with, before the intake starts: until then
// package nucleus goes on instead if there is no room for one.
func Prepare() {
	if adopted != nil {
		threads.Make(spareThreads)
	}
}

// SetFirstParent notes the pid of our parent before it can have ended.
func SetFirstParent(pid int) { parent = pid }

// FirstParent is the pid of our parent, as early as it is known.
func FirstParent() int {
	if parent == 0 {
		return syscall.Getppid()
	}
	return parent
}

// adopt goes on where package nucleus has stopped.
func (s *supervisor) adopt(a *Adopted) {
	s.command, s.terminal, s.exit = a.Command, a.Terminal, a.Exit
	s.orphans, s.last = a.Orphans, a.Last
	s.attend()
	if a.Ended {
		s.in.Relay(0, 0)
		s.collect(true)
	}
	if a.Next.Signal != 0 && s.phase != over {
		s.receive(a.Next)
	}
	if s.phase != over {
		s.reap()
	}
}
