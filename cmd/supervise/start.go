//go:build !slim

package main

import (
	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

func newStart() *cobra.Command {
	var c change
	var once bool
	cmd := c.changing(&cobra.Command{
		Use:   "start NAME...",
		Short: "Start services, and wait until they run",
		Long: `Start services, and wait until each of them has run for a moment ('up-after' in its
table, 250 ms), or is known not to: then the reason and the last lines that it wrote are
printed. Running ones are left alone. A service that waits for its next restart is started
at once, and so is one that was given up after too many restarts.

Exit status: 0 when all of them run, 1 when one does not, 2 for a wrong command line, 3
when no supervisor runs, 4 when a service is unknown.`,
		Example: `  supervise start web
  supervise start --timeout 10s web worker
  supervise start --once migrate    and leave it down when it ends`,
	}, func(target request.Target, await bool) request.Request {
		return request.Start{Target: target, Once: once, Await: await}
	})
	cmd.Flags().BoolVar(&once, "once", false, "do not restart them when they end")
	return cmd
}
