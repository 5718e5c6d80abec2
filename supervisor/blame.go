package supervisor

import (
	"supervise/signals"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// blows are the senders of the signals that a generation was sent through us, the last one
// of each number. They tell who ended it: the kernel does not say so itself.
type blows map[signals.Signal]blow

type blow struct {
	by    *request.Process // nil: supervise, for a reason of its own
	text  string           // how it came to that
	entry uint64           // of the journal, where it is told; 0 for none
}

// struck remembers a signal that was sent to a service.
func (s *service) struck(signal signals.Signal, by *request.Process, text string) {
	if s.blows == nil {
		s.blows = blows{}
	}
	s.blows[signal] = blow{by: by, text: text}
}

// traced says which entry of the journal tells of the last blow.
func (s *service) traced(signal signals.Signal, entry uint64) {
	if blow, ok := s.blows[signal]; ok {
		blow.entry = entry
		s.blows[signal] = blow
	}
}

// cause is the entry of the journal that tells of what somebody has ended a main process
// by, 0 for none: a rung of a ladder is part of the same matter as the end.
func (s *service) cause(exit signals.Exit) uint64 {
	if blow := s.blows[exit.Signal]; exit.Signal != 0 && blow.by != nil {
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
	if blow, ok := service.blows[exit.Signal]; ok {
		if blow.by != nil {
			return ", from " + named(blow.by)
		}
		return ", from supervise: " + blow.text
	}
	if exit.Core || signals.Faults.Has(exit.Signal) {
		return ", by a fault of its own or from an unknown sender"
	}
	return ", from an unknown sender: the kernel does not say who it was"
}

// by is who is behind what a note tells.
func (s *Supervisor) by(service *service, note machine.Note) *request.Process {
	switch {
	case note.Kind == machine.LeaderExited && note.Exit.Signal != 0:
		return service.blows[note.Exit.Signal].by
	case note.Info.Signal != 0:
		return s.senders.process(note.Info)
	}
	return nil
}
