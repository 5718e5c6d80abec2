//go:build !slim

package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

// waitGrace is how much longer than the timeout the client waits, so that the supervisor can
// answer that it has passed, and print the state.
const waitGrace = time.Second

func newWait() *cobra.Command {
	var r remote
	var condition string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait NAME",
		Short: "Wait until a service is up, ready or down",
		Long: `Wait until a service is up (its main process has run for a moment: 'up-after' in its
table, 250 ms), ready (the same, and it is not paused), or down (nothing of it is left),
and print its state. It changes nothing.

Exit status: 0 when it is, 1 when the timeout passed first, 2 for a wrong command line, 3
when no supervisor runs, 4 when the service is unknown.`,
		Example: `  supervise wait --for ready database && supervise start web
  supervise wait --for down --timeout 1m worker`,
		Args:              exactly("NAME"),
		ValidArgsFunction: completeServices(&r, one),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notNegative("--timeout", timeout); err != nil {
				return err
			}
			limit := timeout
			if limit > 0 {
				limit += waitGrace
			}
			reply, err := r.callWithin(limit, request.Wait{Service: args[0], For: request.Condition(condition), Timeout: timeout})
			if err != nil {
				return err
			}
			if r.json() {
				return printServices(cmd.OutOrStdout(), reply.Services)
			}
			for i := range reply.Services {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), brief(&reply.Services[i])); err != nil {
					return err
				}
			}
			return nil
		},
	}
	r.printing(cmd)
	conditions := []string{string(request.Up), string(request.Ready), string(request.Down)}
	cmd.Flags().Var(newChoice(&condition, conditions[0], conditions...), "for", "what to wait for: up, ready or down")
	_ = cmd.RegisterFlagCompletionFunc("for", cobra.FixedCompletions(conditions, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "how long to wait, a `DURATION` such as 30s (default: for ever)")
	return cmd
}
