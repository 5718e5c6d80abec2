//go:build !slim

package main

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"supervise/coredump"
	"supervise/internal/text/escape"
	"supervise/signals"
	"supervise/signals/atexec"
	"supervise/signals/intake"
	"supervise/supervisor/process"
)

// execution are the flags of exec.
type execution struct {
	change   atexec.Change
	show     bool
	dumpable bool
	format   string
}

const execLong = `Execute a command in the place of this process, with exactly the signal state that the flags
ask for. What no flag names is passed on as it was inherited: the signal mask, ignored
signals, pending signals with sender and value, limits, group and session. Nothing of this
program itself is left in it: if it was built by make build. In a plain go build the Go runtime
takes some signals that are pending before, or dies of them.

SIGNALS are names or numbers, separated by commas, or all: TERM,INT,RTMIN+1. First comes
--reset-all, then --default and --ignore, --unblock and --block. A pending signal that
--unblock lets through has its default action before the command runs; --ignore discards one
that is pending, unless it is blocked as well.

LIMITs are N for the soft and the hard one, SOFT:HARD, SOFT: or :HARD, each a number or
unlimited; that of cores has a unit: 100MB.

--dumpable: execve() sets that attribute itself, whatever PR_SET_DUMPABLE was before: to 1,
unless the program is set-user-ID, has file capabilities, or cannot be read. It is therefore a
condition here: a command that would not be dumpable is not executed.

--parent-death-signal is sent when the thread ends that has created this process, which may be
before its process ends. execve() of a set-user-ID program clears it.

--new-session also works for the leader of a process group, such as a command of a shell, if it
is alone in its group.

--show prints what the command will inherit: to standard error before it is executed, or
without a command to standard output.

Exit status: that of the command; 127 when there is no such command, 126 when it cannot be
executed, 125 when its state cannot be made, 2 for a wrong command line.`

func newExec() *cobra.Command {
	e := execution{}
	cmd := &cobra.Command{
		Use:   "exec [flags] [--] COMMAND [ARG...]",
		Short: "Execute a command with exactly this signal state",
		Long:  execLong,
		Example: `  supervise exec --show
  supervise exec --reset-all -- nginx          after nohup, or from cron
  supervise exec --ignore PIPE --block USR1 -- ./a.out
  supervise exec --pending-limit 3 --core-limit 100MB: -- ./a.out
  supervise exec --default CHLD,PIPE --parent-death-signal TERM -- worker`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && !e.show {
				return usageError{errors.New("COMMAND is missing; try 'supervise exec --help'")}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completeCommand(len(args), false, begun)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := e.change.Check(); err != nil {
				return usageError{err}
			}
			return e.run(cmd.OutOrStdout(), cmd.ErrOrStderr(), args)
		},
	}
	e.flags(cmd)
	return cmd
}

func (e *execution) flags(cmd *cobra.Command) {
	flags, c := cmd.Flags(), &e.change
	flags.SetInterspersed(false)
	flags.BoolVar(&c.Reset, "reset-all", false, "block and ignore nothing, before the other flags")
	for _, set := range []struct {
		to         *signals.Set
		name, text string
	}{
		{&c.Block, "block", "block these `SIGNALS`"},
		{&c.Unblock, "unblock", "unblock these `SIGNALS`"},
		{&c.Ignore, "ignore", "ignore these `SIGNALS`"},
		{&c.Default, "default", "do not ignore these `SIGNALS`"},
	} {
		flags.Func(set.name, set.text, func(text string) error {
			more, err := atexec.ParseSet(text)
			*set.to |= more
			return err
		})
		_ = cmd.RegisterFlagCompletionFunc(set.name, completeSignalsFlag)
	}
	limit := func(to **atexec.Limit, name, text string, one func(string) (uint64, error)) {
		flags.Func(name, text, func(text string) (err error) {
			*to, err = atexec.ParseLimit(text, one)
			return err
		})
	}
	limit(&c.PendingLimit, "pending-limit", "RLIMIT_SIGPENDING, the pending signals of the user: a `LIMIT`", atexec.ParseCount)
	limit(&c.CoreLimit, "core-limit", "RLIMIT_CORE, the size of a core: a `LIMIT`", coredump.ParseLimit)
	flags.Func("core-filter", "which memory goes into a core: `KINDS` separated by commas, or a mask such as 0x33", func(text string) error {
		filter, err := coredump.ParseFilter(strings.Split(text, ","))
		c.CoreFilter = &filter
		return err
	})
	_ = cmd.RegisterFlagCompletionFunc("core-filter", cobra.FixedCompletions(coredump.FilterNames(), cobra.ShellCompDirectiveNoFileComp))
	flags.BoolVar(&e.dumpable, "dumpable", false, "execute only a command that will be dumpable")
	flags.BoolFunc("subreaper", "become the parent of orphans among the descendants; =false: not so", func(text string) error {
		on := text != "false"
		c.Subreaper = &on
		return nil
	})
	flags.Func("parent-death-signal", "the `SIGNAL` that is sent when the parent ends, or none", func(text string) error {
		signal := signals.Signal(0)
		if text != "none" {
			if err := signal.UnmarshalText([]byte(text)); err != nil {
				return err
			}
		}
		c.ParentDeath = &signal
		return nil
	})
	_ = cmd.RegisterFlagCompletionFunc("parent-death-signal", completeSignalFlag)
	flags.BoolVar(&c.NewSession, "new-session", false, "lead a new session, without a terminal")
	flags.BoolVar(&c.NewGroup, "new-group", false, "lead a new process group, in the background of the terminal")
	flags.BoolVar(&e.show, "show", false, "print what the command inherits")
	addFormat(cmd, &e.format)
}

// run shows and executes.
func (e *execution) run(out, beside io.Writer, args []string) error {
	parent := os.Getppid()
	in, err := intake.Start(os.Args) // this may execute us again
	if err != nil {
		return cannotExec(err)
	}
	var path string
	if len(args) > 0 {
		if path, err = e.find(args[0]); err != nil {
			return cannotExec(err)
		}
	} else {
		beside = out
	}
	h, err := atexec.Prepare(in, &e.change, parent)
	if err != nil {
		return cannotExec(err)
	}
	if e.show {
		if err := e.print(beside, h.State()); err != nil {
			return err
		}
	}
	if len(args) == 0 {
		return nil
	}
	err = h.Exec(path, args, intake.Environ())
	if errno, ok := err.(syscall.Errno); ok {
		if better := process.Examine(path); better != nil {
			return cannotExec(better)
		}
		err = &process.StartError{Step: "execve " + path, Errno: errno}
	}
	return cannotExec(err)
}

// find finds the file of a command.
func (e *execution) find(name string) (path string, err error) {
	list, have := os.LookupEnv("PATH")
	if path, err = process.Lookup(name, list, have); err != nil {
		return "", err
	}
	if err := process.Examine(path); err != nil {
		return "", err
	}
	if e.dumpable {
		if err := atexec.Dumpable(path); err != nil {
			return "", err
		}
	}
	return path, nil
}

func (e *execution) print(w io.Writer, s *atexec.State) error {
	if e.format == "json" {
		return printObject(w, s)
	}
	_, err := io.WriteString(w, escape.Lines(s.String()))
	return err
}

// cannotExec prints why the command does not run, and is the exit status for it.
func cannotExec(err error) error {
	printError(err)
	var start *process.StartError
	if errors.As(err, &start) {
		return exitStatus(start.Status())
	}
	return exitStatus(exitNoState)
}
