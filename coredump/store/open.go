package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/coredump/report"
	"supervise/coredump/store/journaldump"
	"supervise/coredump/store/pack"
	"supervise/coredump/store/sparse"
	"supervise/internal/size"
)

// OpenCore opens the full core as a file to read, at its beginning. One that is compressed is
// decompressed first, into a file without a name that takes no place for zeros.
func (i *Item) OpenCore(ctx context.Context) (*os.File, error) {
	return i.open(ctx, coreName, i.Report.Core.Stored)
}

// OpenMini opens the small core like [Item.OpenCore].
func (i *Item) OpenMini(ctx context.Context) (*os.File, error) {
	return i.open(ctx, miniName, i.Report.Mini)
}

// CopyCore gives the full core, decompressed, to a [sparse.Target] or another one. progress,
// unless it is nil, is told how many bytes of Report.Core.Size are done.
func (i *Item) CopyCore(ctx context.Context, to sparse.Target, progress func(done int64)) error {
	return i.copy(ctx, coreName, i.Report.Core.Stored, to, progress)
}

// CopyMini is [Item.CopyCore] for the small core.
func (i *Item) CopyMini(ctx context.Context, to sparse.Target, progress func(done int64)) error {
	return i.copy(ctx, miniName, i.Report.Mini, to, progress)
}

// none says that there is no such core, and why.
func (i *Item) none(name string) error {
	what := "full core"
	if name == miniName {
		what = "small core"
	}
	text := fmt.Sprintf("there is no %s of %s", what, i.Report.ID)
	if i.Hidden || i.Problem != "" {
		return errors.New(text + ": " + i.Problem)
	}
	if name == coreName && i.Report.Core.Reason != "" {
		text += ": " + i.Report.Core.Reason
	}
	if name == coreName && i.Report.Mini.Path != "" {
		text += "; there is a small one"
	}
	return errors.New(text)
}

// file opens the file of a core as it is, and tells whether it is compressed.
func (i *Item) file(name string) (file *os.File, packed bool, err error) {
	if i.journal != nil {
		if name == miniName {
			return nil, false, i.none(name)
		}
		file, err = i.store.dir.open(i.journal.Name, unix.O_RDONLY, 0)
		return file, i.journal.Packed(), err
	}
	d, err := i.store.dir.openDir(i.Report.ID)
	if err != nil {
		return nil, false, err
	}
	defer d.close()
	if _, ok := d.stat(name); ok {
		file, err = d.openRegular(name)
		return file, false, err
	}
	if _, ok := d.stat(name + zstSuffix); ok {
		file, err = d.openRegular(name + zstSuffix)
		return file, true, err
	}
	return nil, false, i.none(name)
}

func (i *Item) open(ctx context.Context, name string, s report.Stored) (*os.File, error) {
	file, packed, err := i.file(name)
	if err != nil || !packed {
		return file, err
	}
	_ = file.Close()
	to, err := i.store.temporary(s.Size)
	if err != nil {
		return nil, err
	}
	w := sparse.NewWriter(to, nil)
	err = i.copy(ctx, name, s, w, nil)
	if e := w.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = to.Close()
		return nil, fmt.Errorf("cannot decompress the core %s: %w", i.Report.ID, err)
	}
	return to, nil
}

// maxUnpacked is the most that comes out of a core whose size is not known.
const maxUnpacked = 1 << 40

func (i *Item) copy(ctx context.Context, name string, s report.Stored, to sparse.Target, progress func(int64)) error {
	file, packed, err := i.file(name)
	if err != nil {
		return err
	}
	defer file.Close()
	if !packed {
		st, err := file.Stat()
		if err != nil {
			return err
		}
		return sparse.Copy(ctx, to, file, st.Size(), progress)
	}
	limit := s.Size
	if limit <= 0 || i.Report.Core.State == report.Taking {
		limit = maxUnpacked
	}
	w := &counted{ctx: ctx, to: to, progress: progress}
	if i.journal != nil {
		return i.journal.Unpack(w, file, limit)
	}
	err = pack.Unpack(w, file, limit)
	if errors.Is(err, io.ErrUnexpectedEOF) && i.Report.Core.State != report.Complete {
		return nil // that it is cut is known
	}
	return err
}

// counted tells how much was written, and stops when it is told to.
type counted struct {
	ctx      context.Context
	to       io.Writer
	done     int64
	progress func(int64)
}

func (c *counted) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.to.Write(b)
	c.done += int64(n)
	if c.progress != nil {
		c.progress(c.done)
	}
	return n, err
}

// inMemory is the largest core that is decompressed into memory.
const inMemory = 64 << 20

// temporary makes a file without a name for a core of a size: in memory if it is small, else in
// the directory for large temporary files that is the first with room.
func (s *Store) temporary(bytes int64) (*os.File, error) {
	if bytes > 0 && bytes <= inMemory {
		if fd, err := unix.MemfdCreate("core", unix.MFD_CLOEXEC); err == nil {
			return os.NewFile(uintptr(fd), "core"), nil
		}
	}
	var failures []string
	for _, where := range []string{os.Getenv("TMPDIR"), "/var/tmp", s.dir.path} {
		if where == "" {
			continue
		}
		fd, err := unix.Open(where, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, filePerm)
		if err == nil {
			return os.NewFile(uintptr(fd), where+"/core"), nil
		}
		failures = append(failures, where+": "+err.Error())
	}
	return nil, fmt.Errorf("nowhere to decompress %s to (%s); set TMPDIR", size.Format(bytes), strings.Join(failures, "; "))
}

// measure is how much comes out of a compressed file.
func measure(file *os.File) int64 {
	var n discard
	_ = pack.Unpack(&n, file, maxUnpacked)
	return int64(n)
}

type discard int64

func (d *discard) Write(b []byte) (int, error) {
	*d += discard(len(b))
	return len(b), nil
}

// journalItem reads what systemd-coredump has left.
func (s *Store) journalItem(name string) (Item, bool) {
	file, err := journaldump.Read(s.dir.fd(), name)
	if err != nil {
		return Item{}, false
	}
	r := file.Report()
	r.Core.Path = s.dir.path + "/" + name
	return Item{Report: r, Version: metaVersion, store: s, journal: file}, true
}
