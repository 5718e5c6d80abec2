//go:build !slim

package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"supervise/coredump/report"
	"supervise/coredump/store"
	"supervise/internal/size"
	"supervise/internal/text/escape"
)

func newCoreWatch() *cobra.Command {
	var s coreStore
	var f coreFilter
	var format string
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Print a line for each crash from now on",
		Long: `Print a line for each crash that ends in the store from now on, once its core is there, until
Ctrl-C. As JSON it prints the whole report as one line, as 'supervise core info' has it. It
needs no supervisor, and nothing of the processor while nothing happens.

Exit status: 1 when it failed, 2 for a wrong command line.`,
		Example: `  supervise core watch
  supervise core watch --service web --format json | jq .threads[0].frames`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(time.Time{}); err != nil {
				return err
			}
			opened, err := store.Open(s.directory)
			if err != nil {
				return err
			}
			defer opened.Close()
			endWithReader()
			out := cmd.OutOrStdout()
			return opened.Watch(cmd.Context(), func(i store.Item) error {
				switch {
				case !f.match(&i):
					return nil
				case format == "json":
					return printObjects(out, []report.Report{i.Report})
				}
				_, err := fmt.Fprintln(out, coreLine(&i.Report))
				return err
			})
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&f.service, "service", "", "only those of the service `NAME`")
	cmd.Flags().StringVar(&f.signal, "signal", "", "only those by a `SIGNAL`: SIGSEGV, SEGV, 11")
	addFormat(cmd, &format)
	return cmd
}

// coreLine tells of a crash in one line.
func coreLine(r *report.Report) string {
	who := filepath.Base(r.Exe)
	switch {
	case r.Service != "":
		who = strconv.Quote(r.Service)
	case r.Exe == "":
		who = "pid " + strconv.Itoa(r.PID)
	}
	text := who + " crashed: " + r.Summary() + "; core " + r.ID
	if r.Mini.Path != "" {
		text += ", mini " + size.Format(r.Mini.Stored)
	}
	switch r.Core.State {
	case report.Complete, report.Taking:
		text += ", full " + size.Format(r.Core.Stored.Stored)
	case report.Truncated:
		text += ", cut short (" + r.Core.Reason + ") " + size.Format(r.Core.Stored.Stored)
	case report.Refused:
		text += ", nothing was kept"
		if r.Core.Reason != "" {
			text += " (" + r.Core.Reason + ")"
		}
	case report.MiniOnly:
	}
	return escape.Line(clock(r.Time) + "  " + text)
}
