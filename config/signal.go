package config

import (
	"errors"
	"fmt"
	"strings"

	"supervise/internal/guess"
	"supervise/signals"
)

// aName is what every key for a signal takes.
const aName = "the name of a signal"

// signal reads the name of a signal.
func (c *checker) signal(n *node) (signals.Signal, bool) {
	text, ok := n.value.(string)
	if !ok {
		hint := `write a name in quotes: "SIGTERM"`
		if number, isNumber := n.value.(int64); isNumber && number > 0 && number <= int64(signals.Max) {
			hint = fmt.Sprintf("write %q", signals.Signal(number))
		}
		c.wrongType(n, aName, hint)
		return 0, false
	}
	s, err := signals.Parse(text)
	if err != nil {
		c.wrong(n, c.signalHint(err), "unknown signal %s", quote(text))
		return 0, false
	}
	return s, true
}

// signalKey reads the key of n, which is the name of a signal.
func (c *checker) signalKey(n *node) (signals.Signal, bool) {
	s, err := signals.Parse(n.name)
	if err != nil {
		c.wrongKey(n, c.signalHint(err), "unknown signal %s", quote(n.name))
		return 0, false
	}
	return s, true
}

// signalHint says which signal was meant.
func (c *checker) signalHint(err error) string {
	var unknown *signals.UnknownError
	if !errors.As(err, &unknown) {
		return ""
	}
	near := unknown.Near
	if near == "" {
		name := strings.ToUpper(strings.TrimSpace(unknown.Text))
		if !strings.HasPrefix(name, "SIG") {
			name = "SIG" + name
		}
		if strings.HasPrefix(name, "SIGRTM") && strings.ContainsAny(name, "+-") {
			return fmt.Sprintf("real-time signals are %v to %[1]v+%d, and %v-%[2]d to %[3]v", signals.SIGRTMIN, signals.SIGRTMAX-signals.SIGRTMIN, signals.SIGRTMAX)
		}
		if c.signals == nil {
			for s := range signals.Full.All() {
				c.signals = append(c.signals, s.String())
			}
		}
		near = guess.Word(name, c.signals)
	}
	if near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("write a name such as %q or %q", signals.SIGTERM, signals.SIGRTMIN+3)
}

// set reads an array of signals that a process can block and ignore.
func (c *checker) set(n *node, into *signals.Set) {
	var set signals.Set
	if !c.elements(n, "an array of signals", func(element *node) {
		s, ok := c.signal(element)
		if ok && c.catchable(element, s, n.name) {
			set = set.With(s)
		}
	}) {
		return
	}
	*into = set
}

// catchable rejects the two signals that cannot be caught.
func (c *checker) catchable(n *node, s signals.Signal, verb string) bool {
	if s.Catchable() {
		return true
	}
	c.wrong(n, "", "%s must not have %v: no process can block, catch or ignore it", verb, s)
	return false
}

// handled rejects sending the two signals that no process can handle.
func (c *checker) handled(n *node, s signals.Signal, sender, hint string) bool {
	if s.Catchable() {
		return true
	}
	c.wrong(n, hint, "%s must not send %v, which no process can handle", sender, s)
	return false
}

// receivable rejects signals that cannot have a rule, because they never arrive or have
// another meaning to the supervisor.
func (c *checker) receivable(n *node, s signals.Signal) bool {
	switch {
	case !s.Catchable():
		c.wrongKey(n, "", "%v cannot be caught by any process", s)
		return false
	case s == signals.SIGCHLD:
		c.wrongKey(n, "", "%v tells the supervisor that a child has ended, and can have no other meaning", s)
		return false
	}
	return true
}

// once rejects a signal that a table already has under another name.
func (c *checker) once(n *node, s signals.Signal, seen map[signals.Signal]*node) bool {
	if first := seen[s]; first != nil {
		c.wrongKey(n, "", "%s is the same signal as %s above", quote(n.name), quote(first.name))
		return false
	}
	seen[s] = n
	return true
}
