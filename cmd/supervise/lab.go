//go:build !slim

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"supervise/internal/guess"
	"supervise/signals/lab"
)

func newLab() *cobra.Command {
	var l labFlags
	cmd := &cobra.Command{
		Use:   "lab [EXPERIMENT...]",
		Short: "Show by experiments how signals behave on this machine",
		Long: `Show by experiments how signals behave on this machine: all of them, or those named.

Each prints what it does, step by step, what it sees, what that teaches, and the manual page
that it rests on. What it sees is compared with what the manual page promises. The verdict
is "ok", "differs", or "not possible here" with the reason, which may be that it takes root.

An experiment runs in a user, PID, IPC and mount namespace of its own, with processes that
do nothing else, so that it needs no rights, meets no other process and leaves nothing behind.
It is killed when it takes longer than 20 seconds; all together take a few.

Exit status: 0, 1 when one differs or it failed, 2 for a wrong command line. That one is not
possible here is no failure.`,
		Example: `  supervise lab --list
  supervise lab coalescing overflow
  supervise lab --format json | jq -r '.[] | select(.verdict != "ok") | .experiment + ": " + .why'`,
		Args: func(_ *cobra.Command, args []string) error {
			for _, name := range args {
				if lab.Find(name) == nil {
					return usageError{guess.Unknown("experiment", name, experimentNames())}
				}
			}
			return nil
		},
		ValidArgsFunction: completeExperiments,
		RunE:              func(cmd *cobra.Command, args []string) error { return l.run(cmd, args) },
	}
	cmd.Flags().BoolVarP(&l.list, "list", "l", false, "list the experiments")
	addFormat(cmd, &l.format)
	cmd.AddCommand(newLabProfile(), newLabRun(), newLabStage(), newLabTrial())
	return cmd
}

// newLabStage is the role in which lab starts this program for each experiment.
func newLabStage() *cobra.Command {
	return &cobra.Command{
		Use:               "stage EXPERIMENT",
		Short:             "Make one experiment, as PID 1 of a PID namespace, for lab",
		Hidden:            true,
		Args:              exactly("EXPERIMENT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(_ *cobra.Command, args []string) error { return lab.Stage(args[0]) },
	}
}

func experimentNames() (names []string) {
	for _, e := range lab.Experiments() {
		names = append(names, e.Name)
	}
	return names
}

func completeExperiments(_ *cobra.Command, args []string, _ string) (words []cobra.Completion, _ cobra.ShellCompDirective) {
	for _, e := range lab.Experiments() {
		if !slices.Contains(args, e.Name) {
			words = append(words, cobra.CompletionWithDesc(e.Name, e.Title))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// labFlags are the flags of lab.
type labFlags struct {
	list   bool
	format string
}

func (l *labFlags) run(cmd *cobra.Command, args []string) error {
	chosen := lab.Experiments()
	if len(args) > 0 {
		chosen = slices.DeleteFunc(chosen, func(e *lab.Experiment) bool { return !slices.Contains(args, e.Name) })
	}
	w := &sticky{to: cmd.OutOrStdout()}
	if l.list {
		return l.printList(w, chosen)
	}
	var results []lab.Result
	for i, e := range chosen {
		if w.err != nil {
			return w.err
		}
		var told func(lab.Step)
		if l.format == "text" {
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%s: %s\n", e.Name, e.Title)
			told = func(s lab.Step) { printStep(w, &s) }
		}
		result := lab.Run(cmd.Context(), e, []string{"/proc/self/exe", "lab", "stage", e.Name}, told)
		results = append(results, result)
		if l.format == "text" {
			printConclusion(w, &result)
		}
	}
	if l.format == "json" {
		if err := printJSON(w, results); err != nil {
			return err
		}
	}
	if w.err != nil {
		return w.err
	}
	return labStatus(results)
}

// sticky remembers the first error of a writer, and writes no more after it.
type sticky struct {
	to  io.Writer
	err error
}

func (s *sticky) Write(text []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	var n int
	n, s.err = s.to.Write(text)
	return n, s.err
}

// labStatus is the exit status: 1 if one differs.
func labStatus(results []lab.Result) error {
	for i := range results {
		if results[i].Verdict == lab.Differs {
			return exitStatus(exitFailed)
		}
	}
	return nil
}

func printStep(w io.Writer, s *lab.Step) {
	switch {
	case s.Seen == "" && s.Expected == "":
		fmt.Fprintf(w, "  %s\n", s.Text)
	case s.OK():
		fmt.Fprintf(w, "    %s: %s\n", s.Text, s.Seen)
	default:
		fmt.Fprintf(w, "  ! %s: %s, but expected was: %s\n", s.Text, s.Seen, s.Expected)
	}
}

func printConclusion(w io.Writer, r *lab.Result) {
	verdict := r.Verdict.String()
	if r.Why != "" {
		verdict += ": " + r.Why
	}
	fmt.Fprintf(w, "  %s\n\n", verdict)
	for line := range strings.SplitSeq(r.Teaches, "\n") {
		fmt.Fprintf(w, "  %s\n", line)
	}
	fmt.Fprintf(w, "  See %s.\n", r.Man)
	var traced []string
	for _, t := range r.Trace {
		traced = append(traced, t.String())
	}
	fmt.Fprintf(w, "  In a trace: %s.\n", strings.Join(traced, ", "))
}

// printList prints what experiments there are.
func (l *labFlags) printList(w io.Writer, chosen []*lab.Experiment) error {
	if l.format == "json" {
		return printJSON(w, chosen)
	}
	for _, e := range chosen {
		if _, err := fmt.Fprintf(w, "%-14s %s\n", e.Name, e.Title); err != nil {
			return err
		}
	}
	return nil
}
