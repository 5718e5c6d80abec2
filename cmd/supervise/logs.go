//go:build !slim

package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"supervise/internal/text/escape"
	"supervise/supervisor/control/request"
)

func newLogs() *cobra.Command {
	var r remote
	var timestamps, raw bool
	q := request.Logs{}
	cmd := &cobra.Command{
		Use:   "logs NAME",
		Short: "Show what a service wrote",
		Long: `Show the last lines that a service wrote to its standard output and error. The supervisor
keeps a few hundred of each service in memory; all of them go where 'log' in its file
says. Colours pass; other control sequences, which could do anything to a terminal, are
shown as ^[ and the like. With --raw each line is printed as it was written.

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
					return printObjects(cmd.OutOrStdout(), reply.Lines)
				}
				return printLog(reply.Lines, timestamps, raw)
			})
		},
	}
	r.printing(cmd)
	cmd.Flags().BoolVarP(&q.Follow, "follow", "f", false, "go on with new lines")
	cmd.Flags().IntVarP(&q.Lines, "lines", "n", 10, "the last `N` lines; 0 is all that are kept")
	cmd.Flags().BoolVar(&raw, "raw", false, "print lines as they were written, control sequences and all")
	cmd.Flags().BoolVarP(&timestamps, "timestamps", "t", false, "begin each line with its time and stream")
	return cmd
}

// printLog prints lines.
func printLog(lines []request.Line, timestamps, raw bool) error {
	var out []byte
	for _, l := range lines {
		if timestamps {
			out = fmt.Appendf(out, "%s %s ", clock(l.Time), l.Stream)
		}
		if raw {
			out = append(out, l.Text...)
		} else {
			out = escape.AppendOutput(out, []byte(l.Text))
		}
		out = append(out, '\n')
	}
	_, err := os.Stdout.Write(out)
	return err
}
