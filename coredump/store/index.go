package store

import (
	"errors"
	"io"
	"io/fs"
	"sync"

	"golang.org/x/sys/unix"
)

// index remembers what does not change of entries.
type index struct {
	mu    sync.Mutex
	notes map[string]notes
}

// usage is what an entry takes on the disk.
type usage struct {
	id      string
	notes   notes
	known   bool // notes are
	writing bool
	core    int64 // bytes of the full core
	rest    int64
}

func (u *usage) all() int64 { return u.core + u.rest }

// protected says that the entry is not to be touched without being asked to.
func (u *usage) protected() bool { return u.writing || !u.known || u.notes.Version > metaVersion }

// usages looks at what each entry takes. Files that are no entries are not counted.
func (s *Store) usages() ([]usage, error) {
	names, err := s.dir.names()
	if err != nil {
		return nil, err
	}
	all := make([]usage, 0, len(names))
	for _, name := range names {
		if !validID(name) || !s.ours(name) {
			continue
		}
		if u, err := s.usage(name); err == nil {
			all = append(all, u)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return all, nil
}

func (s *Store) usage(id string) (usage, error) {
	d, err := s.dir.openDir(id)
	if err != nil {
		return usage{}, err
	}
	defer d.close()
	u := usage{id: id}
	for _, name := range entryFiles {
		st, ok := d.stat(name)
		switch {
		case !ok:
		case name == writingName:
			u.writing = true
		case name == coreName, name == coreName+zstSuffix, name == coreName+zstSuffix+partSuffix:
			u.core += onDisk(&st)
		default:
			u.rest += onDisk(&st)
		}
	}
	u.notes, u.known = s.notesOf(d, id)
	return u, nil
}

// onDisk is what a file takes: st_blocks counts 512 bytes, stat(2).
func onDisk(st *unix.Stat_t) int64 { return st.Blocks * 512 }

// notesOf reads the notes of an entry, once.
func (s *Store) notesOf(d dir, id string) (notes, bool) {
	s.known.mu.Lock()
	n, ok := s.known.notes[id]
	s.known.mu.Unlock()
	if ok {
		return n, true
	}
	file, err := d.openRegular(metaName)
	if err != nil {
		return n, false
	}
	defer file.Close()
	text := make([]byte, 4096) // more than all notes
	have, err := io.ReadFull(file, text)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return n, false
	}
	if n, err = decodeNotes(text[:have]); err != nil {
		return n, false
	}
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	if s.known.notes == nil {
		s.known.notes = map[string]notes{}
	}
	s.known.notes[id] = n
	return n, true
}

// forget drops what is remembered of an entry that goes.
func (s *Store) forget(id string) {
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	delete(s.known.notes, id)
}
