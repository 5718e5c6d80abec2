package logs

import (
	"time"

	"supervise/internal/text/escape"
)

// Format is the format of lines.
type Format uint8

// The formats.
const (
	// Text is, on the console, "NAME | line" with names padded to one width, and "NAME +
	// line" for the continuation of a line; control characters are made visible (see the
	// package documentation). In a file it is the line as it is; a piece that is continued
	// ends with a backslash.
	Text Format = iota
	// JSON is one object per line: time (RFC 3339, UTC, microseconds; when the line was
	// read), service, stream ("stdout" or "stderr"), line; "partial":true if the output ended
	// without a newline, "continued":true if the next object of the same service and stream
	// continues the line. Bytes that are not UTF-8 become U+FFFD.
	JSON
)

// stampLayout has a fixed width, so that lines sort as text.
const stampLayout = "2006-01-02T15:04:05.000000Z"

// layout is how a pump formats lines.
type layout struct {
	format Format
	named  bool // Text: under the service's name
	color  bool
	width  int // of the names, in bytes
}

// appendLine appends one line of s, with its newline. stamp is the time in stampLayout.
func (l *layout) appendLine(dst []byte, s *stream, line []byte, m mark, stamp []byte) []byte {
	switch {
	case l.format == JSON:
		return appendObject(dst, s, line, m, stamp)
	case l.named:
		return l.appendNamed(dst, s, line, m)
	}
	dst = append(dst, line...)
	if m == continued {
		dst = append(dst, '\\')
	}
	return append(dst, '\n')
}

func appendObject(dst []byte, s *stream, line []byte, m mark, stamp []byte) []byte {
	dst = append(dst, `{"time":"`...)
	dst = append(dst, stamp...)
	dst = append(dst, `","service":`...)
	dst = append(dst, s.source.quoted...)
	dst = append(dst, `,"stream":"`...)
	dst = append(dst, s.name()...)
	dst = append(dst, `","line":`...)
	dst = escape.AppendJSONString(dst, line)
	switch m {
	case partial:
		dst = append(dst, `,"partial":true`...)
	case continued:
		dst = append(dst, `,"continued":true`...)
	case whole, none:
	}
	return append(dst, '}', '\n')
}

// palette is the colours of names: cyan, yellow, green, magenta, blue, and the same brighter.
// Red is reserved for errors.
var palette = [...]string{"36", "33", "32", "35", "34", "96", "93", "92", "95", "94"}

func (l *layout) appendNamed(dst []byte, s *stream, line []byte, m mark) []byte {
	if l.color {
		dst = append(dst, "\x1b["...)
		dst = append(dst, palette[s.source.color]...)
		dst = append(dst, 'm')
	}
	dst = escape.AppendLine(dst, s.source.service)
	for i := len(s.source.service); i < l.width; i++ {
		dst = append(dst, ' ')
	}
	sign := byte('|')
	if s.midLine {
		sign = '+'
	}
	dst = append(dst, ' ', sign)
	if l.color {
		dst = append(dst, "\x1b[0m"...)
	}
	dst = append(dst, ' ')
	dst = escape.AppendOutput(dst, line)
	s.midLine = m == continued
	return append(dst, '\n')
}

func appendStamp(dst []byte, now time.Time) []byte {
	return now.UTC().AppendFormat(dst, stampLayout)
}

// verbatim reports whether lines are written unchanged.
func (l *layout) verbatim() bool { return l.format == Text && !l.named }
