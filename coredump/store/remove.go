package store

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// Remove removes an entry with all that is in it. It is a [*BusyError] while it is written, and
// an error if there are files in it that are not the store's.
func (s *Store) Remove(id string) error {
	if err := s.removable(); err != nil {
		return err
	}
	unlock, err := s.lock()
	if err != nil {
		return fmt.Errorf("cannot remove core %s: %w", id, err)
	}
	defer unlock()
	d, err := s.dir.openDir(id)
	if err != nil {
		return fmt.Errorf("cannot remove core %s: %w", id, err)
	}
	defer d.close()
	if writer, _ := writtenBy(d); writer {
		return &BusyError{ID: id, What: "written; try again when it is complete"}
	}
	if err := s.removeEntry(id); err != nil {
		return fmt.Errorf("cannot remove core %s: %w", id, err)
	}
	return nil
}

// removable reports why nothing may be removed here.
func (s *Store) removable() error {
	if !s.isStore() {
		return fmt.Errorf("%s is no store of supervise (it has no file %s): nothing is removed from it", s.dir.path, storeName)
	}
	return nil
}

// removeEntry removes an entry at once, for all who look.
func (s *Store) removeEntry(id string) error {
	if !s.ours(id) {
		return fmt.Errorf("%s is no directory of the store's owner", id)
	}
	d, err := s.dir.openDir(id)
	if err != nil {
		return err
	}
	names, err := d.names()
	d.close()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.Contains(entryFiles, name) {
			return fmt.Errorf("%s/%s has a file %q, which is not supervise's: remove that first", s.dir.path, id, name)
		}
	}
	gone := gonePrefix + id
	if err := s.dir.rename(id, s.dir, gone); err != nil {
		return err
	}
	s.forget(id)
	return s.removeFiles(gone)
}

// removeFiles removes a directory and the files that an entry can have.
func (s *Store) removeFiles(name string) error {
	d, err := s.dir.openDir(name)
	if err != nil {
		return err
	}
	defer d.close()
	for _, file := range entryFiles {
		if err := d.remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.dir.rmdir(name)
}

// Policy says what [Store.Vacuum] removes. Zero values remove nothing.
type Policy struct {
	MaxUse  int64         // bytes that all may take: full cores go first, then entries; oldest first
	MaxAge  time.Duration // entries that are older go
	Keep    int           // so many of the newest entries stay, of each service
	Service string        // of this service alone; "" for all
	DryRun  bool          // remove nothing, only tell
}

// Removed is one thing that went.
type Removed struct {
	ID      string `json:"id"`
	Service string `json:"service"`
	What    string `json:"what"` // "core": the full core alone; "all": the entry
	Freed   int64  `json:"freed"`
	Reason  string `json:"reason"`
}

// Vacuum removes what is too old or too much. What is being written stays, and so does what a
// newer version of supervise has left.
func (s *Store) Vacuum(p Policy) ([]Removed, error) {
	if err := s.removable(); err != nil {
		return nil, err
	}
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	all, err := s.oldestFirst(p.Service)
	if err != nil {
		return nil, err
	}
	var removed []Removed
	for _, r := range p.plan(all, time.Now(), uptime()) {
		if !p.DryRun {
			switch r.What {
			case "core":
				err = s.removeCore(r.ID, "removed: "+r.Reason)
			default:
				err = s.removeEntry(r.ID)
			}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, fmt.Errorf("cannot remove core %s: %w", r.ID, err)
		}
		removed = append(removed, r)
	}
	return removed, nil
}

// plan says what goes, of entries that are sorted, the oldest first.
func (p *Policy) plan(all []usage, now time.Time, up time.Duration) (plan []Removed) {
	left := map[string]int{}
	for i := range all {
		left[all[i].notes.Service]++
	}
	var stay []usage
	var sum int64
	for _, u := range all {
		reason := ""
		switch {
		case p.MaxAge > 0 && u.notes.age(now, up) > p.MaxAge:
			reason = "older than max-age"
		case p.Keep > 0 && left[u.notes.Service] > p.Keep:
			reason = "more than are to be kept"
		}
		left[u.notes.Service]--
		if reason != "" {
			plan = append(plan, Removed{u.id, u.notes.Service, "all", u.all(), reason})
			continue
		}
		stay = append(stay, u)
		sum += u.all()
	}
	if p.MaxUse <= 0 {
		return plan
	}
	for i := range stay {
		if u := &stay[i]; sum > p.MaxUse && u.core > 0 {
			plan = append(plan, Removed{u.id, u.notes.Service, "core", u.core, "more than max-use"})
			sum -= u.core
			u.core = 0
		}
	}
	for _, u := range stay {
		if sum > p.MaxUse {
			plan = append(plan, Removed{u.id, u.notes.Service, "all", u.rest, "more than max-use"})
			sum -= u.rest
		}
	}
	return plan
}
