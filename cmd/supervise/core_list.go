//go:build !slim

package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"supervise/coredump/report"
	"supervise/coredump/report/page"
	"supervise/coredump/store"
	"supervise/internal/size"
	"supervise/internal/text/escape"
	"supervise/signals"
	"supervise/supervisor/status"
)

func newCoreList() *cobra.Command {
	var s coreStore
	var f coreFilter
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the cores that were kept",
		Long: `List the crashes of which something was kept, the newest last: which program, by which signal
and in which function, what became of the core, how large it is, and what it takes on the disk.

The state is complete; truncated, when the core was cut short; mini, when only the small one is
there, with the stacks of all threads; refused, when there is only the report; taking, while it
is being written. 'supervise core info' says why. Files that systemd-coredump has left are read too:
--directory /var/lib/systemd/coredump.

Other users see those crashes of which they may read the cores.

Exit status: 0, also when the store is empty; 1 when there is no store, or it failed, 2 for a wrong command line.`,
		Example: `  supervise core list
  supervise core list --service web --since 2h
  supervise core list --signal SIGABRT --state complete --format json
  supervise core list --directory /var/lib/systemd/coredump`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(time.Now()); err != nil {
				return err
			}
			items, hidden, err := s.list()
			if err != nil {
				return err
			}
			items = slices.DeleteFunc(items, func(i store.Item) bool { return !f.match(&i) })
			if format == "json" {
				return printCoreObjects(cmd.OutOrStdout(), items)
			}
			if hidden > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "supervise: cores of other users are not shown: %d\n", hidden)
			}
			return printCoreTable(cmd.OutOrStdout(), items)
		},
	}
	s.flags(cmd)
	f.flags(cmd)
	addFormat(cmd, &format)
	return cmd
}

// list reads all entries but those that the caller may not look into.
func (s *coreStore) list() (items []store.Item, hidden int, err error) {
	opened, err := store.Open(s.directory)
	if err != nil {
		return nil, 0, err
	}
	defer opened.Close()
	if items, err = opened.List(); err != nil {
		return nil, 0, err
	}
	if len(items) == 0 {
		if err := opened.NoStore(); err != nil {
			return nil, 0, err
		}
	}
	all := len(items)
	items = slices.DeleteFunc(items, func(i store.Item) bool { return i.Hidden })
	return items, all - len(items), nil
}

// coreFilter says which crashes are meant.
type coreFilter struct {
	service, signal, state, since string

	after time.Time
}

var coreStates = []string{
	string(report.Taking), string(report.Complete), string(report.Truncated), string(report.MiniOnly), string(report.Refused),
}

func (f *coreFilter) flags(cmd *cobra.Command) {
	f.whose(cmd)
	cmd.Flags().StringVar(&f.since, "since", "", "only those after a `TIME`: 2026-01-31, \"2026-01-31 15:04\", or so long ago: 30m, 2h, 7d")
	cmd.Flags().Var(newChoice(&f.state, "", coreStates...), "state", "only those in a state: "+strings.Join(coreStates, ", "))
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(coreStates, cobra.ShellCompDirectiveNoFileComp))
}

// whose adds those flags that also make sense for crashes to come.
func (f *coreFilter) whose(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.service, "service", "", "only those of the service `NAME`")
	cmd.Flags().StringVar(&f.signal, "signal", "", "only those by a `SIGNAL`: SIGSEGV, SEGV, 11")
}

// check reads the words of the flags.
func (f *coreFilter) check(now time.Time) (err error) {
	if f.signal != "" {
		signal, err := signals.Parse(f.signal)
		if err != nil {
			return usageError{fmt.Errorf("--signal: %w", err)}
		}
		f.signal = signal.String()
	}
	if f.since != "" {
		if f.after, err = parseSince(f.since, now); err != nil {
			return usageError{fmt.Errorf("--since: %w", err)}
		}
	}
	return nil
}

func (f *coreFilter) match(i *store.Item) bool {
	r := &i.Report
	return (f.service == "" || r.Service == f.service) && (f.signal == "" || r.Signal == f.signal) &&
		(f.state == "" || string(r.Core.State) == f.state) && !r.Time.Before(f.after)
}

// parseSince reads a time, or how long ago it was.
func parseSince(text string, now time.Time) (time.Time, error) {
	if age, err := parseAge(text); err == nil {
		return now.Add(-age), nil
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "15:04", time.RFC3339} {
		t, err := time.ParseInLocation(layout, text, now.Location())
		if err != nil {
			continue
		}
		if layout == "15:04" { // of today
			y, m, d := now.Date()
			t = time.Date(y, m, d, t.Hour(), t.Minute(), 0, 0, now.Location())
		}
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%q is no time; write 2026-01-31, \"2026-01-31 15:04\" or, for so long ago, 2h or 7d", text)
}

