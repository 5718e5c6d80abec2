//go:build !slim

package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

func newUpdate() *cobra.Command {
	var r remote
	q := request.Update{}
	var noWait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "update [FILE.toml]",
		Short: "Apply a configuration file, or say what that would change",
		Long: `Compare a configuration file with what runs, print the differences and their keys, and
change only those: new services are started, missing ones are stopped, those whose command
or environment has changed are restarted, the others go on. Without FILE the file that the
supervisor was started with is read again.

If others than root and the supervisor's own user may command it (control.group,
control.mode), FILE and its whole path must be writable for these two alone.

A file with an error changes nothing; its errors are printed. Services are stopped and
restarted by their ladders. The command waits, as 'start' does, until those that are new
or restarted have run for a moment, and prints what came of them.

Exit status: 0, 1 when it failed or a service that it started does not run, 2 for a wrong command line, 3 when no supervisor runs.`,
		Example: `  supervise update --dry-run
  supervise update
  supervise update /etc/supervise/new.toml`,
		Args: cobra.MatchAll(func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return exactly("FILE.toml")(cmd, args)
		}),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				file, err := filepath.Abs(args[0])
				if err != nil {
					return fmt.Errorf("cannot find %s: %w", args[0], err)
				}
				q.File = file
			}
			if err := notNegative("--timeout", timeout); err != nil {
				return err
			}
			q.Await = !noWait && !q.DryRun
			return await(cmd, &r, q, timeout)
		},
	}
	r.printing(cmd)
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "do not wait for the services that it starts and restarts")
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "how long to wait, a `DURATION` such as 30s; what was begun goes on after that (default: for ever)")
	cmd.Flags().BoolVar(&q.DryRun, "dry-run", false, "only say what would change")
	return cmd
}

// await sends the request, and prints the plan and then what came of it.
func await(cmd *cobra.Command, r *remote, q request.Update, timeout time.Duration) error {
	var last *request.Reply
	told := false
	err := r.stream(timeout, q, func(reply *request.Reply) error {
		if last = reply; !told {
			told = true
			return printPlan(cmd.OutOrStdout(), reply, r.json())
		}
		return nil
	})
	if last == nil || len(last.Outcomes) == 0 {
		return err
	}
	out := cmd.OutOrStdout()
	if r.json() { // which is the plan
		out = cmd.ErrOrStderr()
	}
	if e := printOutcomes(out, &request.Reply{Outcomes: last.Outcomes}, false); e != nil {
		return e
	}
	return outcomeError(last, err)
}

// printPlan prints the steps of an update.
func printPlan(w io.Writer, reply *request.Reply, asJSON bool) error {
	if asJSON {
		return printJSON(w, reply.Plan)
	}
	for _, c := range reply.Plan {
		what := c.Text
		if what == "" {
			what = strings.TrimRight(c.Action+" "+c.Service, " ")
		}
		if len(c.Keys) > 0 {
			what += ": " + strings.Join(c.Keys, ", ")
		}
		if _, err := fmt.Fprintln(w, what); err != nil {
			return err
		}
	}
	if len(reply.Plan) == 0 && reply.Text == "" && reply.Error == nil {
		_, err := fmt.Fprintln(w, "nothing to change")
		return err
	}
	return printText(w, reply)
}
