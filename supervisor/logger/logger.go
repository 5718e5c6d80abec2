package logger

import (
	"fmt"
	"io"

	"github.com/rs/zerolog"

	"supervise/internal/text/escape"
)

// Fields of log lines that are shown in a special way on a terminal.
const (
	Service = "service"
	Event   = "event" // number of the journal entry that the line is about, or that led to it
	By      = "by"
)

// Options say how lines are written.
type Options struct {
	Level zerolog.Level
	JSON  bool // lines are JSON objects
	Color bool // on a terminal
	Width int  // of the column with the names of services, in bytes
}

// New returns a logger that writes JSON objects, or, for humans, lines such as
// "time level service message field=value ...".
func New(to io.Writer, options Options) zerolog.Logger {
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	if options.JSON {
		to = escape.JSON{To: to}
	} else {
		to = zerolog.ConsoleWriter{
			Out: escape.Screen{To: to}, NoColor: !options.Color, TimeFormat: "15:04:05.000",
			PartsOrder:    []string{zerolog.TimestampFieldName, zerolog.LevelFieldName, Service, zerolog.MessageFieldName},
			FieldsExclude: []string{Service, Event, By, "signal", "from"}, // the last three are in the message
			FormatPartValueByName: func(value any, _ string) string {
				name, _ := value.(string)
				return fmt.Sprintf("%-*s", options.Width, escape.Line(name))
			},
		}
	}
	return zerolog.New(to).Level(options.Level).With().Timestamp().Logger()
}
