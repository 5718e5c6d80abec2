//go:build !slim

package main

import (
	"github.com/spf13/cobra"

	"supervise/supervisor/control/request"
)

func newReload() *cobra.Command {
	var c change
	return c.changing(&cobra.Command{
		Use:   "reload NAME...",
		Short: "Have services read their own configuration again",
		Long: `Have services read their own configuration again, by the signal that 'reload' names in
the file of supervise (SIGHUP unless it says otherwise), and say what became of the
signal. To put a new file of supervise itself in force is 'supervise update'.

Exit status: 0 when all of them got it, 1 when one did not, 2 for a wrong command line, 3
when no supervisor runs, 4 when a service is unknown.`,
		Example: `  supervise reload web
  supervise reload --all`,
	}, func(target request.Target, await bool) request.Request {
		return request.Reload{Target: target, Await: await}
	})
}
