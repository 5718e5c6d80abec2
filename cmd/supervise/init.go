//go:build !slim

package main

import (
	"os"

	"github.com/spf13/cobra"

	"supervise/supervisor/pid1/cmdline"
)

// newInit is init for the help, completion and manual of the other commands. Package preinit
// runs it before main, so it never runs here.
func newInit() *cobra.Command {
	return &cobra.Command{
		Use:                "init [flags] [--] COMMAND [ARG...]",
		Short:              "Run one command as PID 1 of a container",
		Long:               cmdline.Usage(),
		DisableFlagParsing: true,
		ValidArgsFunction:  completeInit,
		RunE: func(_ *cobra.Command, args []string) error {
			return exitStatus(cmdline.Main(os.Args, 0, args))
		},
	}
}
