//go:build !slim

package main

import (
	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

func newStop() *cobra.Command {
	var c change
	return c.changing(&cobra.Command{
		Use:   "stop NAME...",
		Short: "Stop services by their ladders, and wait until nothing of them is left",
		Long: `Stop services by their ladders, and wait until nothing of them is left: not the main
process, not a worker, not a descendant that has detached itself. Each rung of the ladder
is printed when it is reached, with the processes that survive it. A stopped service stays
down until somebody starts it.

Exit status: 0 when all of them are down, 1 when one is not, 2 for a wrong command line, 3
when no supervisor runs, 4 when a service is unknown.`,
		Example: `  supervise stop web
  supervise stop --no-wait --all
  supervise stop --timeout 1m database`,
	}, func(target request.Target, await bool) request.Request {
		return request.Stop{Target: target, Await: await}
	})
}
