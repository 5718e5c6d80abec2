package supervisor

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/journal"
	"supervise/supervisor/logs"
	"supervise/supervisor/machine"
)

// openLogs sets up the console, which our own lines share with those of services, and
// the logger.
func (s *Supervisor) openLogs(options Options) (err error) {
	s.logs, err = logs.New(logs.Options{Report: s.trouble})
	if err != nil {
		return err
	}
	console := logs.Console{Stdout: 1, Stderr: 2, Color: options.Color, Format: logs.Text}
	if options.JSON {
		console.Format = logs.JSON
	}
	for i := range options.File.Services {
		if service := &options.File.Services[i]; service.Log.Mode == config.Prefix {
			console.Width = max(console.Width, len(service.Name))
		}
	}
	if s.console, err = s.logs.Console(console); err != nil {
		return err
	}
	s.log = newLogger(s.console, options)
	return nil
}

// newLogger writes JSON objects, or for humans "time level service message field=value ...".
func newLogger(console *logs.Pump, options Options) zerolog.Logger {
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	var to io.Writer = console
	if !options.JSON {
		width := 0
		for i := range options.File.Services {
			width = max(width, len(options.File.Services[i].Name))
		}
		to = zerolog.ConsoleWriter{
			Out: console, NoColor: !options.Color, TimeFormat: "15:04:05.000",
			PartsOrder:    []string{zerolog.TimestampFieldName, zerolog.LevelFieldName, serviceField, zerolog.MessageFieldName},
			FieldsExclude: []string{serviceField, eventField, "signal", "from"}, // the message has the last two
			FormatPartValueByName: func(value any, _ string) string {
				name, _ := value.(string)
				return fmt.Sprintf("%-*s", width, name)
			},
		}
	}
	return zerolog.New(to).Level(options.Level).With().Timestamp().Logger()
}

// Fields that are treated in a special way for humans.
const (
	serviceField = "service"
	eventField   = "event" // the number in the journal of what the line tells, or else of what led to it
)

// trouble tells of a log destination that fails or recovers. It is called on a pump's
// goroutine.
func (s *Supervisor) trouble(t logs.Trouble) {
	line := s.log.Error()
	text := "cannot write to it: what services write waits in their pipes"
	switch {
	case t.Over:
		line, text = s.log.Info().Stringer("after", t.For.Round(time.Millisecond)), "can be written to again"
	case t.Gone:
		text = "nobody reads it any more: what is written is discarded"
	}
	if t.LostLines > 0 {
		line = line.Uint64("lost-lines", t.LostLines)
	}
	line.AnErr("error", t.Err).Str("destination", t.Destination).Msg(text)
}

// greet says what runs here, and in which way.
func (s *Supervisor) greet(options Options) {
	line := s.log.Info().Int("pid", os.Getpid()).Str("file", options.File.Path).Int("services", len(s.services)).
		Str("runtime-dir", s.dir.Path).Stringer("intake", s.in.Mode()).Stringer("descendants", s.root.Method())
	if reason := s.root.Reason(); reason != nil {
		line = line.Str("no-cgroup", reason.Error())
	}
	line.Msg("supervise starts")
	for _, w := range options.File.Warnings {
		s.log.Warn().Str("file", options.File.Path+":"+strconv.Itoa(w.Line)).Str("key", w.Path).Str("hint", w.Hint).Msg(w.Message)
	}
}

// levels says how much a note matters. Those that are missing are of level info.
var levels = map[machine.NoteKind]zerolog.Level{
	machine.SurvivorsRemain:  zerolog.WarnLevel,
	machine.GaveUp:           zerolog.ErrorLevel,
	machine.CannotSpawn:      zerolog.ErrorLevel,
	machine.RungTimedOut:     zerolog.WarnLevel,
	machine.LadderCut:        zerolog.WarnLevel,
	machine.SurvivesKill:     zerolog.ErrorLevel,
	machine.Held:             zerolog.DebugLevel,
	machine.Coalesced:        zerolog.DebugLevel,
	machine.Dropped:          zerolog.WarnLevel,
	machine.ShutdownTimedOut: zerolog.WarnLevel,
	machine.StillWaiting:     zerolog.WarnLevel,
	machine.Late:             zerolog.DebugLevel,
	machine.Impossible:       zerolog.ErrorLevel,
	machine.NoSuchService:    zerolog.ErrorLevel,
}

func (s *Supervisor) levelOf(action machine.Action) zerolog.Level {
	note := action.Note
	if level, ok := levels[note.Kind]; ok {
		return level
	}
	switch note.Kind {
	case machine.Changed:
		// The other changes of state are said by what led to them.
		if note.To != machine.Running && note.To != machine.Stopped {
			return zerolog.DebugLevel
		}
	case machine.LeaderExited:
		if !s.services[action.Service].succeeded(note.Exit) {
			return zerolog.WarnLevel
		}
	case machine.NoRule:
		// A terminal that changes its size is no news.
		if d := note.Info.Signal.Default(); d == signals.Ignore || d == signals.Continue {
			return zerolog.DebugLevel
		}
	}
	return zerolog.InfoLevel
}

// succeeded reports whether the configuration calls such an end a success.
func (s *service) succeeded(exit signals.Exit) bool {
	return slices.ContainsFunc(s.spec.Restart.Success, func(o config.Outcome) bool {
		return o.Signal == exit.Signal && (exit.Signal != 0 || o.Code == exit.Code)
	})
}

