//go:build !slim

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"supervise/supervisor/board"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

func newStatus() *cobra.Command {
	var r remote
	var fromBoard, watch, queued bool
	cmd := &cobra.Command{
		Use:   "status [NAME...]",
		Short: "Show how services stand",
		Long: `Show how services stand, all or some: state, what is wanted of them, pid of the main
process, how long they have been in this state, whether they are ready, how often they
were restarted, when they will be next, how many signals the supervisor holds for them, and
how the last main process ended, or why the last start has failed: 'supervise why' and
--format json have the whole reason, and the last lines that it wrote. Of services that are
named, and with --signals of all, also how many signals are queued for their user (SigQ in
/proc/PID/status) of how many at most.

How services stand is read from the status board in shared memory, as long as a supervisor
runs and the board says everything; else, and with --format, the supervisor is asked. One
that is stopped (SIGSTOP) answers nobody: then the board is shown, and how old that is on
standard error. With --board nobody is ever asked, and what the board says is shown also
when the supervisor is dead. --watch reads the board too: on a terminal it draws the table
again when something changes, else it prints a line, or one JSON object, for each service
that changes. It ends with the supervisor, or by Ctrl-C.

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
			case fromBoard, r.supervisorStopped():
				return r.boardStatus(cmd.OutOrStdout(), cmd.ErrOrStderr(), names, queued)
			}
			reply, err := r.call(request.Status{Services: names})
			if err != nil {
				return err
			}
			return r.printStatus(cmd.OutOrStdout(), names, reply.Services, queued)
		},
	}
	r.printing(cmd)
	cmd.Flags().BoolVar(&fromBoard, "board", false, "read the status board, without asking the supervisor")
	cmd.Flags().BoolVar(&queued, "signals", false, "show how many signals are queued for the users of all services")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "show it again whenever it changes, from the status board")
	return cmd
}

// printStatus prints services. Those that were named are expected to run. Without names the
// table has the queued signals only if they are wanted, as the board does not have them.
func (r *remote) printStatus(w io.Writer, names []string, services []status.Service, queued bool) error {
	var err error
	for i := range services {
		if len(names) == 0 && !queued && !r.json() {
			services[i].SigQ = status.SigQ{}
		}
	}
	if r.json() {
		err = printServices(w, services)
	} else {
		err = printTable(w, status.Rows(services, time.Now().UnixNano()), colored(1))
	}
	if err == nil && len(names) > 0 && slices.ContainsFunc(services, func(s status.Service) bool { return s.PID == 0 }) {
		return exitStatus(exitNotRunning)
	}
	return err
}

// printServices is printJSON for services, of which there may be many.
func printServices(w io.Writer, services []status.Service) error {
	var text bytes.Buffer
	if err := json.Indent(&text, status.AppendJSONList(nil, services), "", "  "); err != nil {
		return err
	}
	text.WriteByte('\n')
	_, err := text.WriteTo(w)
	return err
}

// supervisorStopped reports whether the supervisor is stopped, and there is a board.
func (r *remote) supervisorStopped() bool {
	b, err := board.Open(r.directory())
	if err != nil {
		return false
	}
	defer b.Close()
	return b.Stopped()
}

// boardStatus is status from the board, which is there also when nobody would answer. If the
// supervisor is stopped, diagnostics gets how old that is, which changes no exit status.
func (r *remote) boardStatus(w, diagnostics io.Writer, names []string, queued bool) error {
	b, err := r.openBoard()
	if err != nil {
		return err
	}
	defer b.Close()
	services, err := r.readBoard(b.Live(nil), names)
	if err != nil {
		return err
	}
	if b.Stopped() {
		fmt.Fprintln(diagnostics, r.stale(b))
	}
	err = r.printStatus(w, names, services, queued)
	if (err == nil || errors.As(err, new(exitStatus))) && !b.Alive() {
		return fmt.Errorf("%w: this is how things stood at the end", &client.NotRunningError{Dir: r.directory(), PID: b.Owner()})
	}
	return err
}

// stale says how old a board is whose supervisor is stopped.
func (r *remote) stale(b *board.Reader) string {
	age := ""
	if worked := b.Worked(); !worked.IsZero() {
		age = ", " + status.Short(int64(time.Since(worked))) + " ago"
	}
	return fmt.Sprintf("supervise: the supervise of %s is stopped, and answers nobody until 'kill -CONT %d': "+
		"this is how things stood when it was last at work%s", r.directory(), b.Owner(), age)
}

func printTable(w io.Writer, rows [][]status.Cell, colors bool) error {
	_, err := w.Write(status.Render(rows, colors))
	return err
}
