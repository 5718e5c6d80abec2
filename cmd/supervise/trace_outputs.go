//go:build !slim

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"supervise/internal/text/escape"
	"supervise/signals"
	"supervise/signals/trace"
	"supervise/signals/trace/page"
	"supervise/signals/trace/perfetto"
	"supervise/signals/trace/recording"
	"supervise/signals/trace/summary"
)

// traceOutputs are where a trace goes, and what of it: of supervise trace, and of supervise
// trace read.
type traceOutputs struct {
	output   string
	save     string
	page     string
	perfetto string
	summary  bool
	quiet    bool
	context  bool
	signal   []string
	verdict  []string
	from, to []string

	files []*os.File
}

// both adds the flags that both commands have.
func (t *traceOutputs) both(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&t.summary, "summary", false, "print no lines, but at the end who sent how many of what to whom, what became of them, and how long they took")
	f.StringVar(&t.page, "html", "", "also write a page to `FILE`: processes as lanes, signals as arrows; it needs nothing but a browser")
	f.StringVar(&t.perfetto, "perfetto", "", "also write Chrome trace events to `FILE`, for ui.perfetto.dev")
	f.BoolVarP(&t.quiet, "quiet", "q", false, "no notes and no counts on standard error")
	f.StringVarP(&t.output, "output", "o", "", "print to `FILE` instead of standard output")
	f.StringSliceVar(&t.signal, "signal", nil, "only these `SIGNALS`, separated by commas; with ! before it, all but this")
	f.StringSliceVar(&t.verdict, "verdict", nil, "only signals that ended so: `VERDICTS`, separated by commas, such as coalesced,overflow")
	f.StringSliceVar(&t.from, "from", nil, "only signals from these senders: `PIDS` or names, such as 812 or 'sh*'")
	f.StringSliceVar(&t.to, "to", nil, "only signals to these targets: `PIDS` or names")
	_ = cmd.RegisterFlagCompletionFunc("verdict", cobra.FixedCompletions(verdictWords(), cobra.ShellCompDirectiveNoFileComp))
}

// verdictWords are the words of all verdicts.
func verdictWords() (words []string) {
	for _, v := range trace.Verdicts() {
		words = append(words, v.String())
	}
	return words
}

// keep is what --signal, --verdict, --from and --to leave over; nil is all.
func (t *traceOutputs) keep(set signals.Set) (func(*trace.Life) bool, error) {
	for _, patterns := range [][]string{t.from, t.to} {
		for _, p := range patterns {
			if _, err := path.Match(p, ""); err != nil {
				return nil, usageError{fmt.Errorf("%q is no pattern of names", p)}
			}
		}
	}
	var verdicts []trace.Verdict
	for _, word := range t.verdict {
		var v trace.Verdict
		if err := v.UnmarshalText([]byte(word)); err != nil {
			return nil, usageError{fmt.Errorf("--verdict: %w; there are %s", err, strings.Join(verdictWords(), ", "))}
		}
		verdicts = append(verdicts, v)
	}
	if len(t.from) == 0 && len(t.to) == 0 && set == 0 && len(verdicts) == 0 {
		return nil, nil
	}
	return func(l *trace.Life) bool {
		return (set == 0 || set.Has(l.Signal)) && (len(verdicts) == 0 || slices.Contains(verdicts, l.Verdict)) &&
			among(&l.Sender, t.from) && among(&l.Target, t.to)
	}, nil
}

// among reports whether a task has one of the pids or names; no patterns are all.
func among(task *trace.Task, patterns []string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		if pid, err := strconv.Atoi(p); err == nil && (pid == task.PID || pid == task.NSPID) {
			return true
		}
		fits, _ := path.Match(p, task.Comm)
		return fits
	})
}

// sink is where everything goes. What it has opened, [traceOutputs.close] closes.
func (t *traceOutputs) sink(out, notes io.Writer, asJSON bool) (trace.Sinks, error) {
	terminal := isTerminal(os.Stdout)
	if t.output != "" {
		f, err := t.create(t.output)
		if err != nil {
			return nil, err
		}
		out, terminal = escape.Screen{To: f}, false
	} else {
		endWithReader()
	}
	if t.quiet {
		notes = io.Discard
	}
	var sinks trace.Sinks
	if t.summary {
		sinks = append(sinks, &traceSummary{Summary: summary.New(), tracePrinter: newTracePrinter(out, notes, asJSON, terminal)})
	} else {
		sinks = append(sinks, newTracePrinter(out, notes, asJSON, terminal))
	}
	for _, file := range []struct {
		name string
		sink func(*os.File) (trace.Sink, error)
	}{
		{t.save, func(f *os.File) (trace.Sink, error) { return recording.NewWriter(f) }},
		{t.page, func(f *os.File) (trace.Sink, error) { return page.NewWriter(f) }},
		{t.perfetto, func(f *os.File) (trace.Sink, error) { return perfetto.NewWriter(f), nil }},
	} {
		if file.name == "" {
			continue
		}
		f, err := t.create(file.name)
		if err != nil {
			return nil, err
		}
		s, err := file.sink(f)
		if err != nil {
			return nil, err
		}
		sinks = append(sinks, s)
	}
	return sinks, nil
}

// create creates a file, which must not be in use already.
func (t *traceOutputs) create(name string) (*os.File, error) {
	if before, err := os.Stat(name); err == nil && before.Mode().IsRegular() {
		for _, f := range t.files {
			if other, err := f.Stat(); err == nil && os.SameFile(before, other) {
				return nil, usageError{fmt.Errorf("%q is given twice: each output needs a file of its own, other than the recording", name)}
			}
		}
	}
	f, err := os.Create(name)
	if err == nil {
		t.files = append(t.files, f)
	}
	return f, err
}

// close closes the files.
func (t *traceOutputs) close() error {
	var all error
	for _, f := range t.files {
		all = errors.Join(all, f.Close())
	}
	t.files = nil
	return all
}

// traceSummary prints a summary at the end.
type traceSummary struct {
	*summary.Summary
	*tracePrinter
}

// Begin notes what is traced.
func (s *traceSummary) Begin(h *trace.Header) error { return s.Summary.Begin(h) }

// Life counts.
func (s *traceSummary) Life(l *trace.Life) error { return s.Summary.Life(l) }

// Waiting does nothing: its end will be counted.
func (s *traceSummary) Waiting(*trace.Life) error { return nil }

// Event does nothing.
func (s *traceSummary) Event(*trace.Event) error { return nil }

// End prints.
func (s *traceSummary) End(c *trace.Counts) error {
	if err := s.Summary.End(c); err != nil {
		return err
	}
	report := s.Report()
	var err error
	if s.json != nil {
		err = s.json.Encode(report)
	} else {
		err = report.Print(s.out)
	}
	if err != nil {
		return err
	}
	return s.ended(c, false)
}
