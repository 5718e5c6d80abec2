//go:build !slim

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"supervise/internal/text/escape"
	"supervise/supervisor/control/request"
)

func newWhy() *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:   "why NAME",
		Short: "Explain what last happened to a service, and why",
		Long: `Explain how a service came into its present state: what happened first, who did it, what
the supervisor decided and did about it, and how that ended. Consequences are indented
below their cause. The last 20 later events that did not change its state, such as
signals, follow below. Below an end are the last lines that it wrote before that.

The sender of a signal is named, and how it was sent: by kill(2), cgroup.kill, the OOM
killer, a fault, a limit, a timer, a terminal. Where the kernel does not let us record
that ('supervise doctor' says so) who sent a SIGKILL, for example, is not known. The last
signals to its processes that others have sent are shown, too, with what came of them.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 3 when no supervisor runs, 4
when the service is unknown.`,
		Example:           "  supervise why web\n  supervise why --format json web",
		Args:              exactly("NAME"),
		ValidArgsFunction: completeServices(&r, one),
		RunE: func(cmd *cobra.Command, args []string) error {
			reply, err := r.call(request.Why{Service: args[0]})
			if err != nil {
				return err
			}
			if r.json() {
				return printJSON(cmd.OutOrStdout(), reply.Events)
			}
			for i := range reply.Services {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), brief(&reply.Services[i])); err != nil {
					return err
				}
			}
			if err := printChain(cmd.OutOrStdout(), args[0], reply.Events); err != nil {
				return err
			}
			return printLastLines(cmd.OutOrStdout(), reply.Lines)
		},
	}
	r.printing(cmd)
	return cmd
}

// printLastLines prints what the last main process wrote before its end.
func printLastLines(w io.Writer, lines []request.Line) error {
	if len(lines) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w, "before its last end it wrote:"); err != nil {
		return err
	}
	for _, l := range lines {
		if err := printLines(w, []string{string(escape.AppendOutput(nil, []byte(l.Text)))}); err != nil {
			return err
		}
	}
	return nil
}

// printChain prints each event below its cause. Those of services for which this one has waited
// are named.
func printChain(w io.Writer, service string, events []request.Event) error {
	depth := make(map[uint64]int, len(events))
	events = linesBelowEnds(events)
	for i := range events {
		e := &events[i]
		if above, ok := depth[e.Cause]; ok && e.Cause != 0 {
			depth[e.ID] = above + 1
		} else {
			depth[e.ID] = 0
		}
		indent := strings.Repeat("  ", depth[e.ID])
		if e.Service != "" && e.Service != service {
			indent += e.Service + ": "
		}
		if _, err := fmt.Fprintf(w, "%s  %s%s\n", clock(e.Time), indent, eventText(e)); err != nil {
			return err
		}
		if err := printLines(w, e.Lines); err != nil {
			return err
		}
	}
	return nil
}

// linesBelowEnds puts last lines right below the end that they belong to: when they have been
// read, the service may have started again already.
func linesBelowEnds(events []request.Event) []request.Event {
	below := make(map[uint64][]request.Event, len(events)) // by the end, nil for none
	for _, e := range events {
		below[e.ID] = nil
	}
	rest := make([]request.Event, 0, len(events))
	for _, e := range events {
		if _, shown := below[e.Cause]; shown && len(e.Lines) > 0 {
			below[e.Cause] = append(below[e.Cause], e)
		} else {
			rest = append(rest, e)
		}
	}
	ordered := make([]request.Event, 0, len(events))
	for _, e := range rest {
		ordered = append(append(ordered, e), below[e.ID]...)
	}
	return ordered
}
