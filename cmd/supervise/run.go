//go:build !slim

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"supervise/config"
	"supervise/config/accounts"
	"supervise/internal/release"
	"supervise/internal/sys"
	"supervise/signals/intake"
	"supervise/supervisor"
	"supervise/supervisor/control/wire"
	"supervise/supervisor/host"
	"supervise/supervisor/threads"
)

// fewestFDs is how many descriptors supervise run needs at least, beside the three that it is
// started with.
const fewestFDs = 8

func newRun() *cobra.Command {
	var level, format, dir string
	cmd := &cobra.Command{
		Use:   "run FILE.toml",
		Short: "Supervise the services of a file until told to stop",
		Long: `Supervise the services of a configuration file until a signal asks for a shutdown:
SIGTERM and SIGINT stop every service by its ladder, SIGQUIT kills at once; the [signals]
table of the file can change that. A signal without a rule is forwarded to the services
that want it.

Nothing is started if the file has an error; 'supervise check' prints the same errors.

With 'exit-with' in [supervisor] it shuts down by itself when a service, or all of them,
have ended.

A shutdown ends in time: when supervisor.shutdown-timeout is over, whatever still runs is
killed, and 6 seconds later supervise exits, come what may. Processes that survive SIGKILL
are then left behind, and the log names each, and says why.

Exit status: 0 after a shutdown, or that of a service if 'exit-with' says so; 5 when it had
to leave processes behind, 2 for a wrong command line or file, 1 when supervise itself
cannot start.`,
		Example: `  supervise run testdata/quickstart.toml
  supervise run --log-format json /etc/supervise/services.toml
  supervise run --runtime-dir /tmp/try services.toml`,
		Args:              exactly("FILE.toml"),
		ValidArgsFunction: completeFile,
		RunE: func(_ *cobra.Command, args []string) error {
			// First of all, so that no signal is missed: this may execute us again.
			in, err := intake.Start(os.Args)
			if err != nil {
				return err
			}
			// Without room for its poller the Go runtime would end us, with a trace.
			if err := sys.FDRoom(fewestFDs); err != nil {
				return fmt.Errorf("cannot start: there is no room for %d descriptors (ulimit -n): %w", fewestFDs, err)
			}
			intake.RestoreVariables(threads.MaxProcessors)
			host.BeginBulkStart(config.Estimate(args[0]))
			file, err := config.Load(args[0], accounts.Host{})
			if err != nil {
				return err
			}
			lowest, err := zerolog.ParseLevel(level)
			if err != nil {
				return usageError{err}
			}
			terminal := isTerminal(os.Stderr)
			status, err := supervisor.Run(supervisor.Options{
				File: file, Intake: in, Level: lowest,
				Version: release.Version, JSON: format == "json" || format == "auto" && !terminal,
				Color: colored(2), RuntimeDir: dir,
			})
			switch {
			case errors.Is(err, supervisor.ErrLeftBehind):
				return exitStatus(exitLeftBehind) // the log says it
			case err == nil && status != 0:
				return exitStatus(status)
			}
			return err
		},
	}
	cmd.Flags().Var(newChoice(&level, "info", "debug", "info", "warn", "error"), "log-level", "what to log: debug, info, warn or error")
	cmd.Flags().Var(newChoice(&format, "auto", "auto", "text", "json"), "log-format", "text, json, or auto: text on a terminal")
	cmd.Flags().StringVar(&dir, "runtime-dir", "", "the runtime `DIRECTORY`, in place of the file's (default: the file's, or $"+wire.DirectoryVariable+", or /run/supervise as root)")
	_ = cmd.MarkFlagDirname("runtime-dir")
	for flag, words := range map[string][]string{
		"log-level": {"debug", "info", "warn", "error"}, "log-format": {"auto", "text", "json"},
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}
