//go:build !slim

package main

import (
	"os"

	"supervise/internal/sys"
	"supervise/internal/text/escape"
	"supervise/signals/intake"
	"supervise/supervisor/control/request"
)

// isTerminal reports whether a file is a terminal.
func isTerminal(f *os.File) bool { return sys.Terminal(int(f.Fd())) }

// colored reports whether what is written to a descriptor is to be coloured.
func colored(fd int) bool { return sys.Colors(fd, intake.Getenv) }

// printable makes an answer what it is to be for people: each text of it stays in its place.
// A supervisor of somebody else may have sent anything.
func printable(reply *request.Reply) {
	line := func(texts ...*string) {
		for _, text := range texts {
			*text = escape.Line(*text)
		}
	}
	reply.Text = escape.Lines(reply.Text)
	if reply.Error != nil { // may be all that is wrong with a file, with excerpts
		reply.Error.Text = escape.Lines(reply.Error.Text)
	}
	for i := range reply.Outcomes {
		o := &reply.Outcomes[i]
		line(&o.Service, &o.Result)
		o.Text = escape.Lines(o.Text)
		output(o.Lines)
	}
	for i := range reply.Events {
		e := &reply.Events[i]
		line(&e.Service, &e.Kind, &e.Text)
		output(e.Lines)
	}
	for i := range reply.Lines {
		line(&reply.Lines[i].Stream, &reply.Lines[i].Service)
	}
	for i := range reply.Plan {
		c := &reply.Plan[i]
		line(&c.Action, &c.Service, &c.Text)
		for k := range c.Keys {
			line(&c.Keys[k])
		}
	}
	for i := range reply.Services {
		s := &reply.Services[i]
		line(&s.Name, &s.State, &s.Wanted, &s.Exit.Cause, &s.Unstarted.Text)
	}
}

// output makes lines printable that a program wrote.
func output(lines []string) {
	for i := range lines {
		lines[i] = string(escape.AppendOutput(nil, []byte(lines[i])))
	}
}
