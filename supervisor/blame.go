package supervisor

import (
	"strconv"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// blows are the signals that a generation was sent through us and may yet end by, the last
// one of each number. They tell who ended it: the kernel does not say so itself.
type blows map[signals.Signal]blow

type blow struct {
	by    *request.Process // nil: supervise, for a reason of its own
	text  string           // how it came to that
	entry uint64           // of the journal, where it is told; 0 for none
	rung  bool             // of the ladder by which it is being stopped
	at    time.Duration
	force force
}

// force is what a signal can do to a main process, going by what /proc says of it just
// before it is sent.
type force uint8

const (
	none    force = iota // nothing that would end it
	merges               // one is pending already, or it is about to end by another
	handled              // a handler takes it, which may end the process by the same signal
	waits                // it is blocked, or it cannot be told
	deadly               // the kernel ends the process at once
)

// prompt is how soon a main process that a signal has ended at once is gone, and how long
// a handler is taken to be at work. What comes later may have come from somebody else.
const prompt = time.Second

// forceOf says what a signal can do to a process in a state.
func forceOf(signal signals.Signal, state sys.SignalState) force {
	pending := state.Pending | state.Shared
	switch d := signal.Default(); {
	case d != signals.Terminate && d != signals.Core:
		return none
	case state.Ended, pending.Has(signals.SIGKILL), pending.Has(signal) && !signal.RealTime():
		return merges
	case signal == signals.SIGKILL:
		return deadly
	case state.Blocked.Has(signal):
		return waits
	case state.Caught.Has(signal):
		return handled
	case state.Ignored.Has(signal):
		return none
	}
	return deadly
}

// aim looks at what a signal that is about to be sent can do to the main process.
func (s *service) aim(signal signals.Signal) force {
	state, err := sys.ReadSignalState(strconv.Itoa(s.pid))
	if err != nil {
		return waits
	}
	return forceOf(signal, state)
}

// struck remembers a signal that was sent to a service, unless its main process cannot
// end by it: then those of the same number before it are used up, too.
func (s *service) struck(signal signals.Signal, b blow) {
	switch {
	case b.force == merges:
	case b.force == none || s.pid == 0:
		delete(s.blows, signal)
	case s.blows == nil:
		s.blows = blows{signal: b}
	default:
		s.blows[signal] = b
	}
}

// traced says which entry of the journal tells of the last blow.
func (s *service) traced(signal signals.Signal, entry uint64) {
	if blow, ok := s.blows[signal]; ok && blow.entry == 0 {
		blow.entry = entry
		s.blows[signal] = blow
	}
}

// blowBehind returns the blow that a main process may have ended by. It is certain when
// nobody else can be meant.
func (s *service) blowBehind(exit signals.Exit, now time.Duration) (b blow, certain, found bool) {
	b, found = s.blows[exit.Signal]
	late := now-b.at > prompt
	if exit.Signal == 0 || !found || b.force == handled && !b.rung && late {
		return blow{}, false, false
	}
	return b, b.force == deadly && (exit.Signal == signals.SIGKILL || !late), true
}

// cause is the entry of the journal that tells of what somebody has ended a main process
// by, 0 for none: a rung of a ladder is part of the same matter as the end.
func (s *service) cause(exit signals.Exit, now time.Duration) uint64 {
	if blow, _, _ := s.blowBehind(exit, now); blow.by != nil {
		return blow.entry
	}
	return 0
}

// blame says who sent the signal that a main process has ended by, as far as that can be
// known: what goes past us, the kernel tells nobody.
func (s *Supervisor) blame(service *service, exit signals.Exit) string {
	if exit.Signal == 0 {
		return ""
	}
	blow, certain, found := service.blowBehind(exit, s.now())
	ago := sinceThen(s.now() - blow.at)
	switch {
	case found && certain && blow.by != nil:
		return ", from " + named(blow.by)
	case found && certain:
		return ", from supervise: " + blow.text
	case found && blow.by != nil:
		return ", perhaps from " + named(blow.by) + ", which sent one " + ago + " before"
	case found:
		return ", perhaps from supervise: " + blow.text + ", sent " + ago + " before"
	case exit.Core || signals.Faults.Has(exit.Signal):
		return ", by a fault of its own or from an unknown sender"
	}
	return ", from an unknown sender: the kernel does not say who it was"
}

// sinceThen writes how long ago something was: "12ms", "1.5s".
func sinceThen(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// by is who is behind what a note tells, where that is certain.
func (s *Supervisor) by(service *service, note machine.Note) *request.Process {
	switch {
	case note.Kind == machine.LeaderExited && note.Exit.Signal != 0:
		if blow, certain, _ := service.blowBehind(note.Exit, s.now()); certain {
			return blow.by
		}
	case note.Info.Signal != 0:
		return s.senders.process(note.Info)
	}
	return nil
}
