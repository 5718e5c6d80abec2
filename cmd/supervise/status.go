//go:build !slim

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
)

func newStatus() *cobra.Command {
	var r remote
	var fromBoard, watch bool
	cmd := &cobra.Command{
		Use:   "status [NAME...]",
		Short: "Show how services stand",
		Long: `Show how services stand, all or some: state, what is wanted of them, pid of the main
process, how long they have been in this state, whether they are ready, how often they
were restarted, when they will be next, how many signals are queued for their user
(SigQ in /proc/PID/status) of how many at most, how many the supervisor holds for them,
and how the last main process ended.

With --board it does not ask the supervisor but reads the status board in shared memory,
which works also when the supervisor is stopped, stuck or dead. --watch reads the board
too: on a terminal it draws the table again when something changes, else it prints a line,
or one JSON object, for each service that changes. It ends with the supervisor, or by
Ctrl-C.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 3 when no supervisor runs or
a service that was named does not, 4 when a service is unknown.`,
		Example: `  supervise status
  supervise status web || supervise why web
  supervise status --watch
  supervise status --format json | jq '.[] | select(.state == "failed").name'`,
		ValidArgsFunction: completeServices(&r, many),
		RunE: func(cmd *cobra.Command, names []string) error {
			switch {
			case watch:
				return r.watch(cmd.OutOrStdout(), names)
			case fromBoard:
				return r.boardStatus(cmd.OutOrStdout(), names)
			}
			reply, err := r.call(request.Status{Services: names})
			if err != nil {
				return err
			}
			return r.printStatus(cmd.OutOrStdout(), names, reply.Services)
		},
	}
	r.printing(cmd)
	cmd.Flags().BoolVar(&fromBoard, "board", false, "read the status board, without asking the supervisor")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "show it again whenever it changes, from the status board")
	return cmd
}

// printStatus prints services. Those that were named are expected to run.
func (r *remote) printStatus(w io.Writer, names []string, services []request.Service) error {
	var err error
	if r.json() {
		err = printJSON(w, services)
	} else {
		err = printTable(w, statusTable(services, time.Now()), os.Getenv("NO_COLOR") == "" && isTerminal(os.Stdout))
	}
	if err == nil && len(names) > 0 && slices.ContainsFunc(services, func(s request.Service) bool { return s.PID == 0 }) {
		return exitStatus(exitNotRunning)
	}
	return err
}

// boardStatus is status from the board, which is there also when nobody would answer.
func (r *remote) boardStatus(w io.Writer, names []string) error {
	b, err := r.openBoard()
	if err != nil {
		return err
	}
	defer b.Close()
	services, err := r.readBoard(b, names)
	if err != nil {
		return err
	}
	err = r.printStatus(w, names, services)
	if (err == nil || errors.As(err, new(exitStatus))) && !b.Alive() {
		return fmt.Errorf("%w: this is how things stood at the end", &client.NotRunningError{Dir: r.directory(), PID: b.Owner()})
	}
	return err
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
