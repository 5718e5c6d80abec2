//go:build !slim

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"supervise/coredump/report"
	"supervise/coredump/store"
	"supervise/coredump/store/sparse"
	"supervise/internal/size"
	"supervise/internal/text/escape"
)

func newCoreExport() *cobra.Command {
	var s coreStore
	var output string
	var mini bool
	cmd := &cobra.Command{
		Use:   "export ID",
		Short: "Write a core to a file, as debuggers read it",
		Long: `Write a core of the store to a file, decompressed, so that gdb and others read it: to
core.ID in the current directory, unless --output names another file, or - for the standard
output. A file has holes where the core has zeros; one that is there already is not written
over.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 4 when there is no such core.`,
		Example: `  supervise core export 7f3a
  supervise core export --mini --output /tmp/small 7f3a
  supervise core export --output - 7f3a | ssh host 'cat >core'`,
		Args:              exactly("ID"),
		ValidArgsFunction: completeIDs(&s, one),
		RunE: func(cmd *cobra.Command, args []string) error {
			opened, item, err := s.find(args[0])
			if err != nil {
				return err
			}
			defer opened.Close()
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, unix.SIGTERM, unix.SIGHUP)
			defer stop()
			e := coreExport{item: &item, mini: mini, bar: newProgressBar(os.Stderr)}
			switch {
			case output == "-" && isTerminal(os.Stdout):
				return usageError{errors.New("a core is not written to a terminal: redirect the output, or name a file with --output")}
			case output == "-":
				return e.copy(ctx, zeroWriter{os.Stdout})
			case output == "":
				output = "core." + item.Report.ID
			}
			return e.toFile(ctx, output, cmd.ErrOrStderr())
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "the `FILE` to write, - for the standard output (default core.ID)")
	cmd.Flags().BoolVar(&mini, "mini", false, "write the small core, which was taken first")
	return cmd
}

// coreExport writes a core somewhere.
type coreExport struct {
	item *store.Item
	mini bool
	bar  *progressBar
}

func (e *coreExport) copy(ctx context.Context, to sparse.Target) error {
	defer e.bar.end()
	if e.mini {
		return e.item.CopyMini(ctx, to, nil)
	}
	total := e.item.Report.Core.Size
	return e.item.CopyCore(ctx, to, func(done int64) { e.bar.show(done, total) })
}

// toFile writes a new file, all of it or none.
func (e *coreExport) toFile(ctx context.Context, path string, out io.Writer) (err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: remove it, or name another file with --output", path)
	}
	if err != nil {
		return err
	}
	w := sparse.NewWriter(file, nil)
	err = e.copy(ctx, w)
	err = errors.Join(err, w.Close(), file.Close())
	if err != nil {
		_ = os.Remove(path)
		if errors.Is(err, context.Canceled) {
			return errors.New("interrupted")
		}
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	text := fmt.Sprintf("%s: %s", path, size.Format(w.Size()))
	if core := &e.item.Report.Core; !e.mini && core.State == report.Truncated {
		text += ", cut short: " + core.Reason
	}
	_, err = fmt.Fprintln(out, escape.Line(text))
	return err
}

// zeroWriter writes zeros where a pipe can have no holes.
type zeroWriter struct{ io.Writer }

func (z zeroWriter) Skip(n int64) error {
	zeros := make([]byte, min(n, sparse.BufferSize))
	for n > 0 {
		c, err := z.Write(zeros[:min(n, sparse.BufferSize)])
		if err != nil {
			return err
		}
		n -= int64(c)
	}
	return nil
}
