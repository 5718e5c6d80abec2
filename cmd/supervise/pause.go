//go:build !slim

package main

import (
	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

func newPause() *cobra.Command {
	return newHalt(&cobra.Command{
		Use:   "pause NAME...",
		Short: "Stop the processes of services where they are (SIGSTOP)",
		Long: `Stop the processes of services where they are, with SIGSTOP, and print their state. They
keep their memory and their files and use no CPU until 'supervise continue'. Signals sent
to them meanwhile wait; 'supervise stop' works.

Exit status: 0 when all of them are paused, 1 when one is not, 2 for a wrong command line,
3 when no supervisor runs, 4 when a service is unknown.`,
		Example: `  supervise pause worker`,
	}, func(target request.Target) request.Request { return request.Pause{Target: target} })
}

func newContinue() *cobra.Command {
	return newHalt(&cobra.Command{
		Use:   "continue NAME...",
		Short: "Continue the processes of paused services (SIGCONT)",
		Long: `Continue the processes of paused services, with SIGCONT, and print their state.

Exit status: 0 when all of them go on, 1 when one does not, 2 for a wrong command line, 3
when no supervisor runs, 4 when a service is unknown.`,
		Example: `  supervise continue worker`,
	}, func(target request.Target) request.Request { return request.Continue{Target: target} })
}

// newHalt completes pause or continue, of which it gets the texts.
func newHalt(cmd *cobra.Command, ask func(request.Target) request.Request) *cobra.Command {
	var r remote
	var all bool
	cmd.Args = func(cmd *cobra.Command, args []string) error { return namesOrAll(cmd, args, all) }
	cmd.ValidArgsFunction = completeServices(&r, many)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		reply, err := r.call(ask(request.Target{Services: names, All: all}))
		if reply == nil {
			return err
		}
		if e := printOutcomes(cmd.OutOrStdout(), reply, r.json()); e != nil {
			return e
		}
		return outcomeError(reply, err)
	}
	r.printing(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "all services")
	return cmd
}
