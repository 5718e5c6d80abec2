//go:build !slim

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"supervise/internal/text/escape"
	"supervise/signals/trace"
	"supervise/signals/trace/live"
	"supervise/supervisor/process"
)

// tracing is a command line of supervise trace.
type tracing struct {
	remote
	options  live.Options
	service  string
	cgroup   string
	all      bool
	follow   bool
	context  bool
	quiet    bool
	output   string
	signal   []string
	from, to []string

	pids    []int
	command []string
}

func newTrace() *cobra.Command {
	t := &tracing{}
	cmd := &cobra.Command{
		Use:   "trace [PID... | --service NAME | --cgroup DIRECTORY | --all] [-- COMMAND...]",
		Short: "Show who sends which signal to whom, and what becomes of it",
		Long: `Show who sends which signal to whom, and what becomes of it: one line for each signal, when
its end is known. That is the time when it was sent, the sender and the target (name, pid,
thread, and the pid in its own PID namespace), the signal with its payload, how it was
sent, and its end: handled, by which function; terminated, stopped or continued the
process; ignored, by the process or by default; coalesced with one that waited; overflow of
a queue; dropped by the init of a PID namespace; taken by sigtimedwait or signalfd;
discarded; or failed, and why. Behind that is the time from the sending to the delivery, and
the exit that followed. A signal that is blocked, or whose process is stopped, has its line
when it is delivered; after half a second a line says that it waits.

What is shown: the signals that the processes PID send and get, with --follow also those of
the children that they have or will have; those of a service of a running supervisor; of all
processes in a cgroup2 directory and below; or of all. COMMAND is held until the trace has
begun, followed with all its descendants, and ends the trace with its own end.

There are three backends. bpf sees everything, and costs the traced processes little and
others nothing that could be measured; it takes root, or CAP_BPF and CAP_PERFMON. tracefs
takes root; it does not see payloads, nor what signalfd takes. ptrace is there for plain
users, and their own processes: it stops a process at each signal, which makes signals slower
by far, and sees only what is delivered. 'auto' takes the first that works, and says why not
the better ones. Records that came faster than they were read are counted, and told.

As JSON it prints one object per line: time, signal, value, code, sender, target, verdict,
detail, latency_ns, exit; with --context also objects with the key "event"; last one with
the key "counts".

Exit status: that of COMMAND (128+n when signal n killed it, 127 when it was not found, 126
when it could not be executed). Without one 0; 1 when it failed, 2 for a wrong command line,
3 when no supervisor runs, 4 when the service is unknown.`,
		Example: `  supervise trace --all --signal TERM,KILL         who sends these?
  supervise trace --follow 812                     all signals of a process and its children
  supervise trace --service web --context          with forks, execs and exits
  supervise trace --output trace.txt -- ./test.sh  what a command does with signals
  supervise trace --all --signal '!URG,!CHLD' --format json`,
		Args: t.arguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.run(cmd) },
	}
	t.printing(cmd)
	f := cmd.Flags()
	f.StringVar(&t.service, "service", "", "trace the processes of the service `NAME` of a running supervisor")
	f.StringVar(&t.cgroup, "cgroup", "", "trace all processes in this cgroup2 `DIRECTORY` and below")
	f.BoolVar(&t.all, "all", false, "trace all processes of the machine")
	f.BoolVarP(&t.follow, "follow", "f", false, "with PID: and its children, and their children")
	f.BoolVar(&t.context, "context", false, "also show fork, exec, exit, and kill with signal 0")
	f.BoolVarP(&t.quiet, "quiet", "q", false, "no notes and no counts on standard error")
	f.StringVarP(&t.output, "output", "o", "", "print to `FILE` instead of standard output")
	f.StringSliceVar(&t.signal, "signal", nil, "only these `SIGNALS`, separated by commas; with ! before it, all but this")
	f.StringSliceVar(&t.from, "from", nil, "only signals from these senders: `PIDS` or names, such as 812 or 'sh*'")
	f.StringSliceVar(&t.to, "to", nil, "only signals to these targets: `PIDS` or names")
	f.Var(newChoice(&t.options.Backend, "auto", live.Backends()...), "backend", "what records: auto, bpf, tracefs or ptrace")
	f.IntVar(&t.options.Buffer, "buffer", 0, "`MiB` for records that are not read yet, a power of two (default: the backend's)")
	_ = cmd.RegisterFlagCompletionFunc("backend", cobra.FixedCompletions(live.Backends(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("service", completeServices(&t.remote, one))
	_ = cmd.MarkFlagDirname("cgroup")
	return cmd
}

// run traces until the command has ended, or the processes have, or somebody ends it.
func (t *tracing) run(cmd *cobra.Command) error {
	if err := t.filter(); err != nil {
		return err
	}
	keep, err := t.keep()
	if err != nil {
		return err
	}
	sink, finish, err := t.sink(cmd.OutOrStdout(), cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer finish()
	var held *live.Command
	if len(t.command) > 0 {
		if held, err = live.Hold(t.command); err != nil {
			return notExecuted(err)
		}
		t.options.Filter.PIDs = append(t.options.Filter.PIDs, held.PID)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	backend, notes, err := live.Open(t.options)
	if !t.quiet {
		for _, note := range notes {
			fmt.Fprintln(cmd.ErrOrStderr(), "supervise:", note)
		}
	}
	if err != nil {
		if held != nil {
			held.Abandon()
		}
		return err
	}
	defer backend.Close()
	if held != nil {
		return t.traceCommand(backend, held, sink, keep)
	}
	if len(t.options.Filter.Cgroups) == 0 && !t.all {
		ctx = untilEnded(ctx, t.options.Filter.PIDs)
	}
	return live.Run(ctx, backend, sink, keep)
}

// traceCommand lets the command go, and traces until it has ended.
func (t *tracing) traceCommand(backend trace.Backend, held *live.Command, sink trace.Sink, keep func(*trace.Life) bool) error {
	relay(held.PID)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		defer stop()
		if err := held.Release(); err != nil {
			ended <- notExecuted(err)
			return
		}
		exit, err := held.Wait(backend)
		if status := exit.Status(); err == nil && status != 0 {
			err = exitStatus(status)
		}
		ended <- err
	}()
	if err := live.Run(ctx, backend, sink, keep); err != nil {
		return err
	}
	return <-ended
}

// relay hands on to the command what asks this process to end. What a terminal sends, the
// command has got itself.
func relay(pid int) {
	arriving := make(chan os.Signal, 8)
	signal.Notify(arriving, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for s := range arriving {
			if s == syscall.SIGTERM || s == syscall.SIGHUP {
				_ = syscall.Kill(pid, s.(syscall.Signal))
			}
		}
	}()
}

// notExecuted is the exit status of a command that was not executed, after it was said why.
func notExecuted(err error) error {
	printError(err)
	var failure *process.StartError
	if errors.As(err, &failure) && failure.Errno == syscall.ENOENT {
		return exitStatus(127)
	}
	return exitStatus(126)
}

// sink is where everything goes, and what to do when that is done.
func (t *tracing) sink(out, notes io.Writer) (trace.Sink, func(), error) {
	finish := func() {}
	terminal := isTerminal(os.Stdout)
	if t.output != "" {
		f, err := os.Create(t.output)
		if err != nil {
			return nil, nil, err
		}
		out, terminal, finish = escape.Screen{To: f}, false, func() { f.Close() }
	} else {
		endWithReader()
	}
	if t.quiet {
		notes = io.Discard
	}
	return newTracePrinter(out, notes, t.json(), terminal), finish, nil
}
