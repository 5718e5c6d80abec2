//go:build !slim

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

func newEvents() *cobra.Command {
	var r remote
	q := request.Events{}
	cmd := &cobra.Command{
		Use:   "events [NAME...]",
		Short: "Show what happened, and what was done about it",
		Long: `Show what happened to the services, and what was done about it: each event and action
with its time, its number, the number of its cause, the service, and a sentence. Without
names, those of all services and of the supervisor itself. When a service has ended, its
last lines before that follow as an event of their own, up to 10 lines and 2 kB.

As JSON it prints one object per line. With --follow it goes on until the supervisor ends
or Ctrl-C.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 3 when no supervisor runs, 4
when a service is unknown.`,
		Example: `  supervise events
  supervise events --follow web
  supervise events --lines 0 --format json    all that are remembered`,
		ValidArgsFunction: completeServices(&r, many),
		RunE: func(cmd *cobra.Command, names []string) error {
			if q.Limit < 0 {
				return usageError{fmt.Errorf("--lines is below 0")}
			}
			q.Services = names
			limit := answerTime
			if q.Follow {
				limit = 0
				endWithReader()
			}
			return r.stream(limit, q, func(reply *request.Reply) error {
				warnDropped(cmd.ErrOrStderr(), reply)
				if r.json() {
					return printObjects(cmd.OutOrStdout(), reply.Events)
				}
				return printEvents(cmd.OutOrStdout(), reply.Events)
			})
		},
	}
	r.printing(cmd)
	cmd.Flags().BoolVarP(&q.Follow, "follow", "f", false, "go on with new events")
	cmd.Flags().IntVarP(&q.Limit, "lines", "n", 20, "the last `N` of them; 0 is all that are remembered")
	return cmd
}

// printEvents prints events as a table whose last column is a sentence. Its widths are fixed,
// as more events may follow.
func printEvents(w io.Writer, events []request.Event) error {
	for i := range events {
		e := &events[i]
		cause := ""
		if e.Cause != 0 {
			cause = fmt.Sprintf("<- %d", e.Cause)
		}
		name := e.Service
		if name == "" {
			name = "-"
		}
		if _, err := fmt.Fprintf(w, "%s  %5d %-8s  %-10s  %s\n", clock(e.Time), e.ID, cause, name, eventText(e)); err != nil {
			return err
		}
		if err := printLines(w, e.Lines); err != nil {
			return err
		}
	}
	return nil
}

// eventText is the sentence of an event, or else its kind.
func eventText(e *request.Event) string {
	if e.Text == "" {
		return e.Kind
	}
	return e.Text
}
