package supervisor

import (
	"os"
	"strconv"

	"supervise/signals"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// journalSize is how many entries are remembered, of about 120 bytes each.
const journalSize = 4096

// recordEvent takes note of what happened, if the machine did something about it. What the
// machine itself tells of in better words, and ticks, are left to that.
func (s *Supervisor) recordEvent(event machine.Event) {
	entry := journal.Entry{Kind: event.Kind.String()}
	switch event.Kind {
	case machine.Boot:
		entry.PID, entry.Text = os.Getpid(), "supervise starts"
	case machine.Start, machine.Stop, machine.Restart, machine.Remove, machine.Shutdown, machine.ShutdownNow:
		entry.Text = askedFor[event.Kind] + s.asking.String()
		entry.By, entry.Cause = s.asking.who, s.asking.entry
	case machine.Signal, machine.Post:
		entry.Asker = s.asking.nameless()
		entry.Text = "came: " + event.Info.Signal.String() + s.fromWhom(event.Info, entry.Asker)
		entry.By, entry.Cause = s.senders.process(event.Info), s.asking.entry
	case machine.Spawned:
		entry.PID, entry.Text = int(event.PID), "started, pid "+strconv.Itoa(int(event.PID))
	case machine.Emptied:
		entry.Text = "nothing of it is left"
	default:
		return
	}
	switch event.Kind {
	case machine.Boot, machine.Signal, machine.Shutdown, machine.ShutdownNow:
	default:
		entry.Service = s.nameOf(event.Service)
	}
	number := s.add(entry, s.originOf(event))
	if _, command := askedFor[event.Kind]; command {
		s.tellCommand(entry, number)
	}
}

// tellCommand makes a line of a command, with who gave it.
func (s *Supervisor) tellCommand(entry journal.Entry, number uint64) {
	line := s.log.Info()
	if entry.Service != "" {
		line = line.Str(serviceField, entry.Service)
	}
	if s.json { // for humans the sentence has it
		line = line.Str("by", s.asking.String())
	}
	line.Uint64(eventField, number).Msg(entry.Text)
}

// turn marks what was recorded since an entry as what has changed the states of services.
func (s *Supervisor) turn(first uint64) {
	if len(s.turned) > 0 {
		s.journal.Turn(first, func(service string) bool { return s.turned[service] })
		clear(s.turned)
	}
}

var askedFor = map[machine.EventKind]string{
	machine.Start: "start asked for by ", machine.Stop: "stop asked for by ",
	machine.Restart: "restart asked for by ", machine.Remove: "removal asked for by ", machine.Shutdown: "shutdown asked for by ",
	machine.ShutdownNow: "shutdown at once asked for by ",
}

// originOf is what an event goes back to: a process that is started or gone, to what its
// service's state does; anything else to itself.
func (s *Supervisor) originOf(event machine.Event) machine.EventID {
	if event.Kind == machine.Spawned || event.Kind == machine.Emptied {
		return s.machine.Origin(event.Service)
	}
	return 0
}

// record takes note of what was done, and returns the number of the entry.
func (s *Supervisor) record(action machine.Action, entry journal.Entry) uint64 {
	if action.Service != machine.NoService {
		entry.Service = s.nameOf(action.Service)
	}
	if entry.Cause == 0 {
		entry.Cause = s.journal.Of(uint64(action.Cause))
	}
	return s.add(entry, action.Origin)
}

// add appends an entry to the journal and returns its number. One without a cause came out
// of its origin.
func (s *Supervisor) add(entry journal.Entry, origin machine.EventID) uint64 {
	entry.Time, entry.Step = s.now(), uint64(s.machine.Steps())
	if origin != 0 {
		entry.Origin = s.journal.Of(uint64(origin))
		if service := s.byName[entry.Service]; service != nil && service.commandedBy == origin {
			entry.Origin = service.commanded // a command of its own in an update
		}
	}
	if entry.Cause == 0 {
		entry.Cause = entry.Origin
	}
	return s.journal.Add(entry)
}

// fromWhom says who sent a signal, or who asked for one of ours.
func (s *Supervisor) fromWhom(info signals.Info, asker string) string {
	if ours(info) {
		return ", asked for by " + asker
	}
	return " from " + s.senders.words(info)
}

// askerOf is who asked for a signal of ours, going by the event with which it came.
func (s *Supervisor) askerOf(origin machine.EventID) string {
	if asker := s.journal.Asker(s.journal.Of(uint64(origin))); asker != "" {
		return asker
	}
	return "somebody unknown"
}

func (s *Supervisor) nameOf(id machine.ServiceID) string {
	if id < 0 || int(id) >= len(s.services) {
		return ""
	}
	return s.services[id].name()
}

// asker is who asked for what is being done.
type asker struct {
	origin control.Origin
	who    *request.Process // of a client that lives
	signal signals.Info     // a signal that commands, if it is one
	entry  uint64           // of the journal, which tells of that signal or of the update; 0 for none
}

// nameless is who asks where that is no process that is known, else "".
func (a asker) nameless() string {
	if a.who != nil {
		return ""
	}
	return a.String()
}

func (a asker) String() string {
	switch {
	case a.signal.Signal != 0 && a.who != nil:
		return a.signal.Signal.String() + " from " + named(a.who)
	case a.signal.Signal != 0:
		return a.signal.String()
	case a.who != nil:
		return named(a.who)
	}
	return a.origin.String()
}
