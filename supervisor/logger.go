package supervisor

import (
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"

	"supervise/internal/text/escape"
	"supervise/supervisor/logs"
)

// Fields of log lines that are shown in a special way on a terminal.
const (
	serviceField = "service"
	eventField   = "event" // number of the journal entry that the line is about, or that led to it
	byField      = "by"
)

// newLogger returns a logger that writes JSON objects, or, for humans, lines such as
// "time level service message field=value ...".
func newLogger(to io.Writer, options *Options) zerolog.Logger {
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	if options.JSON {
		to = escape.JSON{To: to}
	} else {
		width := 0
		for i := range options.File.Services {
			width = max(width, len(options.File.Services[i].Name))
		}
		to = zerolog.ConsoleWriter{
			Out: escape.Screen{To: to}, NoColor: !options.Color, TimeFormat: "15:04:05.000",
			PartsOrder:    []string{zerolog.TimestampFieldName, zerolog.LevelFieldName, serviceField, zerolog.MessageFieldName},
			FieldsExclude: []string{serviceField, eventField, byField, "signal", "from"}, // the last three are in the message
			FormatPartValueByName: func(value any, _ string) string {
				name, _ := value.(string)
				return fmt.Sprintf("%-*s", width, escape.Line(name))
			},
		}
	}
	return zerolog.New(to).Level(options.Level).With().Timestamp().Logger()
}

// outputLog logs what happens to the output of services. It is an output.Observer.
type outputLog struct{ log *zerolog.Logger }

// FallbackBegan logs that a log file cannot be opened.
func (o outputLog) FallbackBegan(service string, err error) {
	o.log.Error().Err(err).Str(serviceField, service).
		Msg("its output goes to that of supervise until its log file can be opened")
}

// FallbackEnded logs that it can be opened again.
func (o outputLog) FallbackEnded(service string) {
	o.log.Info().Str(serviceField, service).Msg("its log file can be opened: its output goes there")
}

// Tail logs the last lines that a service wrote.
func (o outputLog) Tail(service string, lines []string) {
	o.log.Warn().Str(serviceField, service).Strs("output", lines).Msg("the last lines that it wrote")
}

// Trouble logs that a destination fails or recovers.
func (o outputLog) Trouble(t logs.Trouble) {
	line := o.log.Error()
	text := "cannot write to it: the output of services waits in their pipes"
	switch {
	case t.Over:
		line, text = o.log.Info().Stringer("after", t.For.Round(time.Millisecond)), "can be written to again"
	case t.Gone:
		text = "nobody reads it any more: output is discarded"
	}
	if t.LostLines > 0 {
		line = line.Uint64("lost-lines", t.LostLines)
	}
	line.AnErr("error", t.Err).Str("destination", t.Destination).Msg(text)
}
