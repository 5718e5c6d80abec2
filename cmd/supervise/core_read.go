//go:build !slim

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"supervise/coredump/explain"
	"supervise/coredump/quickread"
	"supervise/coredump/read"
	"supervise/coredump/report"
	"supervise/coredump/store"
	_ "supervise/coredump/symbols/late"
)

// report returns the report of a core of the store, or makes one of a file.
func (s *coreStore) report(ctx context.Context, arg string, options explain.Options) (*report.Report, error) {
	if !s.isPath(arg) {
		return s.stored(ctx, arg, options)
	}
	if r := quickread.Unfinished(); r != nil {
		explain.Demangle(r)
		return r, nil
	}
	f, err := read.Open(arg)
	if err != nil {
		return nil, noCore(arg, err)
	}
	defer f.Close()
	return read.Explain(f, options, explain.Confine)
}

// noCore is why a file cannot be opened.
func noCore(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return unknownCoreError{fmt.Errorf("no core %s", path)}
	}
	return err
}

// stored returns the report that was stored with a core. If it has no threads, which is so
// for the cores of systemd-coredump, or the modules are to be compared as they are now, the
// rest is made of the core.
func (s *coreStore) stored(ctx context.Context, arg string, options explain.Options) (*report.Report, error) {
	opened, item, err := s.find(arg)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	r := &item.Report
	if item.Hidden {
		return nil, fmt.Errorf("core %s cannot be read: %s", r.ID, item.Problem)
	}
	if item.Problem != "" {
		r.Problems = append(r.Problems, item.Problem)
	}
	if len(r.Threads) > 0 && !options.AllModules {
		return r, nil
	}
	f, err := openItem(ctx, &item)
	if err != nil { // say what is known
		r.Problems = append(r.Problems, err.Error())
		return r, nil
	}
	defer f.Close()
	from, err := read.Explain(f, options, explain.Confine)
	if err != nil {
		r.Problems = append(r.Problems, err.Error())
		return r, nil
	}
	r.Fill(from)
	if options.AllModules && len(from.Modules) > 0 {
		r.Modules = from.Modules
	}
	return r, nil
}

// openItem opens the full core of an entry, or the small one if there is no other.
func openItem(ctx context.Context, item *store.Item) (*os.File, error) {
	f, err := item.OpenCore(ctx)
	if err == nil {
		return f, nil
	}
	if mini, miniErr := item.OpenMini(ctx); miniErr == nil {
		return mini, nil
	}
	return nil, err
}
