//go:build !slim

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"supervise/internal/programs"
	"supervise/internal/text/escape"
	"supervise/signals/lab/bench"
	"supervise/signals/lab/profile"
)

// trialOfProfile is the command in which this program is started as a holder of package bench.
var trialOfProfile = []string{"/proc/self/exe", "lab", "trial", "profile"}

const labProfileLong = `Find out how a command behaves with signals, and print the [service] table that fits it.

The command is started again and again, each time in a PID, mount and IPC namespace of its
own, and sent one signal, or two: TERM, INT, QUIT, HUP, USR1, USR2, WINCH, TERM twice, TERM
while it starts, TERM and INT as PID 1. For each the table says what the program had the
signal do (default, ignored, caught), what was seen, how long it took to end, how it exited,
and which processes it left behind. What is left ends with the namespace.

It is ready when its output matches --ready, or when --socket accepts connections; without
both, when it has neither written nor started anything, nor used the processor, for half a
second. That a program does nothing within --limit does not mean that it would not have
later.

Network and files are those of this machine: let it listen where nothing else does, and work
with a copy of what it might spoil. It is killed, sometimes while it starts.

Exit status: 0, 1 when it could not be tried, 2 for a wrong command line.`

func newLabProfile() *cobra.Command {
	l := labProfileFlags{}
	cmd := &cobra.Command{
		Use:   "profile [flags] -- COMMAND [ARG...]",
		Short: "Find out how a command behaves with signals, and which [service] table fits it",
		Long:  labProfileLong,
		Example: `  supervise lab profile -- python3 app.py
  supervise lab profile --socket 127.0.0.1:8080 -- nginx -c /tmp/nginx.conf -g 'daemon off;'
  supervise lab profile --format json --repeat 3 -- ./server | jq -r .service`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("COMMAND is missing; try 'supervise lab profile --help'")}
			}
			return l.check()
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completeCommand(len(args), false, begun)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return l.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.SetInterspersed(false)
	flags.StringVar(&l.Ready, "ready", "", "it is ready when its output matches this regular `EXPRESSION`")
	flags.StringVar(&l.Socket, "socket", "", "it is ready when this `ADDRESS`, 127.0.0.1:80 or /run/x, accepts connections")
	flags.DurationVar(&l.Within, "within", 20*time.Second, "how long it may take until it is ready")
	flags.DurationVar(&l.Limit, "limit", 5*time.Second, "how long a signal may take to have an effect")
	flags.IntVar(&l.Repeat, "repeat", 1, "try each `N` times")
	flags.StringVar(&l.name, "name", "", "the `NAME` of the service; by default that of the program")
	for _, name := range []string{"ready", "socket", "within", "limit", "repeat", "name"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	addFormat(cmd, &l.format)
	return cmd
}

// labProfileFlags are the flags of lab profile.
type labProfileFlags struct {
	profile.Options
	name, format string
}

// check refuses what makes no sense.
func (l *labProfileFlags) check() error {
	const most, mostTries = 10 * time.Minute, 100
	_, err := regexp.Compile(l.Ready)
	switch {
	case err != nil:
		return usageError{fmt.Errorf("--ready is no regular expression: %w", err)}
	case l.Ready != "" && l.Socket != "":
		return usageError{errors.New("--ready and --socket exclude each other: leave out one of them")}
	case l.Within <= 0 || l.Within > most || l.Limit <= 0 || l.Limit > most:
		return usageError{fmt.Errorf("--within and --limit must be above 0 and up to %s", most)}
	case l.Repeat < 1 || l.Repeat > mostTries:
		return usageError{fmt.Errorf("--repeat must be from 1 to %d", mostTries)}
	case l.Socket != "" && !strings.HasPrefix(l.Socket, "/") && !strings.Contains(l.Socket, ":"):
		return usageError{fmt.Errorf("--socket %q is no address; such as 127.0.0.1:8080 or /run/app.sock", l.Socket)}
	}
	return nil
}

func (l *labProfileFlags) run(cmd *cobra.Command, command []string) error {
	l.Command = command
	name := cmp.Or(l.name, programs.Name(command), "it")
	progress := func(int, string) {}
	if isTerminal(os.Stderr) {
		total := l.Count()
		progress = func(n int, name string) { fmt.Fprintf(os.Stderr, "\r%d of %d: %s\x1b[K", n+1, total, name) }
		defer fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
	p, err := profile.Run(cmd.Context(), trialOfProfile, &l.Options, progress)
	if err != nil {
		return err
	}
	if isTerminal(os.Stderr) {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
	w := cmd.OutOrStdout()
	if l.format == "json" {
		return printObject(w, struct {
			*profile.Profile
			Service string `json:"service"`
		}{p, p.Service(name)})
	}
	_, err = io.WriteString(w, profileText(p, name))
	return err
}

// profileText is a profile for people.
func profileText(p *profile.Profile, name string) string {
	rows := [][]string{{"PROBE", "SIGNAL IS", "EFFECT", "AFTER", "EXIT", "LEFT BEHIND"}}
	for i := range p.Probes {
		one := &p.Probes[i]
		row := []string{one.Name, one.Disposition, string(one.Effect), "", "", escape.Line(strings.Join(one.Left, ", "))}
		if one.Exit != nil {
			row[3], row[4] = fmt.Sprintf("%.2f s", one.Took.Seconds()), one.Exit.String()
		}
		if one.Error != "" {
			row[2] = "not tried: " + escape.Line(one.Error)
		}
		for _, other := range one.Varies {
			row[2] += ", or " + string(other)
		}
		rows = append(rows, row)
	}
	text := columns(rows)
	if p.Place == bench.Subreaper {
		text += "\nWithout namespaces, which this user may not make here.\n"
	}
	return text + "\n" + escape.Lines(p.Service(name))
}
