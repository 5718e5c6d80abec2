//go:build !slim

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"supervise/signals"
	"supervise/signals/deliver"
	"supervise/signals/predict"
	"supervise/supervisor/control/request"
)

// sending are the arguments and flags of send.
type sending struct {
	remote
	ladder  []signals.Signal // the signal, and those of --then
	value   *uint64
	thread  int
	set     func(pid int) ([]int, error) // nil for the process alone
	predict bool
	dryRun  bool
	wait    time.Duration
}

const sendLong = `Send a signal to a process by its PID, or to the main process of a service of the running
supervisor by its NAME, and say what becomes of it, as far as that can be seen without
tracing:

  handled      the program has a handler for it; what that does, cannot be seen
  taken        sigwaitinfo() or a signalfd takes it
  terminated   it ends the process by default; dumped: with a core
  stopped      it stops the process; continued: SIGCONT ends a stop
  ignored      the program ignores it, or it does nothing by default
  pending      every thread blocks it, the process is stopped, or its cgroup frozen
  coalesced    one of its number is pending already, and a standard signal is not queued
  overflow     the queue of the process's user is full: EAGAIN
  dropped      the process is the init of a PID namespace, and has no handler for it
  discarded    the process is about to end, or a zombie
  failed       there is no such process, or you may not signal it
  unseen       it was delivered, but what it did cannot be seen (yet)

It says, too, when there was no room for the siginfo, so that the receiver sees neither value
nor sender. The process is held by a pidfd: if it has ended, no other gets the signal that has
its pid by now.

SIGNAL is a name or a number: HUP, SIGUSR1, RTMIN+3, 15. With VALUE the signal is queued, as
sigqueue(3) does: 64 bits, decimal or 0x and hexadecimal; a negative one goes behind --.

--group, --tree and --cgroup send it to each process of the process group, of the descendants,
or of the cgroup2 group of the process and those below; each by its own pidfd, but never to
this command itself. Processes that appear meanwhile are looked for a few times.

With --wait it says how the process ended: of any process, not only of children (Linux 6.15;
before, of zombies). --then sends another signal if it still lives after that time, and waits
as long again: --wait 5s --then KILL.

Exit status: 0 when the signal was taken, or is pending; with --wait when the process has
ended. 1 when nothing comes of it (with several processes: of one of them), 2 for a wrong
command line, 3 when there is no such process, no supervisor, or the service does not run, 4
when the service is unknown, 5 when it was taken and a process still runs after --wait.`

func newSend() *cobra.Command {
	var s sending
	var then []string
	var group, tree, cgroup bool
	cmd := &cobra.Command{
		Use:   "send PID|NAME SIGNAL [VALUE]",
		Short: "Send a signal to a process, and say what becomes of it",
		Long:  sendLong,
		Example: `  supervise send 812 TERM
  supervise send --dry-run 1 TERM             what would 'docker stop' do here?
  supervise send --wait 5s --then KILL 812 TERM
  supervise send --thread 815 812 RTMIN+3 42
  supervise send --tree web USR1`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 3 {
				return nil
			}
			return exactly("PID or NAME", "SIGNAL")(cmd, args)
		},
		ValidArgsFunction: completeSignal(&s.remote),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.parse(args[1:], then); err != nil {
				return usageError{err}
			}
			if count(s.thread != 0, group, tree, cgroup) > 1 {
				return usageError{errors.New("--thread, --group, --tree and --cgroup exclude each other")}
			}
			switch {
			case group:
				s.set = deliver.Group
			case tree:
				s.set = func(pid int) ([]int, error) { return deliver.Tree(pid), nil }
			case cgroup:
				s.set = deliver.Cgroup
			}
			pid, err := s.process(args[0])
			if err != nil {
				return err
			}
			return s.run(cmd.OutOrStdout(), pid)
		},
	}
	s.printing(cmd)
	flags := cmd.Flags()
	flags.IntVar(&s.thread, "thread", 0, "send it to this thread of the process alone: a `TID`")
	flags.BoolVar(&group, "group", false, "send it to each process of the process group of the process")
	flags.BoolVar(&tree, "tree", false, "send it to the process and each of its descendants")
	flags.BoolVar(&cgroup, "cgroup", false, "send it to each process of the cgroup2 group of the process, and below")
	flags.BoolVar(&s.predict, "predict", false, "say what will become of it before it is sent")
	flags.BoolVar(&s.dryRun, "dry-run", false, "say what would become of it, and send nothing")
	flags.DurationVar(&s.wait, "wait", 0, "wait for the end of the process, at most for a `DURATION` such as 5s")
	flags.StringArrayVar(&then, "then", nil, "send this `SIGNAL` if a process still lives after --wait, and wait again; may be repeated")
	_ = cmd.RegisterFlagCompletionFunc("then", completeSignalFlag)
	return cmd
}

