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
		Short: "Make services read their own configuration again",
		Long: `Make services read their own configuration again, by the signal that 'reload' names in
the file of supervise (default SIGHUP), and print the outcome of the signal. For a new
file of supervise itself use 'supervise update'.

Exit status: 0 when all of them got it, 1 when one did not, 2 for a wrong command line, 3
when no supervisor runs, 4 when a service is unknown.`,
		Example: `  supervise reload web
  supervise reload --all`,
	}, func(target request.Target, await bool) request.Request {
		return request.Reload{Target: target, Await: await}
	})
}
