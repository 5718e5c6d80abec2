//go:build !slim

package main

import (
	"os"

	"github.com/spf13/cobra"

	"supervise/coredump/explain"
	"supervise/coredump/explain/apart"
)

// newCoreExplain is the child process in which others have cores explained.
func newCoreExplain() *cobra.Command {
	var o explain.Options
	cmd := &cobra.Command{
		Use:     "explain",
		Short:   "Explain the core on standard input, for the supervise that started this",
		Example: "  supervise core explain <core 3<>socket",
		Hidden:  true,
		Args:    cobra.NoArgs,
		RunE:    func(_ *cobra.Command, _ []string) error { return apart.Child(os.Stdin, os.Stdout, o) },
	}
	cmd.Flags().IntVar(&o.Frames, "frames", 0, "how many `FRAMES` of a thread")
	cmd.Flags().BoolVar(&o.AllModules, "all-modules", false, "compare all modules with their files")
	cmd.Flags().BoolVar(&o.Registers, "registers", false, "with the registers of all threads")
	cmd.Flags().BoolVar(&o.StacksOnly, "stacks-only", false, "without arguments and environment")
	return cmd
}
