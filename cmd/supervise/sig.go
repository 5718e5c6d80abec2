//go:build !slim

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"supervise/internal/sys"
	"supervise/internal/text/escape"
	"supervise/signals/inspect"
	"supervise/signals/state/procfs"
	"supervise/supervisor/control/request"
)

// sig are the flags of sig.
type sig struct {
	remote
	tree  int
	all   bool
	queue bool
	watch bool
}

func newSig() *cobra.Command {
	var s sig
	cmd := &cobra.Command{
		Use:   "sig [PID | NAME | --tree PID]",
		Short: "Show what a process does with each signal",
		Long: `Show what a process does with each signal: of a process by its PID, of the main process of
a service of the running supervisor by its NAME, of a process and all that descend from
it (--tree), or, without any of these, of the main processes of all services.

There is a row for each signal that is not plain default: whether it is ignored or caught,
which threads block it, and where it is pending. What takes a signal without a handler is
named too: signalfd(2) and sigwait(3). Root also sees the function that is the handler, the
flags and the mask of sigaction(2), and whether an ignored signal was inherited or set by the
program. SA_RESTORER and the restorer, which every program has, are only in the JSON. None
of that stops the process.

--queue lists the signals that are pending, each with its sender and value. Nothing of them
is consumed; each thread that has some stands for about a fifth of a millisecond. System
calls that end with EINTR after any stop, such as epoll_wait, do so: signal(7). With
--watch that happens twice a second.

At the end stand findings: what is unusual about the signals of this process, and what can
be done about it. They have no influence on the exit status.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 3 when no supervisor runs or
the service does not, 4 when the service is unknown. With --watch it ends with 0 when the
process does.`,
		Example: `  supervise sig web
  supervise sig --queue 812
  supervise sig --tree 812 --format json | jq '.[].findings[].text'
  supervise sig --watch web`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return exactly("PID or NAME")(cmd, args)
			case cmd.Flags().Changed("tree") && len(args) > 0:
				return usageError{fmt.Errorf("--tree has the process that is meant: leave out %q", args[0])}
			case cmd.Flags().Changed("tree") && s.tree <= 0:
				return usageError{fmt.Errorf("%d is no pid", s.tree)}
			}
			return nil
		},
		ValidArgsFunction: completeServices(&s.remote, one),
		RunE: func(cmd *cobra.Command, args []string) error {
			pids, err := s.processes(args)
			if err != nil {
				return err
			}
			i := inspect.New(inspect.Options{All: s.all, Queue: s.queue})
			defer i.Close()
			if s.watch {
				return s.follow(cmd.OutOrStdout(), i, pids)
			}
			reports, err := s.look(i, pids)
			if len(reports) > 0 || err == nil {
				err = errors.Join(s.print(cmd.OutOrStdout(), reports, len(args) == 0), err)
			}
			return err
		},
	}
	s.printing(cmd)
	cmd.Flags().IntVar(&s.tree, "tree", 0, "the process `PID` and all that descend from it")
	cmd.Flags().BoolVarP(&s.all, "all", "a", false, "show all 64 signals")
	cmd.Flags().BoolVarP(&s.queue, "queue", "q", false, "list each pending signal with its sender and value")
	cmd.Flags().BoolVarP(&s.watch, "watch", "w", false, "show it again whenever it changes, until the process ends; look twice a second")
	return cmd
}

// processes returns the processes that are meant, at the time of each call.
func (s *sig) processes(args []string) (func() []int, error) {
	if s.tree > 0 {
		return func() []int { return procfs.Tree(s.tree) }, nil
	}
	if len(args) == 1 {
		pid, err := s.process(args[0])
		return lasting([]int{pid}), err
	}
	reply, err := s.call(request.Status{})
	if err != nil {
		return nil, fmt.Errorf("neither a PID nor a NAME was given, and: %w", err)
	}
	pids := []int{}
	for i := range reply.Services {
		if pid := reply.Services[i].PID; pid != 0 {
			pids = append(pids, pid)
		}
	}
	return lasting(pids), nil
}