// words is what a note says. Of the changes that are told to everyone, only where they
// led is of interest; and to a user, a service that cannot be spawned cannot be started.
func words(note machine.Note) string {
	switch {
	case note.Kind == machine.Changed && (note.To == machine.Running || note.To == machine.Stopped):
		return note.To.String()
	case note.Kind == machine.CannotSpawn:
		return "cannot start: " + note.Reason
	}
	return note.String()
}

// tell makes a line of what the machine has to say.
func (s *Supervisor) tell(action machine.Action) {
	note := action.Note
	if note.Kind == machine.Commanded {
		entry := journal.Entry{
			Kind: note.Event.String(), Service: s.nameOf(action.Service),
			Text: askedFor[note.Event] + s.asking.String(), By: s.asking.who, Cause: s.asking.entry,
		}
		service := s.services[action.Service]
		service.commandedBy, service.commanded = action.Origin, s.add(entry, 0)
		s.tellCommand(entry, service.commanded)
		return
	}
	level := s.levelOf(action)
	line := s.log.WithLevel(level)
	var service *service
	if action.Service != machine.NoService {
		service = s.services[action.Service]
		line = line.Str(serviceField, service.name())
	}
	if note.Info.Signal != 0 {
		line = s.senders.describe(line, note.Info, s.askerOf(action.Origin))
	}
	processes := ""
	switch note.Kind {
	case machine.Changed:
		s.turned[service.name()] = true
		switch note.To {
		case machine.Running:
			line = line.Int("pid", service.pid)
		case machine.Removed:
			defer s.remove(service)
		}
	case machine.LeaderExited, machine.CannotSpawn, machine.GaveUp:
		if level > zerolog.InfoLevel {
			s.wantTail(service, note.Kind)
		}
	case machine.StillWaiting, machine.SurvivorsRemain, machine.SurvivesKill:
		processes = s.processes(service)
		line = line.Str("processes", processes)
	}
	text := words(note)
	if note.Info.Signal != 0 && ours(note.Info) {
		text = strings.Replace(text, " from "+note.Info.Sender(), s.fromWhom(note.Info, s.askerOf(action.Origin)), 1)
	}
	if note.Kind == machine.LeaderExited {
		service.blamed, service.killer = s.blame(service, note.Exit), s.by(service, note)
		text += service.blamed
	}
	line.Uint64(eventField, s.recordNote(action, text, processes)).Msg(text)
	switch note.Kind {
	case machine.LeaderExited, machine.CannotSpawn:
		service.fate = text
	case machine.GaveUp, machine.Restarting:
		service.fate += "; " + text
	}
	if w := s.watch; w != nil && (action.Cause == w.ticket || action.Origin == w.ticket) {
		w.note, w.told = note, true
	}
	if note.Kind == machine.LeaderExited {
		s.suspect(service, note.Exit, action.Cause)
	}
}

// recordNote puts what a note says into the journal, if it is worth an entry, and returns
// the number of the entry; else that of what led to it.
func (s *Supervisor) recordNote(action machine.Action, text, processes string) uint64 {
	note := action.Note
	if !told(note) {
		return s.journal.Of(uint64(action.Cause))
	}
	if processes != "" {
		text += ": " + processes
	}
	entry := journal.Entry{Kind: note.Kind.String(), Text: text}
	var service *service
	if action.Service != machine.NoService {
		service = s.services[action.Service]
	}
	entry.By = s.by(service, note)
	if note.Kind == machine.LeaderExited {
		entry.Cause = service.cause(note.Exit, s.now())
	}
	return s.record(action, entry)
}

// told reports whether a note is worth an entry in the journal beside those of the events:
// most changes of state are told by what led to them.
func told(note machine.Note) bool {
	return note.Kind != machine.Changed || note.To == machine.Stopped || note.To == machine.Failed
}

// wantTail has the last lines told, once they are read: at once where they appear nowhere
// else, and in any case when the service is given up.
func (s *Supervisor) wantTail(service *service, kind machine.NoteKind) {
	if service.source == nil || kind == machine.LeaderExited && service.spec.Log.Mode == config.Prefix {
		return
	}
	service.report = true
	if service.drain != nil {
		s.tellTail(service)
	}
}

func (s *Supervisor) tellTail(service *service) {
	service.report = false
	if tail := service.drain.Tail; len(tail) > 0 {
		s.log.Warn().Str(serviceField, service.name()).Strs("output", tail).Msg("the last lines that it wrote")
	}
}

// maxNamed is how many processes a line names.
const maxNamed = 8

// processes names what is alive of a service.
func (s *Supervisor) processes(service *service) string {
	members, err := service.tree.Members()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for i, m := range members {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == maxNamed {
			b.WriteString(strconv.Itoa(len(members)-i) + " more")
			break
		}
		b.WriteString(strconv.Itoa(m.PID) + " (" + m.Name + ")")
	}
	return b.String()
}

// orphaned tells of a child that was reaped and is no service's main process.
func (s *Supervisor) orphaned(child sys.Child) {
	s.orphans++
	s.log.Debug().Int("pid", child.PID).Uint32("uid", child.UID).Msg("reaped an orphan: " + child.Exit.String())
}

// orphansEvery is how often it is told at the most how many orphans were reaped.
const orphansEvery = time.Second

// tellOrphans sums up, so that ten thousand of them are one line.
func (s *Supervisor) tellOrphans() {
	if s.orphans == 0 || s.orphansLater {
		return
	}
	s.log.Info().Int("count", s.orphans).Msg("reaped processes that services had left behind")
	s.orphans, s.orphansLater = 0, true
	time.AfterFunc(orphansEvery, func() {
		s.mailbox.post(func() {
			s.orphansLater = false
			s.tellOrphans()
		})
	})
}
