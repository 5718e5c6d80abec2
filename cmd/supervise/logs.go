//go:build !slim

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

func newLogs() *cobra.Command {
	var r remote
	var timestamps bool
	q := request.Logs{}
	cmd := &cobra.Command{
		Use:   "logs NAME",
		Short: "Show what a service wrote",
		Long: `Show the last lines that a service wrote to its standard output and error, unchanged. The
supervisor keeps a few hundred of each service in memory; all of them go where 'log' in
its file says.

As JSON it prints one object per line. With --follow it goes on until the supervisor ends
or Ctrl-C.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 3 when no supervisor runs, 4
when the service is unknown.`,
		Example: `  supervise logs web
  supervise logs --follow --timestamps web
  supervise logs --lines 100 --format json web`,
		Args:              exactly("NAME"),
		ValidArgsFunction: completeServices(&r, one),
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.Lines < 0 {
				return usageError{fmt.Errorf("--lines is below 0")}
			}
			q.Service = args[0]
			limit := answerTime
			if q.Follow {
				limit = 0
				endWithReader()
			}
			return r.stream(limit, q, func(reply *request.Reply) error {
				warnDropped(cmd.ErrOrStderr(), reply)
				if r.json() {
					return printLines(cmd.OutOrStdout(), reply.Lines)
				}
				return printLog(cmd.OutOrStdout(), reply.Lines, timestamps)
			})
		},
	}
	r.printing(cmd)
	cmd.Flags().BoolVarP(&q.Follow, "follow", "f", false, "go on with new lines")
	cmd.Flags().IntVarP(&q.Lines, "lines", "n", 10, "the last `N` lines; 0 is all that are kept")
	cmd.Flags().BoolVarP(&timestamps, "timestamps", "t", false, "begin each line with its time and stream")
	return cmd
}

// printLog prints lines unchanged.
func printLog(w io.Writer, lines []request.Line, timestamps bool) error {
	var out []byte
	for _, l := range lines {
		if timestamps {
			out = fmt.Appendf(out, "%s %s ", clock(l.Time), l.Stream)
		}
		out = append(append(out, l.Text...), '\n')
	}
	_, err := w.Write(out)
	return err
}
