package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/store/pack"
	"supervise/coredump/store/sparse"
)

// Compress puts a compressed core in the place of a full one, at a priority at which it gets
// only what nobody else wants. One core of a store is compressed at a time: it waits for its
// turn. What has a compressed core, or none, is left as it is.
//
// The core stays as it is until the compressed one is on the disk, so that nothing is lost when
// the process is killed, or ctx ends. keepFree bytes stay free on the file system.
func (i *Item) Compress(ctx context.Context, keepFree int64) error {
	if i.journal != nil {
		return errors.New("systemd-coredump's files are left as they are")
	}
	turn, err := i.store.turn(ctx)
	if err != nil {
		return err
	}
	defer turn.Close()
	d, err := i.store.dir.openDir(i.Report.ID)
	if err != nil {
		return err
	}
	defer d.close()
	if writer, _ := writtenBy(d); writer {
		return &BusyError{ID: i.Report.ID, What: "written"}
	}
	in, err := d.openRegular(coreName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	const part = coreName + zstSuffix + partSuffix
	if err := d.remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err = i.compress(ctx, d, in, part, keepFree); err == nil {
		err = i.store.commitPacked(d, i.Report.ID, part)
	}
	if err != nil {
		_ = d.remove(part)
		return fmt.Errorf("cannot compress core %s: %w", i.Report.ID, err)
	}
	return nil
}

// turn waits until nobody else compresses.
func (s *Store) turn(ctx context.Context) (*os.File, error) {
	file, err := s.dir.open(compressName, unix.O_RDWR|unix.O_CREAT, filePerm)
	if err != nil {
		return nil, err
	}
	for wait := lockRetry; ; wait = min(2*wait, time.Second) { // a lock cannot be waited for with a context
		locked, err := tryLock(file)
		if locked {
			return file, nil
		}
		if err == nil {
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-time.After(wait):
				continue
			}
		}
		_ = file.Close()
		return nil, err
	}
}

// compress writes the compressed core beside the other one, and waits until it is on the disk.
func (i *Item) compress(ctx context.Context, d dir, in *os.File, part string, keepFree int64) error {
	st, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := d.create(part)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := copyAccess(d.file, out); err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { // its thread keeps the low priority, and ends with it
		idle()
		w := pack.NewWriter(&freeKeeper{to: out, store: i.store, least: keepFree}, pack.Options{Workers: 1, Prepare: idle})
		err := sparse.Copy(ctx, w, in, st.Size(), nil)
		failed <- errors.Join(err, w.Close())
	}()
	if err := <-failed; err != nil {
		return err
	}
	return out.Sync()
}

// freeKeeper leaves some of the file system free.
type freeKeeper struct {
	to    *os.File
	store *Store
	least int64
}

func (k *freeKeeper) Write(b []byte) (int, error) {
	if k.least > 0 && k.store.free()-int64(len(b)) < k.least {
		return 0, &LimitError{Limit: ErrKeepFree, Key: "keep-free", Value: k.least}
	}
	return k.to.Write(b)
}

// commitPacked puts the compressed core in its place, unless the core has been removed.
func (s *Store) commitPacked(d dir, id, part string) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if _, ok := d.stat(coreName); !ok {
		_ = d.remove(part) // if that has not gone with the core
		return nil
	}
	text, err := d.read(metaName, maxMeta)
	if err != nil {
		return err
	}
	m, err := decode(text)
	if err != nil {
		return err
	}
	if m.Store.Version > metaVersion {
		return errors.New("a newer version of supervise has written it")
	}
	if err := d.rename(part, d, coreName+zstSuffix); err != nil {
		return err
	}
	if err := d.remove(coreName); err != nil {
		return err
	}
	m.Store.Pack = "zstd"
	m.Core.Stored = present(d, coreName, m.Core.Stored)
	if text, err = m.encode(); err == nil {
		err = d.replace(metaName, text)
	}
	if full(err) {
		return nil // List sees what there is
	}
	touch(d)
	return err
}
