//go:build !slim

package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"supervise/coredump/store"
	"supervise/internal/size"
	"supervise/internal/text/escape"
)

func newCoreRemove() *cobra.Command {
	var s coreStore
	var format string
	cmd := &cobra.Command{
		Use:   "rm ID...",
		Short: "Remove cores, with their reports",
		Long: `Remove crashes from the store: the cores and the report. When one of them is not there,
none is removed. What is being written, and an entry with files of somebody else in it, stays.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 4 when there is no such core.`,
		Example: `  supervise core rm 7f3a
  supervise core rm 7f3a 19c0d44e`,
		Args: func(cmd *cobra.Command, args []string) error {
			return exactly("ID")(cmd, args[:min(len(args), 1)])
		},
		ValidArgsFunction: completeIDs(&s, many),
		RunE: func(cmd *cobra.Command, args []string) error {
			removed, err := s.remove(args)
			if err := printRemoved(cmd.OutOrStdout(), removed, format == "json", false); err != nil {
				return err
			}
			return err
		},
	}
	s.flags(cmd)
	addFormat(cmd, &format)
	return cmd
}

// remove removes entries, once all of them are known.
func (s *coreStore) remove(prefixes []string) (removed []store.Removed, err error) {
	opened, err := store.Open(s.directory)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	var items []store.Item
	for _, prefix := range prefixes {
		item, err := opened.Find(prefix)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(items, func(i store.Item) bool { return i.Report.ID == item.Report.ID }) {
			items = append(items, item)
		}
	}
	for i := range items {
		r := &items[i].Report
		if e := opened.Remove(r.ID); e != nil {
			err = errors.Join(err, e)
			continue
		}
		removed = append(removed, store.Removed{ID: r.ID, Service: r.Service, What: "all", Freed: r.Core.Stored.Stored + r.Mini.Stored, Reason: "asked for"})
	}
	return removed, err
}

// printRemoved says what went, or would go.
func printRemoved(w io.Writer, removed []store.Removed, asJSON, dry bool) error {
	if asJSON {
		if removed == nil {
			removed = []store.Removed{}
		}
		return printJSON(w, removed)
	}
	verb := "removed"
	if dry {
		verb = "would remove"
	}
	for _, r := range removed {
		what := r.ID
		if r.What == "core" {
			what = "the full core of " + r.ID
		}
		if r.Service != "" {
			what += " of " + fmt.Sprintf("%q", escape.Line(r.Service))
		}
		if r.Reason != "asked for" {
			what += " (" + r.Reason + ")"
		}
		if _, err := fmt.Fprintf(w, "%s %s: %s\n", verb, what, size.Format(r.Freed)); err != nil {
			return err
		}
	}
	return nil
}

// completeIDs completes ids of the store, up to a number of them, each once.
func completeIDs(s *coreStore, most int) completer {
	return func(_ *cobra.Command, args []string, _ string) (words []cobra.Completion, _ cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		items, _, err := s.list()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		for i := range slices.Backward(items) {
			r := &items[i].Report
			if !slices.Contains(args, r.ID) {
				words = append(words, cobra.CompletionWithDesc(r.ID, escape.Line(r.Time.Local().Format("2006-01-02 15:04 ")+coreWhere(&items[i]))))
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}
