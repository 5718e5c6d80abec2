package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/coredump/report"
)

// Crash is what an entry begins with.
type Crash struct {
	// Report is what is known so far. Of it ID, Core and Mini are set by the store.
	Report report.Report

	Limits   order.Limits
	Compress order.Compression // Inline: while it is written

	// Reader is the uid of the user who may read what is kept, beside the store's own. 0, and
	// any in a store that is not root's: nobody.
	Reader int
	// Private keeps Reader from that.
	Private bool
}

// Entry is an entry that is being written. Its methods are for one goroutine at a time. End it
// with Finish or Abort.
type Entry struct {
	store   *Store
	dir     dir
	id      string
	crash   Crash
	meta    meta
	writing *os.File // holds the lock
	guard   guard

	full *Full
}

// attempts is how many ids are tried.
const attempts = 16

// Begin begins an entry. When it returns, the entry is listed, in the state taking.
func (s *Store) Begin(c Crash) (*Entry, error) {
	e := &Entry{store: s, crash: c}
	if c.Report.Time.IsZero() {
		e.crash.Report.Time = time.Now()
	}
	err := fs.ErrExist
	for try := 0; try < attempts && err != nil; try++ {
		err = e.make(newID())
		switch {
		case errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT):
			if e := s.evictOne("", ""); e != nil {
				return nil, fmt.Errorf("cannot begin an entry in %s: %w", s.dir.path, err)
			}
		case err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("cannot begin an entry in %s: %w", s.dir.path, err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot begin an entry in %s: %w", s.dir.path, err)
	}
	return e, nil
}

// make makes the entry under another name, and gives it its own once it can be read.
func (e *Entry) make(id string) (err error) {
	s, name := e.store, newPrefix+id
	if err := s.dir.mkdir(name); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			e.close()
			_ = s.removeFiles(name)
		}
	}()
	if e.dir, err = s.dir.openDir(name); err != nil {
		return err
	}
	if e.writing, err = e.dir.create(writingName); err != nil {
		return err
	}
	if _, err := tryLock(e.writing); err != nil {
		return err
	}
	e.id = id
	e.meta = meta{Store: notes{
		Version: metaVersion, Service: e.crash.Report.Service, Time: e.crash.Report.Time, Boot: boot(), Uptime: uptime(),
		Private: e.crash.Private, Compress: e.crash.Compress,
	}}
	if !e.crash.Private && e.crash.Reader > 0 && os.Geteuid() == 0 {
		e.share()
	}
	if err := e.writeMeta(e.crash.Report, report.Core{State: report.Taking}); err != nil {
		return err
	}
	if err := s.dir.renameNew(name, id); err != nil {
		return err
	}
	e.dir.path = s.dir.path + "/" + id
	e.guard = guard{store: s, limits: e.crash.Limits, id: id, service: e.crash.Report.Service}
	return nil
}

// share lets the crashed process's user read the entry. Where there are no access control
// lists, it stays root's. That the user may search the store comes when it is finished.
func (e *Entry) share() {
	if readable(e.dir.file, e.crash.Reader) == nil {
		e.meta.Store.Reader = e.crash.Reader
	}
}

// ID is the id of the entry.
func (e *Entry) ID() string { return e.id }

// Path is its directory.
func (e *Entry) Path() string { return e.dir.path }

// writeMeta writes a report with what the store knows of the entry.
func (e *Entry) writeMeta(r report.Report, core report.Core) error {
	r.ID, r.Core, r.Mini = e.id, core, e.meta.Mini
	e.meta.Report = r
	text, err := e.meta.encode()
	if err != nil {
		return err
	}
	return e.dir.replace(metaName, text)
}

// Explained keeps what is known by now, while the full core is still to come.
func (e *Entry) Explained(r report.Report) error {
	return e.writeMeta(r, report.Core{State: report.Taking})
}

// create makes a file of the entry.
func (e *Entry) create(name string) (*os.File, error) {
	file, err := e.dir.create(name)
	if err == nil && e.meta.Store.Reader > 0 {
		_ = readable(file, e.meta.Store.Reader)
	}
	return file, err
}

// Abort removes the entry.
func (e *Entry) Abort() error {
	e.endFull()
	err := e.store.removeEntry(e.id)
	e.close()
	return err
}

func (e *Entry) close() {
	if e.writing != nil {
		_ = e.writing.Close()
	}
	if e.dir.file != nil {
		e.dir.close()
	}
	e.writing, e.dir.file = nil, nil
}
