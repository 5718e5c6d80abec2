package config

import (
	"time"

	"supervise/signals"
)

// maxRungs is more than any ladder needs.
const maxRungs = 64

// stopTable is [service.NAME.stop] with both ways to write it.
type stopTable struct {
	signal  signals.Signal
	timeout time.Duration
	ladder  []Rung
}

var stopFields = []field[stopTable]{
	{
		name: "signal", aliases: "stop-signal stopsignal kill-signal sig", takes: aName, initial: `"SIGTERM"`,
		doc: "the signal that asks the main process to end; SIGKILL of the whole tree follows after timeout",
		read: func(c *checker, n *node, into *stopTable) {
			if s, ok := c.stopSignal(n); ok {
				into.signal = s
			}
		},
	},
	{
		name: "timeout", aliases: "stop-timeout stopwaitsecs kill-delay kill-timeout grace grace-period", takes: "a duration", initial: `"10s"`,
		doc:  "how long to wait after signal",
		read: func(c *checker, n *node, into *stopTable) { c.duration(n, &into.timeout) },
	},
	{
		name: "ladder", aliases: "steps rungs escalation sequence", takes: "an array of tables",
		doc:  "instead of signal and timeout: several signals, one after the other, and then SIGKILL of the whole tree",
		read: readLadder,
		inside: func() []Entry {
			list := entries(rungFields)
			for i := range list {
				list[i].Path = "[]." + list[i].Path
			}
			return list
		},
	},
}

var rungFields = []field[Rung]{
	{
		name: "signal", aliases: "sig kill", takes: aName,
		doc: "the signal to send",
		read: func(c *checker, n *node, into *Rung) {
			if s, ok := c.stopSignal(n); ok {
				into.Signal = s
			}
		},
	},
	{
		name: "scope", aliases: "target to who whom kill-mode", takes: `"main", "group" or "tree"`, initial: `"main"`,
		doc: "who gets it: the main process, its process group, or that and everything that descends from it",
		read: func(c *checker, n *node, into *Rung) {
			if word, ok := c.word(n, scopeWords, "process=main leader=main mixed=main pgrp=group process-group=group all=tree cgroup=tree control-group=tree"); ok {
				into.Scope = Scope(word)
			}
		},
	},
	{
		name: "timeout", aliases: "wait delay after for", takes: "a duration",
		doc:  "how long to wait before the next rung",
		read: func(c *checker, n *node, into *Rung) { c.duration(n, &into.Timeout) },
	},
}

func readStop(c *checker, n *node, into *Stop) {
	read := stopTable{signal: into.Ladder[0].Signal, timeout: into.Ladder[0].Timeout}
	if _, ok := readTable(c, n, `stop = { signal = "SIGTERM", timeout = "10s" }`, stopFields, &read); !ok {
		return
	}
	ladder := n.child("ladder")
	if ladder == nil {
		into.Ladder = []Rung{{Signal: read.signal, Scope: Main, Timeout: read.timeout}}
		return
	}
	into.Ladder = read.ladder
	for _, short := range []string{"signal", "timeout"} {
		if other := n.child(short); other != nil {
			c.wrongKey(other, "write it as a rung of the ladder", "%s and ladder exclude each other", short)
		}
	}
}

func readLadder(c *checker, n *node, into *stopTable) {
	if !c.elements(n, "an array of tables", func(element *node) {
		rung := Rung{Scope: Main}
		there, ok := readTable(c, element, `{ signal = "SIGTERM", scope = "main", timeout = "10s" }`, rungFields, &rung)
		if !ok {
			return
		}
		if !there["signal"] {
			c.missing(element, "signal", `write signal = "SIGTERM"`)
		}
		if !there["timeout"] {
			c.missing(element, "timeout", `write timeout = "10s"`)
		}
		into.ladder = append(into.ladder, rung)
	}) {
		return
	}
	switch rungs := len(n.children); {
	case rungs == 0:
		c.wrong(n, `leave it out for the default, or write signal = "SIGKILL"`, "ladder is empty")
	case rungs > maxRungs:
		c.wrong(n, "", "ladder has %d rungs, but at most %d are allowed", rungs, maxRungs)
	}
}

// stopSignal rejects the one signal that would keep a process from ending.
func (c *checker) stopSignal(n *node) (signals.Signal, bool) {
	s, ok := c.signal(n)
	if ok && s == signals.SIGSTOP {
		c.wrong(n, "SIGTERM asks for it, SIGKILL forces it", "%v suspends a process and does not end it", s)
		return 0, false
	}
	return s, ok
}
