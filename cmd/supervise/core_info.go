//go:build !slim

package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"supervise/coredump/explain"
	"supervise/coredump/quickread"
	"supervise/coredump/report/page"
	"supervise/internal/text/escape"
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
	cmd.Flags().IntVar(&r.frames, "frames", quickread.Frames, "how many `FRAMES` of a thread to print at most")
}

const whatCoresAreRead = `The core is one of the store, whose report was made when it crashed, or any ELF core of Linux on
amd64 or arm64, complete or not: then the report is made now. Functions are named by the symbol
tables of the programs and libraries, and by those that distributions have stripped off
(/usr/lib/debug, .gnu_debuglink); never by a file whose build id is another than the core's.

Run by root, it gives up all privileges but that of reading files before it reads a core.`

func newCoreInfo() *cobra.Command {
	var r coreReading
	cmd := &cobra.Command{
		Use:   "info ID|FILE",
		Short: "Say why a process crashed, and where",
		Long: `Say why a process crashed, and where: the signal, its cause in words with the address or
the sender, the stack of the thread that crashed, and what the process was. As JSON it has the
environment, limits and registers, too. Values of variables that sound like secrets, and
passwords in URLs, are masked.

` + whatCoresAreRead + `

Exit status: 0, 1 when it failed, 2 for a wrong command line, 4 when there is no such core.`,
		Example: `  supervise core info 7f3a
  supervise core info ./core.812
  supervise core info --format json 7f3a | jq .threads[0].frames`,
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := r.store.report(cmd.Context(), args[0], explain.Options{Registers: true, Frames: r.frames})
			if err != nil {
				return err
			}
			if r.format == "json" {
				return printObject(cmd.OutOrStdout(), report)
			}
			return printPage(cmd.OutOrStdout(), page.Info(report, colored(1)))
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
			return printPage(cmd.OutOrStdout(), page.Stacks(report, colored(1)))
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
		Long: `Print which programs and libraries were mapped as code, with their build ids and addresses. They
are compared with the files that are there now: what is missing or was rebuilt is said at the
end of its line.

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
			return printPage(cmd.OutOrStdout(), page.Modules(report.Modules, colored(1)))
		},
	}
	r.add(cmd)
	return cmd
}

// printPage prints what was made to be read.
func printPage(w io.Writer, text []byte) error {
	_, err := w.Write(text)
	return err
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
