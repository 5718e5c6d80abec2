package store

import (
	"errors"
	"fmt"
	"io"
	"os"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/store/pack"
)

// Mini takes the small core. It is written as it is, as somebody waits for it to be complete;
// [Entry.Finish] compresses it.
type Mini struct {
	entry *Entry
	file  *os.File
	err   error
	size  int64
}

// Mini begins the small core. It is there when it is closed.
func (e *Entry) Mini() (*Mini, error) {
	file, err := e.create(miniName + partSuffix)
	if err != nil {
		return nil, e.guard.limited(err)
	}
	return &Mini{entry: e, file: file}, nil
}

// Write writes a part of it. It goes before all other cores, so that of the limits only the
// file system's own counts.
func (m *Mini) Write(b []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.file.Write(b)
	if err != nil && m.entry.store.evictOne("", m.entry.id) == nil {
		var more int
		more, err = m.file.Write(b[n:]) // once more, with what has become free
		n += more
	}
	m.size += int64(n)
	m.err = m.entry.guard.limited(err)
	return n, m.err
}

// Close ends the small core. After an error there is none.
func (m *Mini) Close() error {
	e := m.entry
	if err := m.file.Close(); m.err == nil {
		m.err = e.guard.limited(err)
	}
	if m.err == nil {
		m.err = e.dir.rename(miniName+partSuffix, e.dir, miniName)
	}
	if m.err != nil {
		_ = e.dir.remove(miniName + partSuffix)
		return m.err
	}
	e.meta.Mini = e.stored(miniName, m.size)
	return nil
}

// Stored is what there is of the small core.
func (m *Mini) Stored() report.Stored { return m.entry.meta.Mini }

// OpenMini opens the small core that was closed.
func (e *Entry) OpenMini() (*os.File, error) { return e.dir.openRegular(miniName) }

// packMini compresses the small core, if that is wanted. Nothing is lost when it fails.
func (e *Entry) packMini() {
	if e.meta.Mini.Size == 0 || e.crash.Compress == order.NoCompression || e.crash.Compress == "" {
		return
	}
	name := miniName + zstSuffix
	if err := e.packFile(miniName, name); err != nil {
		_ = e.dir.remove(name + partSuffix)
		return
	}
	e.meta.Store.Pack = "zstd"
	e.meta.Mini = e.stored(name, e.meta.Mini.Size)
}

// packFile puts a compressed file in the place of a small one.
func (e *Entry) packFile(from, to string) error {
	in, err := e.dir.openRegular(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := e.create(to + partSuffix)
	if err != nil {
		return err
	}
	w := pack.NewWriter(out, pack.Options{Workers: 1})
	_, err = io.Copy(w, in)
	err = errors.Join(err, w.Close(), out.Close())
	if err == nil {
		err = e.dir.rename(to+partSuffix, e.dir, to)
	}
	if err != nil {
		return fmt.Errorf("cannot compress %s: %w", in.Name(), err)
	}
	return e.dir.remove(from)
}

// stored describes a file of the entry.
func (e *Entry) stored(name string, size int64) report.Stored {
	st, _ := e.dir.stat(name)
	return report.Stored{Size: size, Stored: onDisk(&st), Path: e.dir.path + "/" + name}
}
