//go:build !slim

package main

import (
	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

func newRestart() *cobra.Command {
	var c change
	return c.changing(&cobra.Command{
		Use:   "restart NAME...",
		Short: "Stop services by their ladders and start them again",
		Long: `Stop services by their ladders and start each again as soon as nothing of it is left.
Several are restarted at the same time. One that is down is started. It waits until each
has run for a moment, as 'start' does.

Exit status: 0 when all of them run again, 1 when one does not, 2 for a wrong command
line, 3 when no supervisor runs, 4 when a service is unknown.`,
		Example: `  supervise restart web
  supervise restart --all
  supervise restart --no-wait web worker`,
	}, func(target request.Target, await bool) request.Request {
		return request.Restart{Target: target, Await: await}
	})
}
