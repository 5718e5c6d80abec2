package pid1

import (
	"strconv"
	"syscall"
	"unsafe"

	"supervise/internal/text"
	"supervise/internal/text/escape"
)

// Level is the importance of a message.
type Level uint8

// The levels, the least important first.
const (
	Debug Level = iota
	Info
	Warn
	Error
)

var levelNames = [...]string{"debug", "info", "warn", "error"}

// ParseLevel parses a level's name.
func ParseLevel(given string) (Level, bool) {
	for i, name := range levelNames {
		if given == name {
			return Level(i), true
		}
	}
	return 0, false
}

// Style is the format of messages.
type Style uint8

// The styles.
const (
	Text      Style = iota // for people
	JSON                   // one object a line, as zerolog writes it
	Tini                   // like tini: [WARN  tini (7)] message
	DumbInit               // like dumb-init: [dumb-init] message
	Catatonit              // like catatonit: WARN (catatonit:7): message
)

// Log configures what is written to standard error.
type Log struct {
	Level Level
	Style Style
}

// Message returns one line in that style, for messages before an init runs.
func (o Log) Message(level Level, message string) string {
	l := newLogger(o)
	if o.Style == JSON {
		l.appendJSON(level, message, nil)
	} else {
		l.appendText(level, message, nil)
	}
	return string(l.buffer)
}

func newLogger(o Log) logger { return logger{fd: stderr, level: o.Level, style: o.Style} }

const stderr = 2

// logger writes one line a message to a descriptor, in the format of zerolog, which would add
// more to the start-up time than everything else in this package. A reader that does not read
// must not block PID 1: a line that would block is dropped and counted, and the next message
// that gets through says so.
type logger struct {
	fd      int
	level   Level
	style   Style
	dropped int
	buffer  []byte
}

// field is one detail of a message: a number, unless text is set.
type field struct {
	name   string
	text   string
	number int
}

func word(name, value string) field   { return field{name: name, text: value} }
func number(name string, n int) field { return field{name: name, number: n} }

func (l *logger) enabled(level Level) bool { return level >= l.level }

// say writes a message. Messages above the limit of an atomic pipe write could be mixed with
// those of others; ours are far below it.
func (l *logger) say(level Level, message string, fields ...field) {
	if !l.enabled(level) {
		return
	}
	if l.dropped > 0 && l.room() {
		dropped := l.dropped
		l.dropped = 0
		l.say(Warn, "log messages were lost: nobody reads them", number("count", dropped))
	}
	l.buffer = l.buffer[:0]
	if l.style == JSON {
		l.appendJSON(level, message, fields)
	} else {
		l.appendText(level, message, fields)
	}
	if !l.room() {
		l.dropped++
		return
	}
	for {
		_, err := syscall.Write(l.fd, l.buffer)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			l.dropped++
		}
		return
	}
}

func (l *logger) appendText(level Level, message string, fields []field) {
	b := escape.AppendLine(l.appendPrefix(level), message)
	for _, f := range fields {
		b = append(b, ' ')
		b = append(b, f.name...)
		b = append(b, '=')
		if f.text != "" {
			b = strconv.AppendQuote(b, f.text)
		} else {
			b = strconv.AppendInt(b, int64(f.number), 10)
		}
	}
	l.buffer = append(b, '\n')
}

// appendPrefix begins a line of text.
func (l *logger) appendPrefix(level Level) []byte {
	b := l.buffer
	switch l.style {
	case Tini:
		b = append(b, [...]string{"[DEBUG", "[INFO ", "[WARN ", "[FATAL"}[level]...)
		b = append(b, " tini ("...)
		b = strconv.AppendInt(b, int64(syscall.Getpid()), 10)
		return append(b, ")] "...)
	case DumbInit:
		return append(b, "[dumb-init] "...)
	case Catatonit:
		b = append(b, text.Upper(levelNames[level])...)
		b = append(b, " (catatonit:"...)
		b = strconv.AppendInt(b, int64(syscall.Getpid()), 10)
		return append(b, "): "...)
	case Text, JSON: // JSON has no prefix: see appendJSON
	}
	b = append(b, "supervise init: "...)
	if level >= Warn {
		b = append(b, levelNames[level]...)
		b = append(b, ": "...)
	}
	return b
}

func (l *logger) appendJSON(level Level, message string, fields []field) {
	b := append(l.buffer, `{"level":"`...)
	b = append(b, levelNames[level]...)
	b = append(b, `","time":"`...)
	b = appendTime(b)
	b = append(b, '"')
	for _, f := range fields {
		b = append(b, ',')
		b = escape.AppendJSONText(b, f.name)
		b = append(b, ':')
		if f.text != "" {
			b = escape.AppendJSONText(b, f.text)
		} else {
			b = strconv.AppendInt(b, int64(f.number), 10)
		}
	}
	b = append(b, `,"message":`...)
	b = escape.AppendJSONText(b, message)
	l.buffer = append(b, '}', '\n')
}

// room reports whether writing a line would not block. If a seccomp filter refuses poll(2),
// it assumes so: the line is worth more than the caution.
func (l *logger) room() bool {
	const pollOut = 0x4
	poll := struct {
		fd      int32
		events  int16
		revents int16
	}{int32(l.fd), pollOut, 0}
	var now [2]int64
	n, _, errno := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&poll)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	if errno == syscall.EPERM || errno == syscall.ENOSYS {
		return true
	}
	return errno == 0 && n == 1 && poll.revents&pollOut != 0
}
