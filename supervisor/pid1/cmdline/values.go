package cmdline

import (
	"errors"
	"strconv"

	"supervise/internal/text"
	"supervise/signals"
	"supervise/supervisor/pid1"
)

// The syntax of the values of flags and variables.

// neverForwarded are the signals that never reach the command through us: the two that cannot
// be caught, and SIGCHLD, which is about our children.
const neverForwarded = signals.Set(1<<(signals.SIGKILL-1) | 1<<(signals.SIGSTOP-1) | 1<<(signals.SIGCHLD-1))

// parseReceived parses a signal that something is to be done about when it is received.
func parseReceived(value string) (signals.Signal, error) {
	s, err := signals.Parse(value)
	if err == nil && neverForwarded.Has(s) {
		err = errors.New(s.String() + " cannot be received here")
	}
	return s, err
}

// parseSignals reads "TERM,INT".
func parseSignals(value string) (set signals.Set, err error) {
	for name := range text.Split(value, ',') {
		s, err := parseReceived(name)
		if err != nil {
			return 0, err
		}
		set = set.With(s)
	}
	return set, nil
}

// parseRewrite reads "TERM:QUIT,HUP:0".
func parseRewrite(r *pid1.Rewrite, value string) error {
	for pair := range text.Split(value, ',') {
		from, to, ok := text.Cut(pair, ':')
		if !ok {
			return errors.New(strconv.Quote(pair) + " is not SIGNAL:SIGNAL, or SIGNAL:0 to drop it")
		}
		received, err := parseReceived(from)
		if err != nil {
			return err
		}
		sent := signals.Signal(0)
		if text.Trim(to) != "0" {
			if sent, err = signals.Parse(to); err != nil {
				return err
			}
		}
		r.Set(received, sent)
	}
	return nil
}

// parseRemap reads "143:0,7".
func parseRemap(r *pid1.Remap, value string) error {
	for pair := range text.Split(value, ',') {
		from, to, ok := text.Cut(pair, ':')
		if !ok {
			to = "0"
		}
		old, err1 := strconv.ParseUint(from, 10, 8)
		status, err2 := strconv.ParseUint(to, 10, 8)
		if err1 != nil || err2 != nil {
			return errors.New(strconv.Quote(pair) + " is not CODE or CODE:CODE with codes from 0 to 255")
		}
		r.Set(uint8(old), uint8(status))
	}
	return nil
}

// parseSwitch parses the value of a flag that needs none: "" stands for true.
func parseSwitch(value string) (bool, error) {
	switch value {
	case "", "true", "1", "yes", "on":
		return true, nil
	case "false", "0", "no", "off":
		return false, nil
	}
	return false, errors.New(strconv.Quote(value) + " is neither true nor false")
}

// units of durations in nanoseconds. A longer name stands before its prefixes.
var units = [...]struct {
	name string
	ns   int64
}{{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}

// longest is the longest duration: 10,000 hours.
const longest = 10_000 * 3600e9

// parseDuration parses "1m30s", "500ms", "1.5s", or a number of seconds, into nanoseconds.
func parseDuration(value string) (ns int64, err error) {
	wrong := errors.New(strconv.Quote(value) + " is not a duration: give 10s, 500ms, 1m30s, or a number of seconds")
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
		whole, err := strconv.ParseInt(number, 10, 64)
		if err != nil || unit == 0 || whole > (longest-ns)/unit {
			return 0, wrong
		}
		ns += whole * unit
		for i := range len(fraction) {
			unit /= 10
			ns += int64(fraction[i]-'0') * unit
		}
	}
	return ns, nil
}

// digits splits off the digits at the start of a text.
func digits(s string) (number, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}
