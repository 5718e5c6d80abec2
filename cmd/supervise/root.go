//go:build !slim

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"supervise/config"
	"supervise/signals/intake"
)

// Exit codes of all subcommands but init: LSB, "Init Script Actions".
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a command line or a configuration that cannot be used.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func execute(args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.Execute()
	if err == nil {
		return exitOK
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	printError(err)
	var usage usageError
	var invalid *config.Error
	if errors.As(err, &usage) || errors.As(err, &invalid) {
		return exitUsage
	}
	return exitFailed
}

// exitStatus is an exit code when everything has been said already.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "supervise",
		Short: "Supervise processes, and take their signals seriously",
		Long: `Supervise processes, and take their signals seriously.

No signal is lost, reordered or made anonymous, and every stop, restart and crash can be
explained afterwards.`,
		Example: `  supervise init -- nginx -g 'daemon off;'     as PID 1 of a container
  supervise run /etc/supervise/services.toml   services on a server
  supervise check services.toml                is the file right?
  supervise doctor                             what does this machine allow?`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usageError{fmt.Errorf("unknown command %q; try 'supervise --help'", args[0])}
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return exitStatus(exitUsage)
		},
		// Only run receives signals itself; every other command dies of them as usual.
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			if cmd.Name() != "run" {
				intake.Leave()
			}
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; try '%s --help'", err, cmd.CommandPath())}
	})
	root.AddCommand(newInit(), newRun(), newCheck(), newDoctor(), newVersion())
	return root
}

// exactly is cobra.ExactArgs with the exit code of a usage error, and a name for what is
// missing.
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

// printError writes an error where people look for it. A configuration's errors already
// name their file.
func printError(err error) {
	var invalid *config.Error
	if errors.As(err, &invalid) {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Fprintln(os.Stderr, "supervise:", err)
}
