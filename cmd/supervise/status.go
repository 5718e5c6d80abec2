//go:build !slim

package main

import (
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

func newStatus() *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:   "status [NAME...]",
		Short: "Show how services stand",
		Long: `Show how services stand, all or some: state, what is wanted of them, pid of the main
process, how long they have been in this state, whether they are ready, how often they
were restarted, when they will be next, how many signals are queued for their user
(SigQ in /proc/PID/status) of how many at most, how many the supervisor holds for them,
and how the last main process ended.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 3 when no supervisor runs or
a service that was named does not, 4 when a service is unknown.`,
		Example: `  supervise status
  supervise status web || supervise why web
  supervise status --format json | jq '.[] | select(.state == "failed").name'`,
		ValidArgsFunction: completeServices(&r, many),
		RunE: func(cmd *cobra.Command, names []string) error {
			reply, err := r.call(request.Status{Services: names})
			if err != nil {
				return err
			}
			if err := printStatus(cmd.OutOrStdout(), reply.Services, r.json(), colored(os.Stdout)); err != nil {
				return err
			}
			if len(names) > 0 && slices.ContainsFunc(reply.Services, func(s request.Service) bool { return s.PID == 0 }) {
				return exitStatus(exitNotRunning)
			}
			return nil
		},
	}
	r.printing(cmd)
	return cmd
}

// colored reports whether to use colours there.
func colored(f *os.File) bool { return os.Getenv("NO_COLOR") == "" && isTerminal(f) }

func printStatus(w io.Writer, services []request.Service, asJSON, colors bool) error {
	if asJSON {
		return printJSON(w, services)
	}
	return printTable(w, statusTable(services, time.Now()), colors)
}

// stateColors are green for what is well, yellow for what passes, red for what does not.
var stateColors = map[string]string{
	"running": "32", "paused": "33", "starting": "33", "stopping": "33", "clearing": "33", "backoff": "33", "failed": "31",
}

// statusTable makes the table of services, with a head.
func statusTable(services []request.Service, now time.Time) [][]cell {
	var head []cell
	for _, title := range []string{"NAME", "STATE", "WANTED", "PID", "SINCE", "READY", "RESTARTS", "NEXT", "SIGQ", "HELD", "LAST EXIT"} {
		head = append(head, cell{text: title})
	}
	rows := [][]cell{head}
	for i := range services {
		s := &services[i]
		row := []cell{{text: s.Name}, {text: stateText(s), color: stateColors[s.State]}}
		for _, text := range []string{
			s.Wanted, number(s.PID), ago(s.Since, now), yes(s.Ready), strconv.Itoa(s.Restarts), until(s.NextRestart, now),
			queueText(s.SigQ), number(s.Held), exitText(s.Exit),
		} {
			row = append(row, cell{text: text})
		}
		rows = append(rows, row)
	}
	return rows
}

// nothing stands in a table where there is nothing to say.
const nothing = "-"

func number(n int) string {
	if n == 0 {
		return nothing
	}
	return strconv.Itoa(n)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func ago(t, now time.Time) string {
	if t.IsZero() {
		return nothing
	}
	return short(now.Sub(t))
}

func until(t, now time.Time) string {
	if t.IsZero() {
		return nothing
	}
	return "in " + short(t.Sub(now))
}

func queueText(q *request.SigQ) string {
	if q == nil {
		return nothing
	}
	return strconv.FormatUint(q.Used, 10) + "/" + strconv.FormatUint(q.Limit, 10)
}

func exitText(e *request.Exit) string {
	if e == nil {
		return nothing
	}
	return e.Text
}
