package store

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/coredump/report"
)

// killed is the reason of what a killed process left behind.
const killed = "the process that wrote it was killed"

// newborn is how old what is not locked must be to be taken for left behind: it is locked, and
// has its name, within a millisecond.
const newborn = time.Minute

// Recover finishes and removes what killed processes have left. It leaves alone what it does not
// understand. Each entry that ends does that, too.
func (s *Store) Recover() error {
	if err := s.removable(); err != nil {
		return err
	}
	names, err := s.dir.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !s.ours(name) {
			continue
		}
		switch {
		case strings.HasPrefix(name, gonePrefix):
			_ = s.removeFiles(name)
		case strings.HasPrefix(name, newPrefix):
			if s.stillborn(name) {
				_ = s.removeFiles(name)
			}
		default:
			err = errors.Join(err, s.finishKilled(name))
		}
	}
	return err
}

// stillborn reports whether nobody is about to make an entry of a directory.
func (s *Store) stillborn(name string) bool {
	d, err := s.dir.openDir(name)
	if err != nil {
		return false
	}
	defer d.close()
	writer, err := writtenBy(d)
	st, ok := s.dir.stat(name)
	return err == nil && !writer && ok && time.Since(time.Unix(st.Mtim.Unix())) > newborn
}

// writtenBy reports whether somebody writes an entry: who does has locked its file writing.
func writtenBy(d dir) (bool, error) {
	if _, ok := d.stat(writingName); !ok {
		return false, nil
	}
	file, err := d.openRegular(writingName)
	if err != nil {
		return true, err
	}
	defer file.Close()
	// A shared lock, as several may ask at the same time.
	err = unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	return err != nil, err
}

// finishKilled finishes an entry whose writer is gone.
func (s *Store) finishKilled(id string) error {
	d, err := s.dir.openDir(id)
	if err != nil {
		return err
	}
	defer d.close()
	if _, ok := d.stat(writingName); !ok {
		return nil
	}
	if writer, err := writtenBy(d); writer || err != nil {
		return nil
	}
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if _, ok := d.stat(writingName); !ok {
		return nil // another was quicker
	}
	text, err := d.read(metaName, maxMeta)
	if err != nil {
		return err
	}
	m, err := decode(text)
	if err != nil || m.Store.Version > metaVersion {
		return nil // List tells of it
	}
	if m.Core.State == report.Taking {
		m.Core, m.Mini = leftOf(d)
	}
	for _, name := range entryFiles {
		if strings.HasSuffix(name, partSuffix) {
			_ = d.remove(name)
		}
	}
	if text, err = m.encode(); err == nil {
		err = d.replace(metaName, text)
	}
	if err == nil {
		err = d.remove(writingName)
		touch(d)
	}
	return err
}

// leftOf describes what a killed process has left of an entry.
func leftOf(d dir) (core report.Core, mini report.Stored) {
	mini = found(d, miniName)
	core = report.Core{State: without(d), Reason: killed}
	if full := found(d, coreName); full.Path != "" && full.Size > 0 {
		core.State, core.Stored = report.Truncated, full
	}
	return core, mini
}

// found describes a core of an entry by its file, compressed or not. Its Path is "" if there is
// none.
func found(d dir, name string) report.Stored {
	if st, ok := d.stat(name); ok {
		return report.Stored{Size: st.Size, Stored: onDisk(&st), Path: d.path + "/" + name}
	}
	st, ok := d.stat(name + zstSuffix)
	if !ok {
		return report.Stored{}
	}
	left := report.Stored{Stored: onDisk(&st), Path: d.path + "/" + name + zstSuffix}
	if file, err := d.openRegular(name + zstSuffix); err == nil {
		left.Size = measure(file)
		_ = file.Close()
	}
	return left
}

// trim removes what a new entry has made too much or too old: entries as a whole only when the
// small cores and reports alone take more than half of what all may.
func (s *Store) trim(l order.Limits) error {
	if l.MaxAge > 0 {
		if _, err := s.Vacuum(Policy{MaxAge: l.MaxAge}); err != nil {
			return err
		}
	}
	if l.MaxUse == 0 {
		return nil
	}
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	all, err := s.oldestFirst("")
	if err != nil {
		return err
	}
	var rest int64
	for i := range all {
		rest += all[i].rest
	}
	for i := range all {
		if rest <= l.MaxUse/2 {
			break
		}
		if err := s.removeEntry(all[i].id); err != nil {
			return err
		}
		rest -= all[i].rest
	}
	return nil
}
