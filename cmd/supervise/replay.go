//go:build !slim

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"supervise/internal/guess"
	"supervise/internal/text/escape"
	"supervise/supervisor/journal/disk"
	"supervise/supervisor/journal/replay"
	"supervise/supervisor/machine"
)

func newReplay() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "replay FILE [NAME...]",
		Short: "Take the decisions of a recorded journal again, and compare",
		Long: `Read a journal (supervisor.journal in the configuration), have this version of supervise
decide anew about everything that happened, and show each decision with its cause: what
happened, who asked for it, and below that what was decided. A number behind an arrow is
that of the event to which a decision goes back, if it is another one. With names, only
what is about these services is shown. FILE.1, which has what came before, is read first.

It stops at the first decision that this version would not take as it was recorded. What
cannot be replayed, as records were lost or their beginning is not there, is said on
standard error. Nothing is started or signalled.

Exit status: 0 when every decision is the same, 1 when one is not, when there is nothing to
replay, or the file cannot be read, 2 for a wrong command line.`,
		Example: `  supervise replay /var/lib/supervise/journal
  supervise replay /var/lib/supervise/journal web worker
  supervise replay --format json journal | jq 'select(.service == "web")'`,
		Args: func(cmd *cobra.Command, args []string) error {
			return exactly("FILE")(cmd, args[:min(len(args), 1)])
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p := replayPrinter{out: cmd.OutOrStdout(), names: args[1:], json: format == "json", color: colored(1)}
			return replayFile(args[0], &p, cmd.ErrOrStderr())
		},
	}
	addFormat(cmd, &format)
	return cmd
}

// replayFile replays a journal up to the first difference.
func replayFile(path string, p *replayPrinter, warnings io.Writer) error {
	var r replay.Replay
	for record, err := range disk.Read(path) {
		var line *disk.Line
		if err != nil && !errors.As(err, &line) {
			return err
		}
		d, err := r.Feed(record, err)
		if err != nil {
			fmt.Fprintf(warnings, "supervise: %v\n", err)
		}
		if d == nil {
			continue
		}
		if !d.Same() {
			return p.difference(d, path)
		}
		if len(d.Now) > 0 && d.About(p.names) {
			if err := p.decision(d); err != nil {
				return err
			}
		}
	}
	return p.end(&r, path)
}

// replayPrinter prints decisions.
type replayPrinter struct {
	out         io.Writer
	names       []string // of the services that are of interest; none: all
	json, color bool
}

// decided is a decision as JSON.
type decided struct {
	Step    machine.EventID `json:"step"`
	Time    time.Time       `json:"time"`
	Service string          `json:"service,omitempty"`
	Event   string          `json:"event"`
	Actions []decidedAction `json:"actions"`

	// Of a decision that is not the same: the first action that differs.
	Recorded string `json:"recorded,omitempty"`
	Now      string `json:"now,omitempty"`
}

type decidedAction struct {
	Origin  machine.EventID `json:"origin"`
	Service string          `json:"service,omitempty"`
	Text    string          `json:"text"`
}

func (p *replayPrinter) decision(d *replay.Decision) error {
	if p.json {
		return p.object(d, "", "")
	}
	if _, err := fmt.Fprintf(p.out, "%s  %5d %-8s  %s\n", clock(d.Time), d.Step.Number, "", escape.Line(d.Event())); err != nil {
		return err
	}
	for i, a := range d.Now {
		if len(p.names) > 0 && a.Service != machine.NoService && !slices.Contains(p.names, d.Service(a.Service)) {
			continue
		}
		origin := ""
		if a.Origin != d.Step.Number {
			origin = fmt.Sprintf("<- %d", a.Origin)
		}
		if _, err := fmt.Fprintf(p.out, "%29s  %s%-8s    %s%s\n", "", p.escape("2"), origin, escape.Line(d.Action(i, d.Now)), p.escape("0")); err != nil {
			return err
		}
	}
	return nil
}

func (p *replayPrinter) object(d *replay.Decision, recorded, now string) error {
	o := decided{
		Step: d.Step.Number, Time: d.Time, Service: d.Subject(), Event: d.Event(), Actions: make([]decidedAction, len(d.Now)),
		Recorded: recorded, Now: now,
	}
	for i, a := range d.Now {
		o.Actions[i] = decidedAction{a.Origin, d.Service(a.Service), d.Action(i, d.Now)}
	}
	encoder := json.NewEncoder(escape.JSON{To: p.out})
	encoder.SetEscapeHTML(false)
	return encoder.Encode(o)
}

// difference prints a decision that is not the same, and returns that as an error.
func (p *replayPrinter) difference(d *replay.Decision, path string) error {
	recorded, now := d.Difference()
	var err error
	if p.json {
		err = p.object(d, recorded, now)
	} else {
		_, err = fmt.Fprintf(p.out, "%s  %5d %-8s  %s\n%srecorded: %s\nnow:      %s%s\n",
			clock(d.Time), d.Step.Number, "", escape.Line(d.Event()), p.escape("31"), escape.Line(recorded), escape.Line(now), p.escape("0"))
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("step %d of the journal %s is decided otherwise by this version: see 'recorded' and 'now'", d.Step.Number, path)
}

// escape is what changes the colour, to one of ECMA-48's.
func (p *replayPrinter) escape(code string) string {
	if !p.color || p.json {
		return ""
	}
	return "\x1b[" + code + "m"
}

// end says that all is the same, if there was anything.
func (p *replayPrinter) end(r *replay.Replay, path string) error {
	for _, name := range p.names {
		if known := r.Services(); !slices.Contains(known, name) {
			hint := ""
			if near := guess.Word(name, known); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			return fmt.Errorf("the journal %s has no service %q%s", path, name, hint)
		}
	}
	switch {
	case r.Steps == 0:
		return fmt.Errorf("nothing in %s can be replayed", path)
	case p.json:
		return nil
	}
	text := []string{fmt.Sprintf("replayed %d steps: every decision is the same", r.Steps)}
	if r.Skipped > 0 {
		text = append(text, fmt.Sprintf("%d steps could not be replayed", r.Skipped))
	}
	_, err := fmt.Fprintln(p.out, strings.Join(text, "; "))
	return err
}
