//go:build !slim

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/control/request"
)

func newSignal() *cobra.Command {
	var r remote
	var scope string
	cmd := &cobra.Command{
		Use:   "signal NAME SIGNAL [VALUE]",
		Short: "Send a signal to a service, and print the outcome",
		Long: `Send a signal to a service, and print the outcome: delivered, ignored by the process,
coalesced with one that was pending already, held in the queue until the service can take
it, or refused, and by whom.

SIGNAL is a name or a number: HUP, SIGUSR1, RTMIN+3, 15. VALUE is a payload of 64 bits,
decimal or 0x and hexadecimal; with it the signal is queued, as sigqueue(3) does. A
negative one goes behind --, as it looks like a flag. A signal carries bits and no sign:
log and events, and hooks in SUPERVISE_VALUE, show all 64 as a number from 0 up, and so
18446744073709551615 for -1.

Exit status: 0 when it was delivered or is held, 1 when not, 2 for a wrong command line, 3
when no supervisor runs, 4 when the service is unknown.`,
		Example: `  supervise signal web HUP
  supervise signal worker RTMIN+3 42
  supervise signal --scope tree worker USR1
  supervise signal worker RTMIN+3 -- -1`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 3 {
				return nil
			}
			return exactly("NAME", "SIGNAL")(cmd, args)
		},
		ValidArgsFunction: completeSignal(&r),
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := signalRequest(args, scope)
			if err != nil {
				return err
			}
			reply, err := r.call(q)
			if reply == nil {
				return err
			}
			if e := printOutcomes(cmd.OutOrStdout(), reply, r.json()); e != nil {
				return e
			}
			return outcomeError(reply, err)
		},
	}
	r.printing(cmd)
	scopes := config.ScopeWords()
	cmd.Flags().Var(newChoice(&scope, scopes[0], scopes...), "scope", "who gets it: main, the process that was started; group, its process group; or tree, that and all its descendants")
	_ = cmd.RegisterFlagCompletionFunc("scope", cobra.FixedCompletions(scopes, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// signalRequest makes the request from NAME SIGNAL [VALUE].
func signalRequest(args []string, scope string) (request.Request, error) {
	signal, err := signals.Parse(args[1])
	if err != nil {
		return nil, usageError{err}
	}
	q := request.Signal{Service: args[0], Signal: signal}
	if err := q.Scope.UnmarshalText([]byte(scope)); err != nil {
		return nil, usageError{err}
	}
	if len(args) == 3 {
		value, ok := request.ParseValue(args[2])
		if !ok {
			return nil, usageError{fmt.Errorf("%q cannot be the value of a signal: give a 64-bit number such as 42 or 0x2a", args[2])}
		}
		q.Value = &value
	}
	return q, nil
}