// parseAge reads a duration, which may be in days.
func parseAge(text string) (time.Duration, error) {
	const day = 24 * time.Hour
	if digits, ok := strings.CutSuffix(text, "d"); ok {
		if days, err := strconv.ParseUint(digits, 10, 16); err == nil {
			return time.Duration(days) * day, nil
		}
	}
	age, err := time.ParseDuration(text)
	if err != nil || age < 0 {
		return 0, fmt.Errorf("%q is no duration; write 30m, 12h or 7d", text)
	}
	return age, nil
}

// ageFlag is a duration, which may be in days.
type ageFlag time.Duration

func (v *ageFlag) String() string {
	const day = 24 * time.Hour
	if d := time.Duration(*v); d >= day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return time.Duration(*v).String()
}
func (v *ageFlag) Type() string { return "AGE" }

func (v *ageFlag) Set(text string) error {
	age, err := parseAge(text)
	if err == nil {
		*v = ageFlag(age)
	}
	return err
}

// coreObject is what the lists have of a crash as JSON: its report without what fills pages.
type coreObject struct {
	ID       string         `json:"id"`
	Time     time.Time      `json:"time,omitzero"`
	Service  string         `json:"service"`
	PID      int            `json:"pid"`
	UID      int            `json:"uid"`
	Exe      string         `json:"exe"`
	Command  string         `json:"command"`
	Signal   string         `json:"signal"`
	Code     int            `json:"code"`
	CodeName string         `json:"code_name"`
	Address  report.Addr    `json:"address"`
	Function string         `json:"function"` // "" if it is not known
	Core     report.Core    `json:"core"`
	Mini     *report.Stored `json:"mini,omitempty"`
	Private  bool           `json:"private"`         // root alone may read it
	Newer    bool           `json:"newer,omitempty"` // a newer version of supervise has written it
	Problem  string         `json:"problem,omitempty"`
}

func newCoreObject(i *store.Item) coreObject {
	r := &i.Report
	o := coreObject{
		ID: r.ID, Time: r.Time, Service: r.Service, PID: r.PID, UID: r.UID, Exe: r.Exe, Command: r.Command,
		Signal: r.Signal, Code: r.Code, CodeName: r.CodeName, Address: r.Address, Function: r.Function(), Core: r.Core,
		Private: i.Private, Newer: i.Newer(), Problem: i.Problem,
	}
	if r.Mini.Path != "" {
		o.Mini = &r.Mini
	}
	return o
}

// printCoreObjects prints a JSON array.
func printCoreObjects(w io.Writer, items []store.Item) error {
	objects := make([]coreObject, len(items))
	for i := range items {
		objects[i] = newCoreObject(&items[i])
	}
	return printJSON(w, objects)
}

// printCoreTable prints a line for each crash.
func printCoreTable(w io.Writer, items []store.Item) error {
	rows := [][]status.Cell{{
		{Text: "ID"},
		{Text: "TIME"},
		{Text: "SERVICE"},
		{Text: "PID"},
		{Text: "SIGNAL"},
		{Text: "EXE: FUNCTION"},
		{Text: "STATE"},
		{Text: "SIZE"},
		{Text: "STORED"},
	}}
	for i := range items {
		rows = append(rows, coreRow(&items[i]))
	}
	return printTable(w, rows, colored(1))
}

func coreRow(i *store.Item) []status.Cell {
	r := &i.Report
	orNone := func(text string) status.Cell {
		if text == "" {
			text = "-"
		}
		return status.Cell{Text: escape.Line(text)}
	}
	number := func(n int64, text func(int64) string) status.Cell {
		if n == 0 {
			return status.Cell{Text: "-"}
		}
		return status.Cell{Text: text(n)}
	}
	when := "-"
	if !r.Time.IsZero() {
		when = r.Time.Local().Format("2006-01-02 15:04:05")
	}
	return []status.Cell{
		{Text: r.ID},
		{Text: when},
		orNone(r.Service),
		number(int64(r.PID), func(n int64) string { return strconv.FormatInt(n, 10) }),
		orNone(r.Signal),
		orNone(coreWhere(i)),
		coreStateCell(i),
		number(r.Core.Size, size.Format),
		number(r.Core.Stored.Stored+r.Mini.Stored, size.Format),
	}
}

// coreWhere names the program, and the function in which it crashed.
func coreWhere(i *store.Item) string {
	const most = 60
	r := &i.Report
	exe := filepath.Base(r.Exe)
	if r.Exe == "" {
		exe, _, _ = strings.Cut(r.Command, " ")
	}
	where := r.Function()
	if exe != "" && where != "" {
		where = ": " + where
	}
	if where = exe + where; len([]rune(where)) > most {
		where = string([]rune(where)[:most-3]) + "..."
	}
	return where
}

// coreStateCell is the state, in colour if it is not all there.
func coreStateCell(i *store.Item) status.Cell {
	state := i.Report.Core.State
	cell := status.Cell{Text: string(state)}
	switch {
	case i.Problem != "":
		cell = status.Cell{Text: "broken", Color: page.Red}
	case i.Newer():
		cell.Text = "newer" // than this supervise
	case state == report.Truncated || state == report.Refused:
		cell.Color = page.Yellow
	}
	return cell
}
