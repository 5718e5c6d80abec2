package pid1

import (
	"strconv"
	"syscall"
	"unsafe"
)

// Level is how much a message matters.
type Level uint8

// The levels, the least important first.
const (
	Debug Level = iota
	Info
	Warn
	Error
)

var levelNames = [...]string{"debug", "info", "warn", "error"}

func parseLevel(text string) (Level, bool) {
	for i, name := range levelNames {
		if text == name {
			return Level(i), true
		}
	}
	return 0, false
}

// logger writes one line a message to a descriptor. It stands in for zerolog, whose
// linking alone would cost more start-up time than all that this package does, and writes
// the same lines. A reader that does not read must not stop PID 1: what would block is
// dropped, counted, and told with the next message that gets through.
type logger struct {
	fd      int
	level   Level
	json    bool
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

// say writes a message. Messages above the limit of an atomic pipe write may be torn by
// others that write into the same pipe; ours are far below it.
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
	if l.json {
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
	b := append(l.buffer, "supervise init: "...)
	if level >= Warn {
		b = append(b, levelNames[level]...)
		b = append(b, ": "...)
	}
	b = append(b, message...)
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

func (l *logger) appendJSON(level Level, message string, fields []field) {
	b := append(l.buffer, `{"level":"`...)
	b = append(b, levelNames[level]...)
	b = append(b, `","time":"`...)
	b = appendTime(b)
	b = append(b, '"')
	for _, f := range fields {
		b = append(b, ',')
		b = appendString(b, f.name)
		b = append(b, ':')
		if f.text != "" {
			b = appendString(b, f.text)
		} else {
			b = strconv.AppendInt(b, int64(f.number), 10)
		}
	}
	b = append(b, `,"message":`...)
	b = appendString(b, message)
	l.buffer = append(b, '}', '\n')
}

// appendString writes a JSON string: RFC 8259, section 7. Bytes that are no UTF-8 become
// the replacement character.
func appendString(b []byte, text string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < 0x20 || r == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = append(b, string(r)...)
		}
	}
	return append(b, '"')
}

// room reports whether a write of a line would not block: poll(2).
func (l *logger) room() bool {
	const pollOut = 0x4
	poll := struct {
		fd      int32
		events  int16
		revents int16
	}{int32(l.fd), pollOut, 0}
	var now [2]int64
	n, _, errno := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&poll)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return errno == 0 && n == 1 && poll.revents&pollOut != 0
}

// appendTime writes the time as RFC 3339 in UTC, with milliseconds.
func appendTime(b []byte) []byte {
	var now syscall.Timeval
	if syscall.Gettimeofday(&now) != nil {
		return append(b, "1970-01-01T00:00:00Z"...)
	}
	seconds := int64(now.Sec)
	year, month, day := civil(seconds / 86400)
	b = digits(b, year, 4)
	b = digits(append(b, '-'), month, 2)
	b = digits(append(b, '-'), day, 2)
	seconds %= 86400
	b = digits(append(b, 'T'), int(seconds/3600), 2)
	b = digits(append(b, ':'), int(seconds/60%60), 2)
	b = digits(append(b, ':'), int(seconds%60), 2)
	b = digits(append(b, '.'), int(now.Usec)/1000, 3)
	return append(b, 'Z')
}

func digits(b []byte, n, width int) []byte {
	for div := pow10(width - 1); div > 0; div /= 10 {
		b = append(b, byte('0'+n/div%10))
	}
	return b
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// civil turns days since 1970 into a date of the Gregorian calendar: years are counted
// from March, so that the leap day is a year's last.
func civil(days int64) (year, month, day int) {
	days += 719468 // from 1 March of the year 0
	era := days / 146097
	ofEra := days % 146097
	y := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*y + y/4 - y/100)
	m := (5*ofYear + 2) / 153
	day = int(ofYear-(153*m+2)/5) + 1
	month = int(m) + 3
	if month > 12 {
		month -= 12
		y++
	}
	return int(y + era*400), month, day
}
