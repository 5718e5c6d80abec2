//go:build !slim

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"supervise/internal/release"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake"
	"supervise/signals/trace"
	"supervise/signals/trace/live"
	"supervise/supervisor/process"
)

// tracing is a command line of supervise trace.
type tracing struct {
	remote
	traceOutputs
	options live.Options
	service string
	cgroup  string
	all     bool
	follow  bool

	pids    []int
	command []string
}

func newTrace() *cobra.Command {
	t := &tracing{}
	cmd := &cobra.Command{
		Use:   "trace [flags] [PID... | --service NAME | --cgroup DIRECTORY | --all] [-- COMMAND...]",
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
begun, followed with all its descendants, and ends the trace with its own end. It gets the
SIGTERM, SIGHUP, SIGINT and SIGQUIT that this command is sent, but for those of ^C and ^\, which
it gets by itself. When the trace fails, as a disk is full, it goes on, and is waited for.

There are three backends. bpf sees everything, and costs each signal of the machine less
than a microsecond; it takes root, or CAP_BPF and CAP_PERFMON. tracefs takes root; it does
not see payloads, nor what signalfd takes. ptrace is there for plain users, and their own
processes: it stops a process at each signal, which makes signals slower by far, and sees
only what is delivered; set-user-ID programs get no rights below it. 'auto' takes the first
that works, and says why not the better ones. Records that came faster than they were read
are counted, and told.

Besides the lines, --save records all of it to a file, for 'supervise trace read'; --html
writes a page that shows processes as lanes and signals as arrows between them; --perfetto
writes events that ui.perfetto.dev shows. --summary prints, instead of lines, who sent how
many of what to whom, what became of them, and how long they took. All can be asked for at
once.

As JSON it prints one object per line: time, signal, value, code, sender, target, verdict,
detail, latency_ns, exit; with --context also objects with the key "event"; the last
object has the key "counts".

Exit status: that of COMMAND (128+n when signal n killed it, 127 when it was not found, 126
when it could not be executed). Without one 0; 1 when the trace failed, with COMMAND too; 2 for
a wrong command line, 3 when no supervisor runs, 4 when the service is unknown.`,
		Example: `  supervise trace --all --signal TERM,KILL         who sends these?
  supervise trace --follow 812                     all signals of a process and its children
  supervise trace --service web --context          with forks, execs and exits
  supervise trace --output trace.txt -- ./test.sh  what a command does with signals
  supervise trace --html t.html -- ./test.sh       the same as a picture
  supervise trace --all --summary                  what goes on here? Ctrl-C ends it
  supervise trace --all --save t.trace             for later: supervise trace read t.trace
  supervise trace --all --signal '!URG,!CHLD' --format json`,
		Args: t.arguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.run(cmd) },
	}
	t.printing(cmd)
	t.both(cmd)
	f := cmd.Flags()
	f.StringVar(&t.service, "service", "", "trace the processes of the service `NAME` of a running supervisor")
	f.StringVar(&t.cgroup, "cgroup", "", "trace all processes in this cgroup2 `DIRECTORY` and below")
	f.BoolVar(&t.all, "all", false, "trace all processes of the machine")
	f.BoolVarP(&t.follow, "follow", "f", false, "with PID: and its children, and their children")
	f.StringVar(&t.save, "save", "", "also record to `FILE`, for supervise trace read")
	f.BoolVar(&t.context, "context", false, "also show fork, exec, exit, and kill with signal 0")
	f.Var(newChoice(&t.options.Backend, "auto", live.Backends()...), "backend", "what records: auto, bpf, tracefs or ptrace")
	f.IntVar(&t.options.Buffer, "buffer", 0, "`MiB` for records that are not read yet, a power of two (default: the backend's)")
	_ = cmd.RegisterFlagCompletionFunc("backend", cobra.FixedCompletions(live.Backends(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("service", completeServices(&t.remote, one))
	_ = cmd.MarkFlagDirname("cgroup")
	cmd.AddCommand(newTraceRead())
	return cmd
}

// run traces until the command has ended, or the processes have, or somebody ends it.
func (t *tracing) run(cmd *cobra.Command) (err error) {
	if err := t.filter(); err != nil {
		return err
	}
	keep, err := t.keep(t.options.Filter.Signals)
	if err != nil {
		return err
	}
	defer func() {
		if e := t.close(); err == nil {
			err = e
		}
	}()
	sink, err := t.sink(cmd.OutOrStdout(), cmd.ErrOrStderr(), t.json())
	if err != nil {
		return err
	}
	ctx := context.Background()
	var held *live.Command
	if len(t.command) > 0 {
		if held, err = live.Hold(t.command); err != nil {
			return notExecuted(err)
		}
		t.options.Filter.PIDs = append(t.options.Filter.PIDs, held.PID)
		relay(held.PID) // from now on: to attach takes a while
	} else {
		var stop func()
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
		defer stop()
	}
	backend, notes, err := live.Open(t.options)
	if err == nil {
		defer backend.Close()
		err = sink.Begin(t.header(backend))
	}
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
	if held != nil {
		return t.traceCommand(backend, held, sink, keep)
	}
	if len(t.options.Filter.Cgroups) == 0 && !t.all {
		ctx = untilEnded(ctx, t.options.Filter.PIDs)
	}
	return live.Run(ctx, backend, sink, keep)
}

// header says of what this is a trace.
func (t *tracing) header(backend trace.Backend) *trace.Header {
	// Without the monotonic clock, which a recording cannot have: both must show the same.
	h := &trace.Header{Begun: time.Now().Round(0), Backend: backend.Name(), What: t.what(), Program: "supervise " + release.Version}
	h.Boot = h.Begun.Add(-time.Duration(backend.Now()))
	h.Host, _ = os.Hostname()
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		h.Kernel = unix.ByteSliceToString(uts.Release[:])
	}
	return h
}

// what is what is traced, as on the command line.
func (t *tracing) what() string {
	var words []string
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, value)
		}
	}
	if t.all {
		words = append(words, "--all")
	}
	add("--service", t.service)
	add("--cgroup", t.cgroup)
	if t.follow {
		words = append(words, "--follow")
	}
	for _, pid := range t.pids {
		words = append(words, strconv.Itoa(pid))
	}
	add("--signal", strings.Join(t.signal, ","))
	add("--verdict", strings.Join(t.verdict, ","))
	add("--from", strings.Join(t.from, ","))
	add("--to", strings.Join(t.to, ","))
	if len(t.command) > 0 {
		words = append(append(words, "--"), t.command...)
	}
	return strings.Join(words, " ")
}

// traceCommand lets the command go, and traces until it has ended. When the trace fails, as a disk
// is full, the command goes on without it, and is waited for all the same.
func (t *tracing) traceCommand(backend trace.Backend, held *live.Command, sink trace.Sink, keep func(*trace.Life) bool) error {
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
		printError(err)
		_ = backend.Close()
		<-ended
		return exitStatus(exitFailed)
	}
	return <-ended
}

// relay hands on to the command what asks this process to end. What is typed, the command has got
// itself: ^C and ^\ are sent to all in the foreground of a terminal.
func relay(pid int) {
	arriving := make(chan os.Signal, 8)
	signal.Notify(arriving, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGHUP)
	typed := signals.SetOf(signals.SIGINT, signals.SIGQUIT)
	observed := intake.Observe(typed.With(signals.SIGTERM).With(signals.SIGHUP))
	command, err := sys.OpenPID(pid) // the pid may be another's when it has ended
	handOn := func(s signals.Signal) {
		if err == nil {
			_ = sys.KillPIDFD(command, uint8(s))
		} else {
			_ = sys.Kill(pid, s)
		}
	}
	go func() {
		for one := range arriving {
			for s, code := intake.Observed(); s != 0; s, code = intake.Observed() {
				if !typed.Has(s) || code != signals.CodeKernel {
					handOn(s)
				}
			}
			s := signals.Signal(one.(syscall.Signal))
			if !observed && !(typed.Has(s) && inForeground()) { // it may have been sent by a process
				handOn(s)
			}
		}
	}()
}

// inForeground reports whether the controlling terminal sends signals to this process: tty(4).
func inForeground() bool {
	fd, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
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
