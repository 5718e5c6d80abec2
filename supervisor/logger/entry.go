package logger

import (
	"github.com/rs/zerolog"

	"supervise/signals"
	"supervise/supervisor/attribution"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
	"supervise/supervisor/severity"
)

// Line begins a line about an entry, nil if its level is not logged. The entry need not be in
// the journal: number is its own, or that of the entry that led to it.
func Line(log *zerolog.Logger, names *attribution.Names, number uint64, e *journal.Entry) *zerolog.Event {
	level := severity.Of(e)
	if level == zerolog.Disabled || level < log.GetLevel() {
		return nil
	}
	line := log.WithLevel(level)
	if e.Service != "" {
		line = line.Str(Service, e.Service)
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
		line = sender(line, names, e.Action.Note.Info, e.By)
	case e.By != (machine.Asker{}):
		line = line.Str(By, e.By.String())
	}
	line = line.Uint64(Event, number)
	if e.Event != nil && e.Event.Kind == machine.LoadFailed {
		line = line.Str("error", e.Event.Reason)
	}
	return line
}

// Finish writes a line with the text of the entry.
func Finish(line *zerolog.Event, e *journal.Entry) {
	if line == nil {
		return
	}
	said := *e
	said.Processes = "" // they have a field of their own
	line.Msg(said.Text())
}

// sender adds who sent a signal: going by its siginfo, or who asked for one of our own.
func sender(line *zerolog.Event, names *attribution.Names, info signals.Info, by machine.Asker) *zerolog.Event {
	line = line.Stringer("signal", info.Signal)
	if names.Own(info) {
		return line.Str("from", by.String())
	}
	line = line.Str("from", info.Sender())
	if by.Name != "" {
		line = line.Str("sender", by.Name)
	}
	return line
}
