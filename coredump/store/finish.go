package store

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/report"
)

// Finish ends the entry, and returns the report as it is kept. The state of r.Core, and its
// reason, count only if no full core was begun: [report.Refused], for example.
//
// On a full disk the full core gives way to the report, from its end. An error means that there
// is no entry any more, or that it could not be finished and is told as left behind.
func (e *Entry) Finish(r report.Report) (report.Report, error) {
	e.endFull()
	e.packMini()
	core := e.coreState(r.Core)
	err := e.writeMeta(r, core)
	for _, keep := range []int64{core.Size - 1<<20, core.Size / 2, core.Size / 4, 0} {
		if full(err) && e.full != nil && keep >= 0 {
			core = e.shorten(core, keep)
			err = e.writeMeta(r, core)
		}
	}
	if full(err) && e.store.evictOne("", e.id) == nil {
		err = e.writeMeta(r, core)
	}
	if full(err) { // the stacks, in place of nothing
		r = report.Report{
			Time: r.Time, Service: r.Service, PID: r.PID, Exe: r.Exe, Signal: r.Signal, Code: r.Code, CodeName: r.CodeName, Address: r.Address,
			UID: r.UID, GID: r.GID, Problems: []string{"the disk is full: only this was kept of the report"},
		}
		err = e.writeMeta(r, core)
	}
	if err != nil {
		err = errors.Join(fmt.Errorf("cannot keep the report of core %s in %s: %w", e.id, e.store.dir.path, err), e.store.removeEntry(e.id))
		e.close()
		return e.meta.Report, err
	}
	final := e.meta.Report
	e.done()
	// The entry is complete whatever becomes of the others.
	_ = errors.Join(e.letSearch(), e.store.Recover(), e.store.trim(e.crash.Limits))
	return final, nil
}

// done lets go of the entry, and tells those who watch the directory: IN_ATTRIB, inotify(7).
func (e *Entry) done() {
	_ = e.dir.remove(writingName)
	touch(e.dir)
	e.close()
}

// letSearch lets the user who may read the entry find it.
func (e *Entry) letSearch() error {
	if e.meta.Store.Reader == 0 {
		return nil
	}
	unlock, err := e.store.lock() // the list is read and written
	if err != nil {
		return err
	}
	defer unlock()
	return readable(e.store.dir.file, e.meta.Store.Reader)
}

func touch(d dir) {
	now := unix.NsecToTimespec(time.Now().UnixNano())
	_ = unix.UtimesNanoAt(d.fd(), ".", []unix.Timespec{now, now}, 0)
}

func (e *Entry) endFull() {
	if e.full != nil {
		_ = e.full.Close()
	}
}

// coreState is what became of the core. A full core of nothing is none.
func (e *Entry) coreState(asked report.Core) report.Core {
	var core report.Core
	if e.full != nil {
		if core = e.full.state(); core.Size > 0 {
			return core
		}
		_ = e.dir.remove(e.full.name)
		e.full = nil
		asked.Reason = core.Reason
	}
	core = report.Core{State: asked.State, Reason: asked.Reason}
	if core.State != report.Refused || e.meta.Mini.Size > 0 {
		core.State = without(e.dir)
	}
	return core
}

// shorten makes room on a full disk by the end of the full core.
func (e *Entry) shorten(core report.Core, keep int64) report.Core {
	reason := (&LimitError{Limit: ErrDiskFull}).Error()
	if keep > 0 {
		if e.full.pack != nil || e.cut(e.full.name, keep) != nil {
			return core
		}
		return report.Core{State: report.Truncated, Reason: reason, Stored: e.stored(e.full.name, keep)}
	}
	if err := e.dir.remove(e.full.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return core
	}
	return report.Core{State: without(e.dir), Reason: reason}
}

// cut makes a file of the entry shorter.
func (e *Entry) cut(name string, size int64) error {
	file, err := e.dir.open(name, unix.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Truncate(size), file.Close())
}
