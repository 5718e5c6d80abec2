package store

import (
	"errors"
	"slices"
	"time"

	"supervise/coredump/report"
)

// errNothing says that nothing is left that may be removed.
var errNothing = errors.New("nothing is left to remove")

// evictCore removes the oldest full core, of a service if one is named. key is the limit that
// it goes for. What is left of its entry stays.
func (s *Store) evictCore(service, key string) error {
	return s.removeFirst(service, func(e *usage) bool {
		return e.core > 0 && s.removeCore(e.id, "removed for newer ones, for "+key) == nil
	})
}

// removeFirst goes through the entries, of a service if one is named, the oldest first, until one
// is removed.
func (s *Store) removeFirst(service string, remove func(*usage) bool) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	all, err := s.oldestFirst(service)
	if err != nil {
		return err
	}
	for i := range all {
		if remove(&all[i]) {
			return nil
		}
	}
	return errNothing
}

// evictOne makes room for an entry itself, on a full disk: by the oldest full core, or, if there
// is none, the oldest entry but one.
func (s *Store) evictOne(service, except string) error {
	if err := s.evictCore(service, "space"); err == nil {
		return nil
	}
	return s.removeFirst(service, func(e *usage) bool { return e.id != except && s.removeEntry(e.id) == nil })
}

// oldestFirst lists what may be removed without being asked to, of a service if one is named.
func (s *Store) oldestFirst(service string) ([]usage, error) {
	all, err := s.usages()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(u usage) bool {
		return u.protected() || service != "" && u.notes.Service != service
	})
	s.sortByAge(all)
	return all, nil
}

func (s *Store) sortByAge(all []usage) {
	now, up := time.Now(), uptime()
	slices.SortFunc(all, func(a, b usage) int {
		switch x, y := a.notes.age(now, up), b.notes.age(now, up); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
}

// removeCore removes the full core of an entry and says so in its report. The caller has the
// lock.
func (s *Store) removeCore(id, reason string) error {
	d, err := s.dir.openDir(id)
	if err != nil {
		return err
	}
	defer d.close()
	m, err := d.meta()
	if err != nil {
		return err
	}
	_ = d.remove(coreName + zstSuffix + partSuffix)
	err = errNothing
	for _, name := range []string{coreName, coreName + zstSuffix} {
		if _, ok := d.stat(name); ok {
			err = d.remove(name)
		}
	}
	if err != nil {
		return err
	}
	m.Core = report.Core{State: without(d), Reason: reason}
	err = d.setMeta(&m)
	if full(err) {
		return nil // List sees that it is gone
	}
	return err
}

// without is the state of an entry that has no full core.
func without(d dir) report.State {
	for _, name := range []string{miniName, miniName + zstSuffix} {
		if _, ok := d.stat(name); ok {
			return report.MiniOnly
		}
	}
	return report.Refused
}
