package logger

import (
	"time"

	"github.com/rs/zerolog"

	"supervise/supervisor/logs"
)

// Output logs what happens to the output of services. It is an output.Observer.
type Output struct{ Log *zerolog.Logger }

// FallbackBegan logs that a log file cannot be opened.
func (o Output) FallbackBegan(service string, err error) {
	o.Log.Error().Err(err).Str(Service, service).
		Msg("its output goes to that of supervise until its log file can be opened")
}

// FallbackEnded logs that it can be opened again.
func (o Output) FallbackEnded(service string) {
	o.Log.Info().Str(Service, service).Msg("its log file can be opened: its output goes there")
}

// Tail logs the last lines that a service wrote.
func (o Output) Tail(service string, lines []string) {
	o.Log.Warn().Str(Service, service).Strs("output", lines).Msg("the last lines that it wrote")
}

// Trouble logs that a destination fails or recovers.
func (o Output) Trouble(t logs.Trouble) {
	line := o.Log.Error()
	text := "a log destination has trouble"
	switch {
	case t.Over:
		line, text = o.Log.Info().Stringer("after", t.For.Round(time.Millisecond)), "can be written to again"
	case t.Gone:
		text = "nobody reads it any more: output is discarded"
	case t.Stuck:
		text = "cannot write to it: the output of services waits in their pipes"
	case t.Service != "":
		line, text = o.Log.Warn().Str(Service, t.Service), "its log takes nothing: lines are dropped"
		if !t.Dropping {
			text = "lines were dropped while its log took nothing"
		}
		line = line.Uint64("lines", t.DroppedLines).Uint64("bytes", t.DroppedBytes)
	}
	if t.LostLines > 0 {
		line = line.Uint64("lost-lines", t.LostLines)
	}
	line.AnErr("error", t.Err).Str("destination", t.Destination).Msg(text)
}
