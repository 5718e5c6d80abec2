//go:build !slim

package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

func newUpdate() *cobra.Command {
	var r remote
	q := request.Update{}
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
restarted by their ladders; the command does not wait for that.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 3 when no supervisor runs.`,
		Example: `  supervise update --dry-run
  supervise update
  supervise update /etc/supervise/new.toml`,
		Args: cobra.MatchAll(func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return exactly("FILE.toml")(cmd, args)
		}),
		ValidArgsFunction: cobra.FixedCompletions([]string{"toml"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				file, err := filepath.Abs(args[0])
				if err != nil {
					return fmt.Errorf("cannot find %s: %w", args[0], err)
				}
				q.File = file
			}
			// No limit: the answer may take as long as it needs.
			reply, err := r.callWithin(0, q)
			if reply == nil {
				return err
			}
			if e := printPlan(cmd.OutOrStdout(), reply, r.json()); e != nil {
				return e
			}
			return err
		},
	}
	r.printing(cmd)
	cmd.Flags().BoolVar(&q.DryRun, "dry-run", false, "only say what would change")
	return cmd
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
