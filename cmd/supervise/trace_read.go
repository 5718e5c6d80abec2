//go:build !slim

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"supervise/signals/trace/recording"
)

func newTraceRead() *cobra.Command {
	t := &traceOutputs{}
	var format string
	cmd := &cobra.Command{
		Use:   "read FILE",
		Short: "Show what supervise trace --save has recorded",
		Long: `Show what 'supervise trace --save FILE' has recorded, as that command would have shown it: as
text or JSON, as a summary, as a page, as events for Perfetto, all of it or what --signal, --verdict,
--from and --to leave over. FILE can be -, for standard input. A recording can be read
while it is being written. If the tracer was killed, it is read as far as it was written, and
a note says that it has no end.

With --context it shows fork, exec and exit, if they were recorded: supervise trace --context.
The recording is JSON, one object per line, compressed by Zstandard: 'zstd -dc FILE' shows it.

Exit status: 0; 1 when FILE cannot be read, is no recording, or is damaged, in which case what
is before the damage is shown; 2 for a wrong command line.`,
		Example: `  supervise trace read t.trace                     the lines again
  supervise trace read --summary t.trace           who sent how many of what to whom?
  supervise trace read --html t.html t.trace       as a picture, for a browser
  supervise trace read --verdict coalesced,overflow --format json t.trace
  ssh web supervise trace --all --quiet --output /dev/null --save /dev/stdout | supervise trace read -`,
		Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return t.read(cmd, args[0], format == "json") },
	}
	addFormat(cmd, &format)
	t.both(cmd)
	cmd.Flags().BoolVar(&t.context, "context", false, "also show fork, exec, exit, and kill with signal 0")
	return cmd
}

// read shows a recording.
func (t *traceOutputs) read(cmd *cobra.Command, name string, asJSON bool) (err error) {
	set, err := signalSet(t.signal)
	if err != nil {
		return err
	}
	keep, err := t.keep(set)
	if err != nil {
		return err
	}
	defer func() {
		if e := t.close(); err == nil {
			err = e
		}
	}()
	file := os.Stdin
	if name != "-" {
		if file, err = os.Open(name); err != nil {
			return err
		}
		t.files = append(t.files, file)
	}
	// What it is comes before any file is made or emptied.
	from, err := recording.Open(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer from.Close()
	sink, err := t.sink(cmd.OutOrStdout(), cmd.ErrOrStderr(), asJSON)
	if err != nil {
		return err
	}
	err = from.Read(sink, recording.Options{Keep: keep, Events: t.context})
	if format, damaged := (*recording.FormatError)(nil), (*recording.DamagedError)(nil); errors.As(err, &format) || errors.As(err, &damaged) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return err
}
