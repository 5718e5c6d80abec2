//go:build !slim

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/coredump/elfcore"
	"supervise/coredump/explain"
	"supervise/coredump/report"
	"supervise/coredump/store"
	"supervise/internal/size"
)

// report returns the report of a core of the store, or makes one of a file.
func (s *coreStore) report(ctx context.Context, arg string, options explain.Options) (*report.Report, error) {
	if !s.isPath(arg) {
		return s.stored(ctx, arg, options)
	}
	f, err := openCoreFile(arg)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return explainFile(f, options)
}

// openCoreFile opens a file, which may turn out to be a FIFO: it does not wait for a writer.
// Without O_NONBLOCK afterwards, package os does not set up epoll(7) for it.
func openCoreFile(path string) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT {
		return nil, unknownCoreError{fmt.Errorf("no core %s", path)}
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		_ = unix.Close(fd)
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// stored returns the report that was stored with a core. If it has no threads, which is so
// for the cores of systemd-coredump, the rest is made of the core.
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
	if len(r.Threads) > 0 {
		return r, nil
	}
	f, err := openItem(ctx, &item)
	if err != nil { // say what is known
		r.Problems = append(r.Problems, err.Error())
		return r, nil
	}
	defer f.Close()
	from, err := explainFile(f, options)
	if err != nil {
		r.Problems = append(r.Problems, err.Error())
		return r, nil
	}
	r.Fill(from)
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
		r.Core.State, r.Core.Reason = report.Truncated, size.Format(missing)+" are missing at its end"
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
