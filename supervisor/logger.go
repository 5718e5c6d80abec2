package supervisor

import (
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"

	"supervise/internal/text/escape"
	"supervise/supervisor/logs"
)

// Fields of log lines that are treated in a special way for humans.
const (
	serviceField = "service"
	eventField   = "event" // the number in the journal of what the line tells, or else of what led to it
	byField      = "by"
)

// newLogger writes JSON objects, or for humans "time level service message field=value ...".
func newLogger(to io.Writer, options *Options) zerolog.Logger {
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	if options.JSON {
		to = objects{to}
	} else {
		width := 0
		for i := range options.File.Services {
			width = max(width, len(options.File.Services[i].Name))
		}
		to = zerolog.ConsoleWriter{
			Out: screen{to}, NoColor: !options.Color, TimeFormat: "15:04:05.000",
			PartsOrder:    []string{zerolog.TimestampFieldName, zerolog.LevelFieldName, serviceField, zerolog.MessageFieldName},
			FieldsExclude: []string{serviceField, eventField, byField, "signal", "from"}, // the message has the last three
			FormatPartValueByName: func(value any, _ string) string {
				name, _ := value.(string)
				return fmt.Sprintf("%-*s", width, escape.Line(name))
			},
		}
	}
	return zerolog.New(to).Level(options.Level).With().Timestamp().Logger()
}

// screen makes the lines for humans safe to look at, whatever is in them.
type screen struct{ to io.Writer }

func (s screen) Write(line []byte) (int, error) {
	_, err := s.to.Write(escape.AppendScreen(make([]byte, 0, len(line)), line))
	return len(line), err
}

// objects does the same for JSON.
type objects struct{ to io.Writer }

func (o objects) Write(line []byte) (int, error) {
	_, err := o.to.Write(escape.AppendJSON(make([]byte, 0, len(line)), line))
	return len(line), err
}

// outputLog tells what there is to tell of the output of services.
type outputLog struct{ log *zerolog.Logger }

// FallbackBegan is part of output.Observer, as all of the following.
func (o outputLog) FallbackBegan(service string, err error) {
	o.log.Error().Err(err).Str(serviceField, service).
		Msg("what it writes goes to the output of supervise until its log file can be opened")
}

// FallbackEnded says that a log file can be opened.
func (o outputLog) FallbackEnded(service string) {
	o.log.Info().Str(serviceField, service).Msg("its log file can be opened: what it writes goes there")
}

// Tail has the last lines that a service wrote.
func (o outputLog) Tail(service string, lines []string) {
	o.log.Warn().Str(serviceField, service).Strs("output", lines).Msg("the last lines that it wrote")
}

// Trouble tells of a log destination that fails or recovers.
func (o outputLog) Trouble(t logs.Trouble) {
	line := o.log.Error()
	text := "cannot write to it: what services write waits in their pipes"
	switch {
	case t.Over:
		line, text = o.log.Info().Stringer("after", t.For.Round(time.Millisecond)), "can be written to again"
	case t.Gone:
		text = "nobody reads it any more: what is written is discarded"
	}
	if t.LostLines > 0 {
		line = line.Uint64("lost-lines", t.LostLines)
	}
	line.AnErr("error", t.Err).Str("destination", t.Destination).Msg(text)
}
