//go:build !slim

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"supervise/internal/safefile"
	"supervise/internal/text/escape"
	"supervise/signals/lab/bench"
	"supervise/signals/lab/profile"
	"supervise/signals/lab/scenario"
)

// trialOfScenario is the command in which this program is started as a holder of package bench.
var trialOfScenario = []string{"/proc/self/exe", "lab", "trial", "scenario"}

const labRunLong = `Put a command under a scripted scenario of signals, and check what is expected of it: a test
bench for the signals of any program. Several scenarios are played one after the other.

A scenario is a TOML file: how the program is started (as PID 1, with signals that it inherits
blocked or ignored, with a terminal, with a tiny limit of pending signals), steps (wait for
output, for a socket, for a time; send a signal, a burst, real-time signals with values; stop
and continue it; hang up its terminal; read its output slowly or not at all), and what is
expected: that it stops within a time, how it exits, that it waits for its children and leaves
none behind, what it writes, that it has seen each value that was sent, and that no signal was
lost while it started. All keys: docs/scenarios.md.

The program runs in a PID, mount and IPC namespace of its own, which ends with the scenario
and with all that is in it; the network and the files are those of this machine. A plain user
who may not make namespaces gets a subreaper instead, and no PID 1.

Exit status: 0, 1 when something was not as expected, 2 for a scenario with mistakes or a wrong
command line.`

func newLabRun() *cobra.Command {
	var l labRunFlags
	cmd := &cobra.Command{
		Use:   "run [flags] SCENARIO.toml... -- COMMAND [ARG...]",
		Short: "Put a command under a scenario of signals, and check what is expected",
		Long:  labRunLong,
		Example: `  supervise lab run stop.toml -- ./server --port 8080
  supervise lab run --junit report.xml scenarios/*.toml -- ./server
  supervise lab run --format json stop.toml -- ./server | jq '.[].rounds[].checks[] | select(.ok | not)'`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch dash := cmd.ArgsLenAtDash(); {
			case dash < 0 || dash == len(args):
				return usageError{errors.New("the command is missing: supervise lab run SCENARIO.toml -- COMMAND; try 'supervise lab run --help'")}
			case dash == 0:
				return usageError{errors.New("SCENARIO.toml is missing before --; try 'supervise lab run --help'")}
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if dash := cmd.ArgsLenAtDash(); dash >= 0 {
				return completeCommand(len(args)-dash, false, begun)
			}
			return []cobra.Completion{"toml"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			return l.run(cmd, args[:dash], args[dash:])
		},
	}
	cmd.Flags().StringVar(&l.junit, "junit", "", "also write the result as JUnit XML to `FILE`")
	addFormat(cmd, &l.format)
	return cmd
}

// newLabTrial is the role in which lab run and lab profile start this program.
func newLabTrial() *cobra.Command {
	work := map[string]func(*bench.Holder, []byte) (any, error){"scenario": scenario.Play, "profile": profile.Play}
	return &cobra.Command{
		Use:               "trial WHAT",
		Short:             "Hold a program that is tried, for lab run and lab profile",
		Hidden:            true,
		Args:              exactly("WHAT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			do := work[args[0]]
			if do == nil {
				return usageError{fmt.Errorf("there is no trial %q", args[0])}
			}
			return bench.Serve(do)
		},
	}
}

// labRunFlags are the flags of lab run.
type labRunFlags struct {
	junit  string
	format string
}

func (l *labRunFlags) run(cmd *cobra.Command, files, command []string) error {
	scenarios, err := readScenarios(files)
	if err != nil {
		return err
	}
	var junit *os.File
	if l.junit != "" { // before anything is run in vain
		if junit, err = os.OpenFile(l.junit, os.O_WRONLY|os.O_CREATE, 0o644); err != nil {
			return fmt.Errorf("cannot write the result: %w", err)
		}
		defer junit.Close()
	}
	w := &sticky{to: cmd.OutOrStdout()}
	var results []*scenario.Result
	ok := true
	for i, s := range scenarios {
		var told func(int, scenario.Check)
		if l.format == "text" {
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%s: %s\n", escape.Line(s.File), escape.Line(s.Name))
			if s.Repeat == 1 {
				told = func(_ int, c scenario.Check) { printCheck(w, &c) }
			}
		}
		result := scenario.Run(cmd.Context(), trialOfScenario, s, command, told)
		ok = ok && result.OK
		results = append(results, result)
		if l.format == "text" {
			printScenario(w, result)
		}
	}
	if l.format == "json" {
		if err := printJSON(w, results); err != nil {
			return err
		}
	}
	if junit != nil {
		if err := writeJUnit(junit, results); err != nil {
			return fmt.Errorf("cannot write the result: %w", err)
		}
	}
	if w.err == nil && !ok {
		return exitStatus(exitFailed)
	}
	return w.err
}

// readScenarios reads all before any is played.
func readScenarios(files []string) (list []*scenario.Scenario, err error) {
	const most = 1 << 20
	var mistakes []error
	for _, file := range files {
		data, err := safefile.Read(file, most, safefile.Named)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("cannot read scenario %q: %w", file, err))
			continue
		}
		s, err := scenario.Parse(file, data)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		list = append(list, s)
	}
	if len(mistakes) > 0 {
		return nil, usageError{errors.Join(mistakes...)}
	}
	return list, nil
}

// writeJUnit writes a file anew; what is no regular file has no size to cut.
func writeJUnit(file *os.File, results []*scenario.Result) error {
	var text bytes.Buffer
	if err := scenario.WriteJUnit(&text, results); err != nil {
		return err
	}
	if info, err := file.Stat(); err != nil || info.Mode().IsRegular() {
		if err := file.Truncate(0); err != nil {
			return err
		}
	}
	_, err := file.Write(text.Bytes())
	return err
}

func printCheck(w io.Writer, c *scenario.Check) {
	mark := "ok   "
	if !c.OK {
		mark = "FAIL "
	} else if c.Step {
		mark = "     "
	}
	text := c.Name
	if c.Seen != "" {
		text += ": " + c.Seen
	}
	fmt.Fprintf(w, "  %s %s\n", mark, escape.Line(text))
}

// printScenario prints what was not told as it came, and the conclusion.
func printScenario(w io.Writer, r *scenario.Result) {
	if len(r.Rounds) != 1 {
		for _, c := range r.Checks() {
			printCheck(w, &c)
		}
	} else if err := r.Rounds[0].Error; err != "" {
		printCheck(w, &scenario.Check{Name: "the scenario can be played", Seen: err})
	}
	verdict := "ok"
	if !r.OK {
		verdict = "FAILED"
	}
	if len(r.Rounds) > 1 {
		verdict += fmt.Sprintf(", %d runs", len(r.Rounds))
	}
	if r.Place == bench.Subreaper {
		verdict += ", without a namespace"
	}
	fmt.Fprintf(w, "  %s, %.1f s\n", verdict, r.Seconds)
	for i := range r.Rounds {
		if text := strings.TrimSpace(r.Rounds[i].Output); text != "" {
			fmt.Fprintf(w, "  it wrote at last:\n")
			for line := range strings.Lines(text) {
				fmt.Fprintf(w, "    %s\n", escape.AppendOutput(nil, []byte(strings.TrimRight(line, "\r\n"))))
			}
			return
		}
	}
}
