//go:build !slim

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"supervise/coredump/elfcore"
	"supervise/coredump/explain"
	"supervise/coredump/report"
)

// report returns the report of a core of the store, or makes one of a file.
func (s *coreStore) report(arg string, options explain.Options) (*report.Report, error) {
	if !s.isPath(arg) {
		return s.stored(arg)
	}
	f, err := os.Open(arg)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unknownCoreError{fmt.Errorf("no core %s", arg)}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return explainFile(f, options)
}

// stored returns the report that was stored with a core.
func (s *coreStore) stored(arg string) (*report.Report, error) {
	id, err := s.entry(arg)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(s.directory, id, "meta.json"))
	if err != nil {
		return nil, err
	}
	var r report.Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("the report of core %s is damaged: %w", id, err)
	}
	return &r, nil
}

// explainFile gives up what is not needed to read a core, and explains it.
func explainFile(f *os.File, options explain.Options) (*report.Report, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", f.Name())
	}
	if err := explain.Confine(info.Size()); err != nil {
		return nil, err
	}
	core, err := elfcore.Open(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w%s", f.Name(), err, compressedRemedy(f.Name()))
	}
	options.Open = explain.Files
	r := explain.Explain(core, options)
	r.Time = info.ModTime()
	r.Core.Stored = report.Stored{Size: info.Size(), Path: f.Name()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		r.Core.Stored.Stored = stat.Blocks * 512
	}
	r.Core.State = report.Complete
	if missing := core.Expected() - info.Size(); missing > 0 {
		r.Core.State, r.Core.Reason = report.Truncated, humanBytes(missing)+" are missing at its end"
	}
	return r, nil
}

func compressedRemedy(name string) string {
	for _, ending := range []string{".zst", ".lz4", ".xz", ".gz"} {
		if strings.HasSuffix(name, ending) {
			return "; decompress it first"
		}
	}
	return ""
}
