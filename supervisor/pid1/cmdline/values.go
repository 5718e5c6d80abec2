package cmdline

import (
	"supervise/internal/text"
	"supervise/signals"
)

// The syntax of the values of flags and variables.

// neverForwarded are the signals that never reach the command through us: the two that cannot
// be caught, and SIGCHLD, which is about our children.
const neverForwarded = signals.Set(1<<(signals.SIGKILL-1) | 1<<(signals.SIGSTOP-1) | 1<<(signals.SIGCHLD-1))

// signal parses a signal.
func (l *Line) signal(value string) (s signals.Signal, ok bool) {
	if s, ok = signals.Lookup(value); !ok {
		return 0, l.fail(notSignal, value)
	}
	return s, true
}

// received parses a signal that something is to be done about when it is received.
func (l *Line) received(value string) (s signals.Signal, ok bool) {
	if s, ok = l.signal(value); ok && neverForwarded.Has(s) {
		return 0, l.fail(notReceived, value)
	}
	return s, ok
}

// signals reads "TERM,INT".
func (l *Line) signals(value string) (set signals.Set, ok bool) {
	for more := true; more; {
		var name string
		name, value, more = text.Cut(value, ',')
		s, ok := l.received(name)
		if !ok {
			return 0, false
		}
		set = set.With(s)
	}
	return set, true
}

// rewrite reads "TERM:QUIT,HUP:0".
func (l *Line) rewrite(value string) bool {
	for more := true; more; {
		var pair string
		pair, value, more = text.Cut(value, ',')
		from, to, ok := text.Cut(pair, ':')
		if !ok {
			return l.fail(notRewrite, pair)
		}
		received, ok := l.received(from)
		if !ok {
			return false
		}
		sent := signals.Signal(0)
		if text.Trim(to) != "0" {
			if sent, ok = l.signal(to); !ok {
				return false
			}
		}
		l.Options.Rewrite.Set(received, sent)
	}
	return true
}

// remap reads "143:0,7".
func (l *Line) remap(value string) bool {
	const most = 255
	for more := true; more; {
		var pair string
		pair, value, more = text.Cut(value, ',')
		from, to, both := text.Cut(pair, ':')
		if !both {
			to = "0"
		}
		old, ok := text.Uint(from, most)
		status, ok2 := text.Uint(to, most)
		if !ok || !ok2 {
			return l.fail(notRemap, pair)
		}
		l.Options.Remap.Set(uint8(old), uint8(status))
	}
	return true
}

// parseSwitch parses the value of a flag that needs none: "" stands for true.
func parseSwitch(value string) (on, ok bool) {
	switch value {
	case "", "true", "1", "yes", "on":
		return true, true
	case "false", "0", "no", "off":
		return false, true
	}
	return false, false
}

// units of durations in nanoseconds. A longer name stands before its prefixes.
var units = [...]struct {
	name string
	ns   int64
}{{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}

// longest is the longest duration: 10,000 hours.
const longest = 10_000 * 3600e9

// parseDuration parses "1m30s", "500ms", "1.5s", or a number of seconds, into nanoseconds.
func parseDuration(value string) (ns int64, ok bool) {
	rest := value
	for first := true; first || rest != ""; first = false {
		number, unit := "", int64(0)
		number, rest = digits(rest)
		fraction := ""
		if after, ok := text.CutPrefix(rest, "."); ok {
			fraction, rest = digits(after)
		}
		if rest == "" && first {
			unit = 1e9
		}
		for _, u := range units {
			if after, ok := text.CutPrefix(rest, u.name); ok {
				unit, rest = u.ns, after
				break
			}
		}
		whole, ok := text.Uint(number, longest)
		if !ok || unit == 0 || int64(whole) > (longest-ns)/unit {
			return 0, false
		}
		ns += int64(whole) * unit
		for i := range len(fraction) {
			unit /= 10
			ns += int64(fraction[i]-'0') * unit
		}
	}
	return ns, true
}

// digits splits off the digits at the start of a text.
func digits(s string) (number, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}
