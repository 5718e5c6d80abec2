//go:build !slim

package main

import (
	"github.com/spf13/cobra"

	"supervise/coredump/handler"
)

// newCoreHandler is the process that takes one core, started by a collector or by the kernel.
func newCoreHandler() *cobra.Command {
	return &cobra.Command{
		Use:   "handler [SOCKET NAME=VALUE... [DIRECTORY]]",
		Short: "Take the core on standard input, for a collector or as core_pattern says",
		Example: "  sysctl kernel.core_pattern='|/usr/bin/supervise core handler /run/supervise/core.sock " +
			"p=%P t=%I s=%s d=%d f=%F /var/lib/supervise/cores'",
		Hidden:            true,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			if status := handler.Main(args); status != exitOK {
				return exitStatus(status)
			}
			return nil
		},
	}
}
