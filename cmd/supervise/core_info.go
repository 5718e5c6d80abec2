//go:build !slim

package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"supervise/coredump/explain"
	"supervise/internal/text/escape"
	"supervise/supervisor/quickstatus"
)

// coreReading is a command that prints a part of a report.
type coreReading struct {
	store  coreStore
	format string
	frames int
}

// add adds the flags, and what the argument is.
func (r *coreReading) add(cmd *cobra.Command) {
	r.store.flags(cmd)
	addFormat(cmd, &r.format)
	cmd.Args = exactly("ID or FILE")
	cmd.ValidArgsFunction = completeCores(&r.store)
}

func (r *coreReading) frameLimit(cmd *cobra.Command) {
	cmd.Flags().IntVar(&r.frames, "frames", 256, "how many `FRAMES` of a thread to print at most")
}

const whatCoresAreRead = `The core is one of the store, or any ELF core of Linux on amd64 or arm64, complete or not.
Functions are named by the symbol tables of the programs and libraries as they are now, and
by what distributions have stripped off these (/usr/lib/debug, .gnu_debuglink); by none
whose build id is another than that in the core.

Run by root, it gives up its privileges before it reads the core, but for reading files.`

func newCoreInfo() *cobra.Command {
	var r coreReading
	cmd := &cobra.Command{
		Use:   "info ID|FILE",
		Short: "Say why a process crashed, and where",
		Long: `Say why a process crashed, and where: the signal, its cause in words with the address or
the sender, the stack of the thread that crashed, and what the process was. Values of
variables that sound like secrets, and passwords in URLs, are masked.

` + whatCoresAreRead + `

Exit status: 0, 1 when it failed, 2 for a wrong command line, 4 when there is no such core.`,
		Example: `  supervise core info 7f3a
  supervise core info ./core.812
  supervise core info --format json 7f3a | jq .threads[0].frames`,
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := r.store.report(cmd.Context(), args[0], explain.Options{AllModules: true, Registers: true, Frames: r.frames})
			if err != nil {
				return err
			}
			if r.format == "json" {
				return printObject(cmd.OutOrStdout(), report)
			}
			return corePage{colors: quickstatus.Colors(1)}.info(report).print(cmd.OutOrStdout())
		},
	}
	r.add(cmd)
	r.frameLimit(cmd)
	return cmd
}

func newCoreBT() *cobra.Command {
	var r coreReading
	cmd := &cobra.Command{
		Use:   "bt ID|FILE",
		Short: "Print the stack of every thread of a core",
		Long: `Print the stack of every thread of a core, that of the one that crashed first. Threads that
stand at the same place are printed once.

` + whatCoresAreRead + `

Exit status: 0, 1 when it failed, 2 for a wrong command line, 4 when there is no such core.`,
		Example: `  supervise core bt 7f3a
  supervise core bt --format json ./core.812`,
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := r.store.report(cmd.Context(), args[0], explain.Options{Frames: r.frames, StacksOnly: true})
			if err != nil {
				return err
			}
			if r.format == "json" {
				return printJSON(cmd.OutOrStdout(), report.Threads)
			}
			return corePage{colors: quickstatus.Colors(1)}.stacks(report).print(cmd.OutOrStdout())
		},
	}
	r.add(cmd)
	r.frameLimit(cmd)
	return cmd
}

func newCoreModules() *cobra.Command {
	var r coreReading
	cmd := &cobra.Command{
		Use:   "modules ID|FILE",
		Short: "Print which programs and libraries a core has, and whether they are still the same",
		Long: `Print which programs and libraries were mapped as code, with their build ids and addresses.
What is not the same any more, or missing, is said behind.

` + whatCoresAreRead + `

Exit status: 0, 1 when it failed, 2 for a wrong command line, 4 when there is no such core.`,
		Example: `  supervise core modules 7f3a
  supervise core modules --format json ./core.812`,
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := r.store.report(cmd.Context(), args[0], explain.Options{AllModules: true, Frames: 1, StacksOnly: true})
			if err != nil {
				return err
			}
			if r.format == "json" {
				return printJSON(cmd.OutOrStdout(), report.Modules)
			}
			return corePage{colors: quickstatus.Colors(1)}.modules(report.Modules).print(cmd.OutOrStdout())
		},
	}
	r.add(cmd)
	return cmd
}

// printObject prints one value as JSON.
func printObject(w io.Writer, value any) error {
	encoder := json.NewEncoder(escape.JSON{To: w})
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("cannot print the answer: %w", err)
	}
	return nil
}
