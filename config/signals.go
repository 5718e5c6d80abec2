package config

import (
	"fmt"
	"strconv"

	"supervise/signals"
)

// maxQueue bounds the memory of a queue: each signal in it takes about 128 bytes.
const maxQueue = 1 << 20

var signalsFields = []field[Signals]{
	{
		name: "block", aliases: "blocked mask", takes: "an array of signals", initial: "[]",
		doc:  "the signals that are blocked when the program starts; no others are",
		read: func(c *checker, n *node, into *Signals) { c.set(n, &into.Block) },
	},
	{
		name: "ignore", aliases: "ignored", takes: "an array of signals", initial: "[]",
		doc:  "the signals that are ignored when the program starts; all others have their default action",
		read: func(c *checker, n *node, into *Signals) { c.set(n, &into.Ignore) },
	},
	{
		name: "forward", aliases: "forwards pass rewrite", takes: "a table of signal = signal", initial: "{}",
		doc:  "which signals to the supervisor are forwarded to the service, and as which signals",
		read: readForward,
	},
	{
		name: "queue", aliases: "outbox", takes: "a table",
		doc:    "the real-time signals that wait for the service",
		read:   readQueue,
		inside: func() []Entry { return entries(queueFields) },
	},
}

var queueFields = []field[Queue]{
	{
		name: "limit", aliases: "size length max depth capacity", takes: "a whole number", initial: "4096",
		doc:  "how many may wait; at least 1",
		read: func(c *checker, n *node, into *Queue) { c.integer(n, 1, maxQueue, &into.Limit) },
	},
	{
		name: "when-full", aliases: "full on-full overflow policy", takes: `"wait", "drop-oldest" or "drop-newest"`, initial: `"wait"`,
		doc: "what to do with one more",
		read: func(c *checker, n *node, into *Queue) {
			if word, ok := c.word(n, whenFullWords, "block=wait"); ok {
				into.WhenFull = WhenFull(word)
			}
		},
	},
}

func readSignals(c *checker, n *node, into *Signals) {
	readTable(c, n, `signals = { ignore = ["SIGPIPE"] }`, signalsFields, into)
}

func readQueue(c *checker, n *node, into *Signals) {
	readTable(c, n, `queue = { limit = 4096, when-full = "wait" }`, queueFields, &into.Queue)
}

func readForward(c *checker, n *node, into *Signals) {
	if n.kind != table {
		hint := `write forward = { SIGHUP = "SIGHUP" }`
		if s, err := signals.Parse(firstText(n)); err == nil {
			hint = fmt.Sprintf("write forward = { %s = %q }", keyText(s.String()), s)
		}
		c.wrongType(n, "a table of signal = signal", hint)
		return
	}
	seen := map[signals.Signal]*node{}
	forward := make(map[signals.Signal]signals.Signal, len(n.children))
	for _, child := range n.children {
		from, ok := c.signalKey(child)
		ok = ok && c.receivable(child, from) && c.once(child, from, seen)
		to, isSignal := c.signal(child)
		if isSignal && c.handled(child, to, n.name, "a service is stopped by its ladder") && ok {
			forward[from] = to
		}
	}
	if len(forward) > 0 {
		into.Forward = forward
	}
}

// checkForwards warns about signals that a service will not get because the supervisor has a
// rule of its own for them.
func (c *checker) checkForwards(root *node, s *Service, file *File) {
	forward := strconv.Quote(Forward.String())
	for from := range s.Signals.Forward {
		rule := file.rule(from)
		if rule == forward {
			continue
		}
		table := root.child("service").child(s.Name).child("signals").child("forward")
		for _, n := range table.children {
			if named, err := signals.Parse(n.name); err == nil && named == from {
				c.warn(n, fmt.Sprintf(`to forward it, write %s = %s in [signals]`, keyText(from.String()), forward),
					"%v is not forwarded, because the supervisor's own rule for it is %s", from, rule)
			}
		}
	}
}
