//go:build !slim

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

// change is what start, stop, restart and reload have in common: they want services in
// another state and wait for it.
type change struct {
	remote
	all     bool
	noWait  bool
	timeout time.Duration
}

// changing adds the flags of a change to a command, which then sends the request that ask
// makes.
func (c *change) changing(cmd *cobra.Command, ask func(target request.Target, await bool) request.Request) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error { return namesOrAll(cmd, args, c.all) }
	cmd.ValidArgsFunction = completeServices(&c.remote, many)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if err := notNegative("--timeout", c.timeout); err != nil {
			return err
		}
		target := request.Target{Services: names, All: c.all}
		return c.run(cmd.OutOrStdout(), ask(target, !c.noWait))
	}
	c.printing(cmd)
	cmd.Flags().BoolVar(&c.all, "all", false, "all services")
	cmd.Flags().BoolVar(&c.noWait, "no-wait", false, "do not wait for the outcome")
	cmd.Flags().DurationVar(&c.timeout, "timeout", 0, "how long to wait for the outcome, a `DURATION` such as 30s; what was begun goes on after that (default: for ever)")
	return cmd
}

// namesOrAll requires either names of services or --all.
func namesOrAll(cmd *cobra.Command, args []string, all bool) error {
	switch {
	case all && len(args) > 0:
		return usageError{fmt.Errorf("give names or --all, not both; try '%s --help'", cmd.CommandPath())}
	case !all && len(args) == 0:
		return usageError{fmt.Errorf("NAME or --all is missing; try '%s --help'", cmd.CommandPath())}
	}
	return nil
}

func notNegative(flag string, d time.Duration) error {
	if d < 0 {
		return usageError{fmt.Errorf("%s is below 0", flag)}
	}
	return nil
}

func (c *change) run(w io.Writer, q request.Request) error {
	limit := c.timeout
	if c.noWait && limit == 0 {
		limit = answerTime
	}
	var last *request.Reply
	err := c.stream(limit, q, func(reply *request.Reply) error {
		last = reply
		if c.json() {
			return nil
		}
		for i := range reply.Events {
			if err := printProgress(w, &reply.Events[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if last == nil {
		return err
	}
	if e := printOutcomes(w, last, c.json()); e != nil {
		return e
	}
	return outcomeError(last, err)
}

// outcomeError returns err, or the failure of an outcome that has been printed.
func outcomeError(reply *request.Reply, err error) error {
	if err != nil {
		return err
	}
	for _, o := range reply.Outcomes {
		if !o.OK {
			return exitStatus(exitFailed)
		}
	}
	return nil
}

// printProgress prints an event on the way to an outcome, which has the last lines itself.
func printProgress(w io.Writer, e *request.Event) error {
	if len(e.Lines) > 0 && e.Kind == "lines" {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s: %s\n", e.Service, e.Text)
	return err
}

// printOutcomes prints the result of a request for each service.
func printOutcomes(w io.Writer, reply *request.Reply, asJSON bool) error {
	if asJSON {
		return printJSON(w, reply.Outcomes)
	}
	for _, o := range reply.Outcomes {
		text := o.Text
		if text == "" {
			text = o.Result
		}
		if _, err := fmt.Fprintf(w, "%s: %s\n", o.Service, text); err != nil {
			return err
		}
		if err := printLines(w, o.Lines); err != nil {
			return err
		}
	}
	return printText(w, reply)
}

// printLines prints what a service wrote before its end, below what is said of that.
func printLines(w io.Writer, lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintf(w, "  | %s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// printText prints the text of a reply, if it has one.
func printText(w io.Writer, reply *request.Reply) error {
	if reply.Text == "" {
		return nil
	}
	_, err := fmt.Fprintln(w, reply.Text)
	return err
}
