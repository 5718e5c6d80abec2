package supervisor

import (
	"github.com/rs/zerolog"

	"supervise/signals"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
	"supervise/supervisor/severity"
)

// line begins a log line about an entry, nil if its level is not logged. The entry need not
// be in the journal: number is its own, or that of the entry that led to it.
func (s *Supervisor) line(number uint64, e *journal.Entry) *zerolog.Event {
	level := severity.Of(e)
	if level == zerolog.Disabled || level < s.log.GetLevel() {
		return nil
	}
	line := s.log.WithLevel(level)
	if e.Service != "" {
		line = line.Str(serviceField, e.Service)
	}
	if e.PID != 0 {
		line = line.Int("pid", e.PID)
	}
	if e.Processes != "" {
		line = line.Str("processes", e.Processes)
	}
	switch {
	case e.Action != nil && e.Action.Kind == machine.Send:
		line = line.Stringer("signal", e.Action.Signal)
	case e.Action != nil && e.Action.Note.Info.Signal != 0:
		line = s.sender(line, e.Action.Note.Info, e.By)
	case e.By != (machine.Asker{}):
		line = line.Str(byField, e.By.String())
	}
	return line.Uint64(eventField, number)
}

// sender adds who sent a signal: going by its siginfo, or who asked for one of our own.
func (s *Supervisor) sender(line *zerolog.Event, info signals.Info, by machine.Asker) *zerolog.Event {
	line = line.Stringer("signal", info.Signal)
	if s.names.Own(info) {
		return line.Str("from", by.String())
	}
	line = line.Str("from", info.Sender())
	if by.Name != "" {
		line = line.Str("sender", by.Name)
	}
	return line
}

// finish writes a line with the text of the entry. Processes have a field of their own.
func finish(line *zerolog.Event, e *journal.Entry) {
	if line == nil {
		return
	}
	said := *e
	said.Processes = ""
	line.Msg(said.Text())
}

// logEntry is line and finish.
func (s *Supervisor) logEntry(number uint64, e *journal.Entry) { finish(s.line(number, e), e) }
