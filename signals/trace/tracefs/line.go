package tracefs

import (
	"strconv"
	"strings"
)

// Event is a line of trace_pipe.
type Event struct {
	Comm string // of the thread that ran, "<...>" if the kernel has forgotten it
	TID  int
	Time uint64 // nanoseconds
	Name string // "signal_generate"
	Text string // what follows
}

// nameWidth is TASK_COMM_LEN.
const nameWidth = 16

// ParseLine reads a line of trace_pipe: a name in 16 columns, which may be any bytes, then
// "-TID", the processor in brackets, flags, a time, the event. ok is false for another line,
// such as one about lost events.
func ParseLine(line string) (e Event, ok bool) {
	if len(line) <= nameWidth || line[nameWidth] != '-' {
		return e, false
	}
	e.Comm = strings.TrimLeft(line[:nameWidth], " ")
	tid, rest, ok := strings.Cut(line[nameWidth+1:], " ")
	if !ok {
		return e, false
	}
	var err error
	if e.TID, err = strconv.Atoi(tid); err != nil || e.TID < 0 {
		return e, false
	}
	_, rest, ok = strings.Cut(rest, "] ")
	if !ok {
		return e, false
	}
	head, text, ok := strings.Cut(rest, ": ")
	if !ok {
		return e, false
	}
	if e.Time, ok = parseTime(head[strings.LastIndexByte(head, ' ')+1:]); !ok {
		return e, false
	}
	if e.Name, e.Text, ok = strings.Cut(text, ": "); !ok {
		// System calls: "sys_kill(pid: 1, sig: f)", "sys_kill -> 0x0".
		end := strings.IndexAny(text, "( ")
		if end < 0 {
			return e, false
		}
		e.Name, e.Text = text[:end], text[end:]
	}
	if end := strings.IndexAny(e.Name, "( "); end >= 0 { // a call with arguments has colons, too
		e.Name, e.Text = text[:end], text[end:]
	}
	if strings.HasPrefix(e.Text, "(") {
		e.Text = " " + e.Text[1:]
	}
	return e, e.Name != ""
}

// parseTime reads seconds with six digits behind the point.
func parseTime(text string) (ns uint64, ok bool) {
	seconds, fraction, ok := strings.Cut(text, ".")
	if !ok || len(fraction) == 0 || len(fraction) > 9 {
		return 0, false
	}
	s, err := strconv.ParseUint(seconds, 10, 33)
	if err != nil {
		return 0, false
	}
	f, err := strconv.ParseUint(fraction, 10, 32)
	for i := len(fraction); i < 9; i++ {
		f *= 10
	}
	return s*1_000_000_000 + f, err == nil
}

// Number reads the number behind a key in the text of an event: "sig=15".
func (e *Event) Number(key string) (n int64, ok bool) {
	return number(e.Text, key)
}

// Hex is Number for a hexadecimal one.
func (e *Event) Hex(key string) (n uint64, ok bool) {
	value, ok := field(e.Text, key)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(value, "0x"), 16, 64)
	return n, err == nil
}

func number(text, key string) (n int64, ok bool) {
	value, ok := field(text, key)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(value, 10, 64)
	return n, err == nil
}

// field is the last word behind a key: a name before it may look like one.
func field(text, key string) (value string, ok bool) {
	at := strings.LastIndex(" "+text, " "+key)
	if at < 0 {
		return "", false
	}
	value, _, _ = strings.Cut(text[at+len(key):], " ")
	return strings.TrimRight(value, ",)"), true
}

// TargetComm is the name behind "comm=", which may have blanks: it ends before the last " pid=".
func (e *Event) TargetComm() string {
	_, rest, ok := strings.Cut(e.Text, "comm=")
	if !ok {
		return ""
	}
	if end := strings.LastIndex(rest, " pid="); end >= 0 {
		rest = rest[:end]
	}
	return rest
}
