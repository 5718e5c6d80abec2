//go:build !slim

package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"supervise/internal/text/escape"
	"supervise/supervisor/control/request"
)

func newLogs() *cobra.Command {
	var r remote
	var reopen, all bool
	var p logPrinter
	q := request.Logs{}
	cmd := &cobra.Command{
		Use:   "logs [NAME...] | logs --reopen NAME... | logs --reopen --all",
		Short: "Show what services wrote, or open log files anew",
		Long: `Show the last lines that services wrote to their standard output and error. Of several
services, or of all when none is named, they are shown in the order in which they were
read, each after the name of its service; --lines counts those of each. The supervisor
keeps a few hundred lines of each service in memory; all of them go where 'log' in its
file says. Colours pass; other control sequences, which could do anything to a terminal,
are shown as ^[ and the like. With --raw each line is printed as it was written.

As JSON it prints one object per line. With --follow it goes on until the supervisor ends
or Ctrl-C; without names it follows those services that there are when it begins.

A service with log.mode = "inherit" writes to the output of supervise itself, and has no
lines here.

With --reopen it shows nothing: log files that were moved away or removed are opened anew,
and when the command ends, nothing is written to the old ones any more. That is for
programs that rotate logs; without it the supervisor notices within about a second.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 3 when no supervisor runs, 4
when a service is unknown: then nothing is shown.`,
		Example: `  supervise logs web
  supervise logs --follow web worker
  supervise logs --follow --timestamps
  supervise logs --lines 100 --format json web
  supervise logs --reopen web`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case reopen:
				return namesOrAll(cmd, args, all)
			case all:
				return usageError{fmt.Errorf("--all is for --reopen: without names all services are shown")}
			}
			return nil
		},
		ValidArgsFunction: completeServices(&r, many),
		RunE: func(cmd *cobra.Command, args []string) error {
			if reopen {
				return reopenLogs(cmd.OutOrStdout(), &r, request.Target{Services: args, All: all})
			}
			if q.Lines < 0 {
				return usageError{fmt.Errorf("--lines is below 0")}
			}
			if len(args) == 1 && args[0] != "" {
				q.Service = args[0] // as supervisors know it that know no several
			} else {
				q.Services = args
			}
			p.name(args)
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
				return p.print(os.Stdout, reply.Lines)
			})
		},
	}
	r.printing(cmd)
	cmd.Flags().BoolVarP(&q.Follow, "follow", "f", false, "go on with new lines")
	cmd.Flags().IntVarP(&q.Lines, "lines", "n", 10, "the last `N` lines of each service; 0 is all that are kept")
	cmd.Flags().BoolVar(&reopen, "reopen", false, "open log files anew that were moved away")
	cmd.Flags().BoolVar(&all, "all", false, "with --reopen: of all services")
	cmd.Flags().BoolVar(&p.raw, "raw", false, "print lines as they were written, control sequences and all")
	cmd.Flags().BoolVarP(&p.timestamps, "timestamps", "t", false, "begin each line with its time and stream")
	return cmd
}

// logPrinter prints lines. Those of several services are named as in the supervisor's own
// output.
type logPrinter struct {
	timestamps, raw, named bool

	width int // of the longest name so far
}

// name has lines named, unless all are of the one service that was asked for.
func (p *logPrinter) name(asked []string) {
	for _, name := range asked {
		p.named = p.named || name != asked[0]
		p.width = max(p.width, len(name))
	}
	p.named = p.named || len(asked) == 0
}

func (p *logPrinter) print(w io.Writer, lines []request.Line) error {
	for _, l := range lines {
		p.width = max(p.width, len(l.Service))
	}
	var out []byte
	for _, l := range lines {
		if p.named {
			out = fmt.Appendf(out, "%-*s | ", p.width, l.Service)
		}
		if p.timestamps {
			out = fmt.Appendf(out, "%s %s ", clock(l.Time), l.Stream)
		}
		if p.raw {
			out = append(out, l.Text...)
		} else {
			out = escape.AppendOutput(out, []byte(l.Text))
		}
		out = append(out, '\n')
	}
	_, err := w.Write(out)
	return err
}
