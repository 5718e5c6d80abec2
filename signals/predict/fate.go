package predict

import "strconv"

// Fate is what becomes of a signal. The words are those of a trace's verdicts.
type Fate uint8

// The fates. The zero value is none.
const (
	Handled    Fate = iota + 1 // a handler runs
	Taken                      // sigwaitinfo(2), signalfd(2) or the like takes it from the queue
	Terminated                 // it ends the process, by default
	Dumped                     // it ends the process, by default with a core dump
	Stopped                    // it stops the process
	Continued                  // SIGCONT ends a stop
	Ignored                    // the process ignores it
	Discarded                  // the process ends, or the signal has no effect in its state
	Coalesced                  // it is merged with one that is pending already
	Overflow                   // the queue is full: the sender gets EAGAIN
	Dropped                    // kept from the init of a PID namespace, which has no handler for it
	Failed                     // the call that is to send it fails
	Pending                    // it waits
	Unseen                     // it was delivered, but what it did cannot be seen
)

var fates = [...]string{
	Handled: "handled", Taken: "taken", Terminated: "terminated", Dumped: "dumped", Stopped: "stopped",
	Continued: "continued", Ignored: "ignored", Discarded: "discarded", Coalesced: "coalesced",
	Overflow: "overflow", Dropped: "dropped", Failed: "failed", Pending: "pending", Unseen: "unseen",
}

// String returns the fate in one word: "handled".
func (f Fate) String() string {
	if f == 0 || int(f) >= len(fates) {
		return "Fate(" + strconv.Itoa(int(f)) + ")"
	}
	return fates[f]
}

// MarshalText returns the word.
func (f Fate) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Effective reports whether the target takes the signal, now or later.
func (f Fate) Effective() bool {
	switch f {
	case Handled, Taken, Terminated, Dumped, Stopped, Continued, Pending, Unseen:
		return true
	case Ignored, Discarded, Coalesced, Overflow, Dropped, Failed:
	}
	return false
}

// Reason is why a signal has its [Fate].
type Reason uint8

// The reasons. The zero value is none.
const (
	Handler        Reason = iota + 1 // the program catches it
	Waiter                           // a thread waits for it: sigwaitinfo(2)
	Descriptor                       // all threads block it, and the process has a signalfd(2) for it
	Default                          // SIG_DFL
	Disposition                      // SIG_IGN
	NoEffect                         // SIG_DFL, and its default action is to do nothing
	Blocked                          // every thread that could take it blocks it
	WhileStopped                     // the process is stopped
	WhileFrozen                      // its cgroup is frozen
	Tracer                           // a debugger sees it first
	PendingAlready                   // one of its number is pending
	QueueFull                        // RLIMIT_SIGPENDING
	NamespaceInit                    // it is PID 1, and protected
	Zombie                           // it has ended
	Ending                           // it is being killed
	OrphanedGroup                    // nobody could continue its process group
	NoThread                         // it has no such thread
	NotPermitted                     // EPERM
	Refused                          // another error
	NotGone                          // it was on its way when we looked last
	Gone                             // the process has ended since
)

// Forecast is what becomes of a signal, and why.
type Forecast struct {
	Fate   Fate
	Reason Reason

	// Thread is the id of the thread that takes the signal, if that is known.
	Thread int

	// Then is what becomes of one that is Pending as soon as it can be delivered, and what
	// SIGCONT does beside ending a stop.
	Then Fate

	// InfoLost says that there was no room for its siginfo: the receiver sees neither value nor
	// sender.
	InfoLost bool
}
