package store

import (
	"errors"
	"fmt"
	"io"
	"os"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/store/pack"
	"supervise/coredump/store/sparse"
	"supervise/internal/size"
)

// Full takes the full core, with holes for zeros or compressed. Close it before
// [Entry.Finish].
type Full struct {
	entry    *Entry
	name     string
	file     *os.File
	sparse   *sparse.Writer
	pack     *pack.Writer // nil unless it is compressed inline
	expected int64
	err      error // that has ended it
	cut      string
	closed   bool
}

// Full begins the full core. expected is how many bytes it should have, 0 if that is not known:
// with fewer it is truncated.
func (e *Entry) Full(expected int64) (*Full, error) {
	if e.full != nil {
		return nil, errors.New("the full core was begun before")
	}
	f := &Full{entry: e, name: coreName, expected: expected}
	if e.crash.Compress == order.Inline {
		f.name += zstSuffix
	}
	var err error
	if f.file, err = e.create(f.name); err != nil {
		return nil, e.guard.limited(err)
	}
	e.full = f
	if e.crash.Compress == order.Inline {
		e.meta.Store.Pack = "zstd"
		f.pack = pack.NewWriter(guarded{f.file, &e.guard}, pack.Options{})
	} else {
		f.sparse = sparse.NewWriter(f.file, e.guard.allow)
	}
	return f, nil
}

// guarded asks before each write.
type guarded struct {
	to    io.Writer
	guard *guard
}

func (g guarded) Write(b []byte) (int, error) {
	if err := g.guard.allow(len(b)); err != nil {
		return 0, err
	}
	return g.to.Write(b)
}

// Size is how many bytes have come, zeros included.
func (f *Full) Size() int64 {
	if f.pack != nil {
		return f.pack.Size()
	}
	return f.sparse.Size()
}

// room is how many of n bytes max-core allows.
func (f *Full) room(n int64) int64 {
	if limit := f.entry.crash.Limits.MaxCore; limit > 0 {
		return max(0, min(n, limit-f.Size()))
	}
	return n
}

func (f *Full) tooLarge() error {
	return &LimitError{Limit: ErrTooLarge, Key: "max-core", Value: f.entry.crash.Limits.MaxCore}
}

// Write takes bytes. When a limit is met the error is a [*LimitError], also for all that
// follows, and the core is truncated.
func (f *Full) Write(b []byte) (n int, err error) {
	if f.err != nil {
		return 0, f.err
	}
	fits := f.room(int64(len(b)))
	if f.pack != nil {
		n, err = f.pack.Write(b[:fits])
	} else {
		n, err = f.sparse.Write(b[:fits])
	}
	if err == nil && int(fits) < len(b) {
		err = f.tooLarge()
	}
	f.err = f.entry.guard.limited(err)
	return n, f.err
}

// Skip takes n zeros.
func (f *Full) Skip(n int64) (err error) {
	if f.err != nil {
		return f.err
	}
	fits := f.room(n)
	if f.pack != nil {
		err = f.pack.Skip(fits)
	} else {
		err = f.sparse.Skip(fits)
	}
	if err == nil && fits < n {
		err = f.tooLarge()
	}
	f.err = f.entry.guard.limited(err)
	return f.err
}

// ReadFrom takes all that is to be read, while it is read. After an error a call of r.Read may
// still be waiting: close what is read from.
func (f *Full) ReadFrom(r io.Reader) (n int64, err error) {
	if f.err != nil {
		return 0, f.err
	}
	begin := f.Size()
	limit := f.room(1 << 62)
	from := io.LimitReader(r, limit)
	if f.pack != nil {
		_, err = f.pack.ReadFrom(from)
	} else {
		_, err = f.sparse.ReadFrom(from)
	}
	if err == nil && f.Size()-begin == limit && f.entry.crash.Limits.MaxCore > 0 {
		if n, _ := io.ReadFull(r, make([]byte, 1)); n > 0 {
			err = f.tooLarge()
		}
	}
	f.err = f.entry.guard.limited(err)
	return f.Size() - begin, f.err
}

// Cut says why the core ends where it does, if that is not known otherwise.
func (f *Full) Cut(reason string) { f.cut = reason }

// Close ends the full core. What has come until an error stays, as truncated.
func (f *Full) Close() error {
	if f.closed {
		return f.err
	}
	f.closed = true
	var err error
	if f.pack != nil {
		err = f.pack.Close()
	} else {
		err = f.sparse.Close()
	}
	err = errors.Join(err, f.file.Close())
	if f.err == nil {
		f.err = f.entry.guard.limited(err)
	}
	return f.err
}

// state says what there is of it, once it is closed.
func (f *Full) state() report.Core {
	have := f.Size()
	if f.pack != nil {
		have = f.pack.Written()
	}
	core := report.Core{State: report.Complete, Stored: f.entry.stored(f.name, have)}
	switch {
	case f.err != nil:
		core.State, core.Reason = report.Truncated, f.err.Error()
	case f.cut != "":
		core.State, core.Reason = report.Truncated, f.cut
	case f.expected > have:
		core.State = report.Truncated
		core.Reason = fmt.Sprintf("only %s of %s have come", size.Format(have), size.Format(f.expected))
	}
	return core
}