// lasting returns those of processes that are the same as now, at the time of each call: a pid
// may be used again.
func lasting(pids []int) func() []int {
	begun := make([]uint64, len(pids))
	for i, pid := range pids {
		if stat, err := sys.ReadStat(pid); err == nil {
			begun[i] = stat.Started
		}
	}
	return func() (same []int) {
		for i, pid := range pids {
			if stat, err := sys.ReadStat(pid); err != nil || stat.Started == begun[i] {
				same = append(same, pid)
			}
		}
		return same
	}
}

// look examines processes. Of several those are left out that have ended meanwhile. A queue
// that cannot be looked at is an error beside the reports.
func (s *sig) look(i *inspect.Inspector, pids func() []int) (reports []*inspect.Report, err error) {
	var hidden *inspect.QueueError
	for n, pid := range pids() {
		report, failed := i.Look(pid)
		switch {
		case errors.Is(failed, procfs.ErrGone) && n > 0:
			continue
		case errors.As(failed, &hidden):
			err = failed
		case failed != nil:
			return nil, failed
		}
		reports = append(reports, report)
	}
	return reports, err
}

// print prints reports: as JSON one object, or a list if several processes were asked for.
func (s *sig) print(w io.Writer, reports []*inspect.Report, several bool) error {
	if !s.json() {
		return printReports(w, reports)
	}
	if several {
		return printJSON(w, reports)
	}
	return printObject(w, reports[0])
}

// watchEvery is how often sig --watch looks.
const watchEvery = 500 * time.Millisecond

// follow prints reports whenever they differ from those before, as JSON one object per line.
func (s *sig) follow(w io.Writer, i *inspect.Inspector, pids func() []int) error {
	endWithReader()
	show := s.showAgain(w)
	var before []byte
	for {
		reports, err := s.look(i, pids)
		if (errors.Is(err, procfs.ErrGone) || len(reports) == 0 && err == nil) && before != nil {
			_, err := fmt.Fprintln(os.Stderr, "supervise: the process has ended")
			return err
		}
		if err != nil {
			return err
		}
		now, err := mark(reports)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, before) {
			before = now
			if err := show(reports); err != nil {
				return err
			}
		}
		time.Sleep(watchEvery)
	}
}

// mark is what of reports makes them worth to be shown again: not that a thread runs or
// sleeps, nor the use of the queue by other processes of that user.
func mark(reports []*inspect.Report) ([]byte, error) {
	var all []inspect.Report
	for _, r := range reports {
		same := *r
		same.Queue.Used = 0
		same.Threads = slices.Clone(r.Threads)
		for i := range same.Threads {
			if state := &same.Threads[i].State; *state != "T" {
				*state = ""
			}
		}
		all = append(all, same)
	}
	return json.Marshal(all)
}

// showAgain returns what shows reports another time: on a terminal in place of those before.
func (s *sig) showAgain(w io.Writer) func([]*inspect.Report) error {
	if s.json() {
		return func(reports []*inspect.Report) error { return printObjects(w, reports) }
	}
	if !isTerminal(os.Stdout) {
		return func(reports []*inspect.Report) error {
			if _, err := fmt.Fprintln(w, clock(time.Now())); err != nil {
				return err
			}
			return printReports(w, reports)
		}
	}
	begin := clearScreen + home
	return func(reports []*inspect.Report) error {
		var text bytes.Buffer
		if err := printReports(&text, reports); err != nil {
			return err
		}
		lines := strings.SplitAfter(escape.Lines(text.String()), "\n")
		if height := terminalHeight(os.Stdout); len(lines) > height-1 && height > 2 {
			left := len(lines) - (height - 2)
			lines = append(lines[:height-2], fmt.Sprintf("... and %d more lines", left))
		}
		if _, err := io.WriteString(os.Stdout, begin); err != nil {
			return err
		}
		begin = home
		_, err := lineClearer{os.Stdout}.Write([]byte(strings.Join(lines, "")))
		return err
	}
}
