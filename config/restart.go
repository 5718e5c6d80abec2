package config

import (
	"fmt"
	"math"
	"strconv"

	"supervise/signals"
)

// maxFactor keeps powers of the factor far within float64.
const maxFactor = 1000

var restartFields = []field[Restart]{
	{
		name: "policy", aliases: "when on mode restart condition", takes: `"on-failure", "always" or "never"`, initial: `"on-failure"`,
		doc: "after which exits the service is started again; on-failure: after all except those in success",
		read: func(c *checker, n *node, into *Restart) {
			if word, ok := c.word(n, policyWords, "no=never off=never false=never none=never yes=always on=always true=always unless-stopped=always failure=on-failure unexpected=on-failure"); ok {
				into.Policy = Policy(word)
			}
		},
	},
	{
		name: "delay", aliases: "backoff interval wait restart-sec initial-delay min-delay", takes: "a duration", initial: `"500ms"`,
		doc:  "how long to wait before the first restart",
		read: func(c *checker, n *node, into *Restart) { c.duration(n, &into.Delay) },
	},
	{
		name: "factor", aliases: "multiplier backoff-factor", takes: "a number", initial: "2.0",
		doc:  "each further delay is the previous one times this; at least 1",
		read: func(c *checker, n *node, into *Restart) { c.number(n, 1, maxFactor, &into.Factor) },
	},
	{
		name: "max-delay", aliases: "backoff-limit delay-max", takes: "a duration", initial: `"30s"`,
		doc:  "the longest delay; the default is never below delay. A service that exits within a second of its start, ten times in a row, waits up to a second in any case",
		read: func(c *checker, n *node, into *Restart) { c.duration(n, &into.MaxDelay) },
	},
	{
		name: "jitter", aliases: "random randomize", takes: "a number", initial: "0.1",
		doc:  "the share of a delay that is added or subtracted at random; 0 to 1",
		read: func(c *checker, n *node, into *Restart) { c.number(n, 0, 1, &into.Jitter) },
	},
	{
		name: "reset-after", aliases: "reset stable-after", takes: "a duration", initial: `"30s"`,
		doc:  "a service that was up for this long starts with the first delay again",
		read: func(c *checker, n *node, into *Restart) { c.duration(n, &into.ResetAfter) },
	},
	{
		name: "limit", aliases: "max-restarts retries max-retries startretries attempts max-attempts burst", takes: "a whole number", initial: "0",
		doc:  "restarts in a row after which the service has failed; 0 for no limit",
		read: func(c *checker, n *node, into *Restart) { c.integer(n, 0, math.MaxInt32, &into.Limit) },
	},
	{
		name: "success", aliases: "exitcodes exit-codes success-exit-status", takes: "an array of exit codes and signals", initial: `[0, "SIGTERM"]`,
		doc:  "the exits that are not a failure",
		read: readSuccess,
	},
}

func readRestart(c *checker, n *node, into *Restart) {
	if _, ok := readTable(c, n, `restart = { policy = "always" }`, restartFields, into); !ok {
		return
	}
	// If only one of the two is given, the default of the other is adapted to it.
	switch delay, most := n.child("delay"), n.child("max-delay"); {
	case into.MaxDelay >= into.Delay:
	case delay != nil && delay.broken, most != nil && most.broken:
	case delay != nil && most != nil:
		c.wrong(most, "", "max-delay %v is less than delay %v", into.MaxDelay, into.Delay)
	case delay != nil:
		into.MaxDelay = into.Delay
	default:
		into.Delay = into.MaxDelay
	}
}

func readSuccess(c *checker, n *node, into *Restart) {
	var outcomes []Outcome
	ok := c.elements(n, "an array of exit codes and signals", func(element *node) {
		if outcome, ok := c.outcome(element); ok {
			outcomes = append(outcomes, outcome)
		}
	})
	if ok {
		into.Success = outcomes
	}
}

func (c *checker) outcome(n *node) (Outcome, bool) {
	switch v := n.value.(type) {
	case int64:
		if v < 0 || v > 255 {
			c.wrong(n, exitHint(v), "an exit code is from 0 to 255, not %d", v)
			return Outcome{}, false
		}
		return Outcome{Code: int(v)}, true
	case string:
		if code, err := strconv.Atoi(v); err == nil {
			c.wrong(n, fmt.Sprintf("write %d for an exit code, or the name of a signal", code), "%s could be an exit code or a signal", quote(v))
			return Outcome{}, false
		}
		s, ok := c.signal(n)
		if !ok {
			return Outcome{}, false
		}
		if d := s.Default(); d != signals.Terminate && d != signals.Core {
			c.wrong(n, "", "%v does not end a process", s)
			return Outcome{}, false
		}
		return Outcome{Signal: s}, true
	}
	c.wrongType(n, "an exit code or the name of a signal", "")
	return Outcome{}, false
}

// exitHint knows the shell's exit code for a death by a signal.
func exitHint(code int64) string {
	if code >= -int64(signals.Max) && code < 0 {
		return fmt.Sprintf("for death by signal %d write %q", -code, signals.Signal(-code))
	}
	return ""
}
