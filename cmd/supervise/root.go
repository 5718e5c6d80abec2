//go:build !slim

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"supervise/config"
	"supervise/internal/guess"
	"supervise/internal/text/escape"
	"supervise/signals/intake"
)

func execute(args []string) int {
	root := newRoot(args)
	root.SetArgs(args)
	root.SetOut(escape.Screen{To: os.Stdout})
	root.SetErr(escape.Screen{To: os.Stderr})
	err := root.Execute()
	if err == nil {
		return exitOK
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	printError(err)
	return exitCode(err)
}

// groups are the commands in the order of the help.
var groups = []struct {
	id, title string
	commands  map[string]func() *cobra.Command
}{
	{"run", "Run:", map[string]func() *cobra.Command{"init": newInit, "run": newRun}},
	{"ask", "Ask a running supervisor:", map[string]func() *cobra.Command{
		"status": newStatus, "graph": newGraph, "why": newWhy, "events": newEvents, "logs": newLogs, "wait": newWait,
	}},
	{"command", "Command a running supervisor:", map[string]func() *cobra.Command{
		"start": newStart, "stop": newStop, "restart": newRestart, "reload": newReload, "signal": newSignal,
		"pause": newPause, "continue": newContinue, "update": newUpdate, "shutdown": newShutdown,
	}},
	{"signals", "Signals of any process:", map[string]func() *cobra.Command{
		"sig": newSig, "send": newSend, "exec": newExec, "trace": newTrace, "lab": newLab,
	}},
	{"help", "Prepare and find out:", map[string]func() *cobra.Command{
		"check": newCheck, "core": newCore, "doctor": newDoctor, "replay": newReplay, "version": newVersion, "completion": newCompletion,
	}},
}

// addCommands adds all commands, or only the one that is asked for if that is enough:
// building the others takes a tenth of the time of status.
func addCommands(root *cobra.Command, args []string) {
	if len(args) > 1 && args[0] == "core" {
		root.AddCommand(newCoreFor(args[1:]))
		return
	}
	if len(args) > 0 && args[0] == "recorder" {
		root.AddCommand(newRecorder())
		return
	}
	for _, g := range groups {
		if len(args) > 0 && g.commands[args[0]] != nil && args[0] != "completion" {
			root.AddCommand(g.commands[args[0]]())
			return
		}
	}
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, make := range g.commands {
			c := make()
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
	root.SetHelpCommandGroupID("help")
}

// newRoot returns the root command for args. It may lack the commands that they do not need.
func newRoot(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "supervise",
		Short: "Supervise processes, and take their signals seriously",
		Long: `Supervise processes, and take their signals seriously.

No signal is lost, reordered or made anonymous, and every stop, restart and crash can be
explained afterwards.`,
		Example: `  supervise init -- nginx -g 'daemon off;'     as PID 1 of a container
  supervise run /etc/supervise/services.toml   services on a server
  supervise check services.toml                is the file valid?
  supervise status                             how are they?
  supervise why web                            and why so?
  supervise sig 812                            what does a process do with its signals?
  supervise trace --all --signal TERM,KILL     who sends these, and what becomes of them?
  supervise core info core.812                 why did it crash, and where?
  supervise doctor                             what does this machine allow?`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}, // we have our own
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usageError{fmt.Errorf("unknown command %q; %s", args[0], meant(cmd, args[0]))}
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asked, _ := cmd.Flags().GetBool("version"); asked {
				return newVersion().RunE(cmd, nil)
			}
			_ = cmd.Help()
			return exitStatus(exitUsage)
		},
		// Only run receives signals itself, and exec hands them on; for every other command they
		// work as usual.
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			own := cmd.Name() == "run" || cmd.Name() == "exec"
			if !own || cmd.Parent() != cmd.Root() { // as lab run
				intake.RestoreRuntimeSignals()
			}
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; try '%s --help'", err, cmd.CommandPath())}
	})
	root.Flags().Bool("version", false, "print the version")
	root.SetHelpCommand(newHelp())
	addCommands(root, args)
	return root
}

// newHelp is cobra's help command, except that it fails for what there is no help for.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND]",
		Short:             "Help about a command",
		ValidArgsFunction: completeCommands,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			about, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 || about == root && len(args) > 0 {
				return usageError{fmt.Errorf("no help for %q; %s", strings.Join(args, " "), meant(root, args[0]))}
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// completeCommands completes the name of a command.
func completeCommands(cmd *cobra.Command, args []string, _ string) (words []cobra.Completion, _ cobra.ShellCompDirective) {
	if len(args) == 0 {
		for _, c := range cmd.Root().Commands() {
			words = append(words, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// meant says what to do instead of an unknown command.
func meant(root *cobra.Command, word string) string {
	var known []string
	for _, c := range root.Commands() {
		known = append(known, c.Name())
	}
	if near := guess.Word(word, known); near != "" {
		return fmt.Sprintf("did you mean 'supervise %s'?", near)
	}
	return "try 'supervise --help'"
}

// exactly is cobra.ExactArgs with the exit code of a usage error and names for missing
// arguments.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usageError{fmt.Errorf("%s is missing; try '%s --help'", names[len(args)], cmd.CommandPath())}
		case len(args) > len(names):
			return usageError{fmt.Errorf("unexpected argument %q; try '%s --help'", args[len(names)], cmd.CommandPath())}
		}
		return nil
	}
}

// printError prints an error to standard error. Those of a configuration already name its
// file.
func printError(err error) {
	var invalid *config.Error
	if errors.As(err, &invalid) {
		fmt.Fprintln(escape.Screen{To: os.Stderr}, err)
		return
	}
	fmt.Fprintln(escape.Screen{To: os.Stderr}, "supervise:", err)
}