// parse reads SIGNAL [VALUE] and the signals of --then.
func (s *sending) parse(args, then []string) error {
	for _, name := range append(args[:1:1], then...) {
		signal, err := signals.Parse(name)
		if err != nil {
			return err
		}
		s.ladder = append(s.ladder, signal)
	}
	switch {
	case len(then) > 0 && s.wait <= 0:
		return errors.New("--then needs --wait: how long may the process live before the next signal?")
	case s.wait < 0:
		return fmt.Errorf("--wait %v is negative", s.wait)
	case s.dryRun && s.wait > 0:
		return errors.New("--dry-run sends nothing that --wait could wait for")
	case s.thread < 0:
		return fmt.Errorf("--thread %d is no thread id", s.thread)
	}
	if len(args) == 2 {
		value, ok := request.ParseValue(args[1])
		if !ok {
			return fmt.Errorf("%q cannot be the value of a signal: give a 64-bit number such as 42 or 0x2a", args[1])
		}
		bits := uint64(value)
		s.value = &bits
	}
	return nil
}

// count counts the conditions that hold.
func count(conditions ...bool) (n int) {
	for _, holds := range conditions {
		if holds {
			n++
		}
	}
	return n
}

// of is how a signal of the ladder is sent. Only the first has the value.
func (s *sending) of(rung int) (how predict.Sending, value *uint64) {
	how = predict.Sending{Signal: s.ladder[rung], Thread: s.thread}
	if rung == 0 {
		value = s.value
	}
	switch {
	case value != nil:
		how.Code = signals.CodeQueue
	case s.thread != 0:
		how.Code = signals.CodeThread
	}
	return how, value
}

// open takes hold of the processes that are meant: at first the one that was named, and then
// those of its set that are not among the held. One that has ended meanwhile is left out.
func (s *sending) open(pid int, held []*deliver.Process) (fresh []*deliver.Process, err error) {
	if s.set == nil {
		if len(held) > 0 {
			return nil, nil
		}
		p, err := deliver.Open(pid)
		return []*deliver.Process{p}, err
	}
	pids, err := s.set(pid)
	if err != nil && len(held) == 0 {
		return nil, err
	}
	for _, member := range pids {
		known := slices.ContainsFunc(held, func(p *deliver.Process) bool { return p.PID == member })
		if known || member == os.Getpid() {
			continue
		}
		if p, err := deliver.Open(member); err == nil {
			fresh = append(fresh, p)
		}
	}
	return fresh, nil
}

// status is the exit status for what came of it all.
func (s *sending) status(reports []*sendReport) error {
	ended, effective, exist := true, true, false
	for _, r := range reports {
		f := r.Predicted
		if r.Result != nil {
			f = r.Result
		}
		if f.Reason != predict.NoThread {
			exist = true
		}
		if !f.Fate.Effective() {
			effective = false
		}
	}
	for _, r := range lastOf(reports) {
		ended = ended && r.End != nil
	}
	switch {
	case !exist:
		return exitStatus(exitNotRunning)
	case s.wait > 0 && ended:
		return nil
	case s.wait > 0 && effective:
		return exitStatus(exitStillRuns)
	case !effective:
		return exitStatus(exitFailed)
	}
	return nil
}

// lastOf are the last reports of each process.
func lastOf(reports []*sendReport) map[int]*sendReport {
	last := map[int]*sendReport{}
	for _, r := range reports {
		last[r.PID] = r
	}
	return last
}
