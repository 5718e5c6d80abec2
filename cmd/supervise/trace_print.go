//go:build !slim

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"supervise/internal/text/escape"
	"supervise/signals/trace"
)

// tracePrinter prints a trace as text, or as JSON, one object per line.
type tracePrinter struct {
	out    *bufio.Writer
	notes  io.Writer
	table  trace.Table
	json   *json.Encoder // or nil
	colour bool
}

func newTracePrinter(out, notes io.Writer, asJSON, colour bool) *tracePrinter {
	p := &tracePrinter{out: bufio.NewWriterSize(out, 1<<16), notes: notes, colour: colour}
	if asJSON {
		p.json = json.NewEncoder(escape.JSON{To: p.out})
		p.json.SetEscapeHTML(false)
	}
	return p
}

// Life prints a line.
func (p *tracePrinter) Life(l *trace.Life) error {
	if p.json != nil {
		return p.json.Encode(l)
	}
	return p.line(p.table.Line(l), p.colourOf(l.Verdict), l.End())
}

// Waiting prints a line for a signal that will have another one.
func (p *tracePrinter) Waiting(l *trace.Life) error {
	if p.json != nil {
		return nil
	}
	return p.line(p.table.Line(l), p.colourOf(l.Verdict), "waits: "+l.Detail)
}

// Event prints a line.
func (p *tracePrinter) Event(e *trace.Event) error {
	if p.json != nil {
		return p.json.Encode(e)
	}
	return p.line("", "2", p.table.Context(e))
}

// line prints two parts, the second in a colour.
func (p *tracePrinter) line(head, colour, tail string) error {
	head, tail = escape.Line(head), escape.Line(tail)
	if p.colour && colour != "" {
		tail = "\x1b[" + colour + "m" + tail + "\x1b[0m"
	}
	_, err := fmt.Fprintf(p.out, "%s%s\n", head, tail)
	return err
}

// colourOf is the colour of a verdict, as in ECMA-48.
func (p *tracePrinter) colourOf(v trace.Verdict) string {
	switch v {
	case trace.Handled, trace.Taken:
		return "32"
	case trace.Terminated, trace.Dumped:
		return "31"
	case trace.Stopped, trace.Continued:
		return "36"
	case trace.Overflow, trace.Dropped, trace.Failed, trace.Coalesced, trace.Unseen:
		return "33"
	case trace.Pending, trace.Ignored, trace.Discarded:
		return "2"
	}
	return ""
}

// Flush prints what was held back; there is nothing more at the moment.
func (p *tracePrinter) Flush() error { return p.out.Flush() }

// End prints the counts.
func (p *tracePrinter) End(c *trace.Counts) error {
	if p.json != nil {
		if err := p.json.Encode(struct {
			Counts *trace.Counts `json:"counts"`
		}{c}); err != nil {
			return err
		}
	}
	return p.ended(c, true)
}

// ended says what there is to say of the counts.
func (p *tracePrinter) ended(c *trace.Counts, count bool) error {
	if err := p.out.Flush(); err != nil {
		return err
	}
	if c.Drops.Total() > 0 {
		fmt.Fprintf(p.notes, "supervise: %d records were lost, as they came faster than they were read: %d of sendings, %d of deliveries, %d of others; a larger --buffer helps, or a filter\n",
			c.Drops.Total(), c.Drops.Generate, c.Drops.Deliver, c.Drops.Other)
	}
	if c.Cut {
		fmt.Fprintln(p.notes, "supervise: the recording has no end: the tracer was killed, or had no room; this is what it had written")
	}
	if count && p.json == nil {
		fmt.Fprintf(p.notes, "supervise: %d signals in %v by %s\n", c.Lives, c.Duration.Round(time.Millisecond), c.Backend)
	}
	return nil
}
