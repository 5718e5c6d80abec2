package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/store/journaldump"
)

// Item is an entry that is read. Core and Mini of its report say what there is now, whatever
// was written down.
type Item struct {
	Report  report.Report
	Version int    // of its meta.json; [Item.Newer] tells whether it is understood
	Private bool   // root alone may read it
	Problem string // why there is no more to the report: meta.json cannot be read

	// Hidden says that the caller may not look into it: it is somebody else's.
	Hidden bool

	store   *Store
	pack    order.Compression // it should be compressed
	journal *journaldump.File // systemd-coredump's; nil for our own
}

// Newer reports whether a newer version of supervise has written the entry.
func (i *Item) Newer() bool { return i.Version > metaVersion }

// Pending reports whether the core is to be compressed and was not yet.
func (i *Item) Pending() bool {
	whole := i.Report.Core.State == report.Complete || i.Report.Core.State == report.Truncated
	return i.pack == order.Zstd && whole && i.Report.Core.Path != "" && !strings.HasSuffix(i.Report.Core.Path, zstSuffix)
}

// List lists all entries, the newest last, and files that systemd-coredump has left in the
// directory. What cannot be read is listed with its Problem.
func (s *Store) List() ([]Item, error) {
	names, err := s.dir.names()
	if err != nil {
		return nil, err
	}
	var items []Item
	for _, name := range names {
		if item, ok := s.item(name); ok {
			items = append(items, item)
		}
	}
	slices.SortFunc(items, func(a, b Item) int {
		return cmp.Or(a.Report.Time.Compare(b.Report.Time), strings.Compare(a.Report.ID, b.Report.ID))
	})
	return items, nil
}

// NoStore says that the directory is no store: it has files, but none of a store and no core. It is
// for a directory without entries.
func (s *Store) NoStore() error {
	if s.empty() == nil {
		return nil
	}
	return fmt.Errorf("%s is no directory of cores: it has neither a file %s nor any core in it; name another one with --directory", s.dir.path, storeName)
}

// IDs lists the ids of all entries, without reading them.
func (s *Store) IDs() ([]string, error) {
	names, err := s.dir.names()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, name := range names {
		if id := s.idOf(name); id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// idOf is the id of what has a name in the store; "" if that is no entry.
func (s *Store) idOf(name string) string {
	switch {
	case validID(name) && s.ours(name):
		return name
	case journaldump.Is(name):
		return journaldump.ID(name)
	}
	return ""
}

// Find finds an entry by the beginning of its id, or all of it. If there is none or several, the
// error is an [*UnknownError].
func (s *Store) Find(prefix string) (Item, error) {
	names, err := s.dir.names()
	if err != nil {
		return Item{}, err
	}
	want := strings.ToLower(prefix)
	var found, among []string
	for _, name := range names {
		if id := s.idOf(name); id != "" && want != "" && strings.HasPrefix(id, want) {
			found, among = append(found, name), append(among, id)
		}
	}
	if len(found) > 1 {
		slices.Sort(among)
		return Item{}, &UnknownError{ID: prefix, Store: s.dir.path, Among: among}
	}
	if len(found) == 1 {
		if item, ok := s.item(found[0]); ok {
			return item, nil
		}
	}
	return Item{}, &UnknownError{ID: prefix, Store: s.dir.path}
}

// item reads what has a name in the store; false if that is no entry, or is gone.
func (s *Store) item(name string) (Item, bool) {
	if journaldump.Is(name) {
		return s.journalItem(name)
	}
	if !validID(name) || !s.ours(name) {
		return Item{}, false
	}
	item := Item{store: s, Report: report.Report{ID: name}}
	d, err := s.dir.openDir(name)
	if err == nil {
		defer d.close()
		err = item.read(d)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && gone(s.dir, name):
		return Item{}, false
	case errors.Is(err, fs.ErrPermission):
		item.Hidden = true
		item.Problem = "it belongs to another user"
	case err != nil:
		item.Problem = err.Error()
		if d.file != nil {
			item.Report.Core, item.Report.Mini = leftOf(d)
			item.Report.Core.Reason = err.Error()
		}
	}
	item.Report.ID = name // whatever the file says
	return item, true
}

func gone(d dir, name string) bool {
	_, ok := d.stat(name)
	return !ok
}

// read reads meta.json and looks at the cores.
func (i *Item) read(d dir) error {
	m, err := d.meta()
	if err != nil {
		return err
	}
	i.Report, i.Version, i.Private, i.pack = m.Report, m.Store.Version, m.Store.Private, m.Store.Compress
	i.Report.Mini = present(d, miniName, m.Mini)
	i.Report.Core.Stored = present(d, coreName, m.Core.Stored)
	i.correct(d, &m)
	return nil
}

// present is what there is of a core now, of which was is written down.
func present(d dir, name string, was report.Stored) report.Stored {
	if st, ok := d.stat(name); ok {
		if was.Size == 0 {
			was.Size = st.Size
		}
		return report.Stored{Size: was.Size, Stored: onDisk(&st), Path: d.path + "/" + name}
	}
	if st, ok := d.stat(name + zstSuffix); ok {
		return report.Stored{Size: was.Size, Stored: onDisk(&st), Path: d.path + "/" + name + zstSuffix}
	}
	return report.Stored{}
}

// correct makes the state say what is there.
func (i *Item) correct(d dir, m *meta) {
	core := &i.Report.Core
	switch m.Core.State {
	case report.Taking:
		if writer, err := writtenBy(d); !writer && err == nil {
			*core, i.Report.Mini = leftOf(d)
		}
	case report.Complete, report.Truncated:
		st, plain := d.stat(coreName)
		switch {
		case core.Path == "":
			core.State, core.Reason = without(d), "the file of the core is gone"
		case plain && st.Size < m.Core.Size:
			core.State, core.Size = report.Truncated, st.Size
			core.Reason = "the file of the core is shorter than what was written: did the machine lose its power?"
		}
	case report.MiniOnly, report.Refused:
	}
}
