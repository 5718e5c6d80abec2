package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/coredump/report"
)

const stranger = 61_001

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestRefused does not make a store where others have a hand in it, or where other files are.
func TestRefused(t *testing.T) {
	base := t.TempDir()
	in := func(name string) string { return filepath.Join(base, name) }
	must(t,
		os.Mkdir(in("shared"), 0o700), os.WriteFile(in("shared/letter.txt"), nil, 0o600),
		os.Mkdir(in("alone"), 0o700), os.Mkdir(in("open"), 0o700), os.Chmod(in("open"), 0o777),
		os.WriteFile(in("file"), nil, 0o600),
		os.Mkdir(in("fs"), 0o700), os.Mkdir(in("fs/lost+found"), 0o700),
	)
	cases := map[string]string{
		"shared":      `other files in it, such as "letter.txt": name a directory that is empty, or does not exist`,
		"alone/cores": "",
		"open":        "chmod",
		"open/cores":  "chmod",
		"file":        "not a directory",
		"fs":          "",
	}
	if os.Geteuid() == 0 {
		must(t, os.Mkdir(in("his"), 0o700), os.Chown(in("his"), stranger, stranger))
		cases["his"], cases["his/cores"] = "belongs to uid 61001", "belongs to uid 61001"
	}
	for name, want := range cases {
		s, err := Create(in(name))
		if err == nil {
			s.Close()
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, err := Create("cores"); err == nil || !strings.Contains(err.Error(), "must be absolute") {
		t.Error(err)
	}
	if _, err := Open(in("nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := os.Stat(in("open/cores")); err == nil {
		t.Error("it was made below a directory in which others can write")
	}
	s, err := Open(in("shared"))
	must(t, err)
	defer s.Close()
	if err := s.Remove("0123abcd"); err == nil || !strings.Contains(err.Error(), "is no store") {
		t.Error(err)
	}
	if _, err := s.Vacuum(Policy{MaxAge: 1}); err == nil || !strings.Contains(err.Error(), "is no store") {
		t.Error(err)
	}
}

// TestRights makes all for its owner alone.
func TestRights(t *testing.T) {
	base := t.TempDir()
	defer unix.Umask(unix.Umask(0))
	s, err := Create(filepath.Join(base, "cores"))
	must(t, err)
	defer s.Close()
	keep(t, s, Crash{}, noise(1<<20), "small")
	must(t, filepath.WalkDir(s.Path(), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has %v", path, info.Mode())
		}
		return err
	}))
}

// TestForeign neither lists, counts nor removes what is not the store's, wherever it is put and
// whatever it looks like.
func TestForeign(t *testing.T) {
	s := newStore(t)
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte("secret"), 0o600))
	elsewhere := t.TempDir()
	must(t, os.WriteFile(filepath.Join(elsewhere, metaName), []byte(`{"store":{"version":1}}`), 0o600))
	in := func(name string) string { return filepath.Join(s.Path(), name) }
	good := keep(t, s, Crash{Report: report.Report{Service: "web"}}, noise(1<<20), "small").ID
	must(t,
		os.WriteFile(in("notes.txt"), []byte("mine"), 0o600),
		os.WriteFile(in("0123abcd"), []byte("no directory"), 0o600),
		os.Symlink(elsewhere, in("aaaaaaaa")),
		os.Symlink(elsewhere, in(gonePrefix+"aaaaaaaa")),
		os.Mkdir(in("directory"), 0o700),
		unix.Mkfifo(in("bbbbbbbb"), 0o600),
	)
	planted := []string{"notes.txt", "0123abcd", "aaaaaaaa", gonePrefix + "aaaaaaaa", "directory", "bbbbbbbb"}
	if os.Geteuid() == 0 {
		must(t, os.Mkdir(in("cccccccc"), 0o755), os.Chown(in("cccccccc"), stranger, stranger))
		planted = append(planted, "cccccccc")
	}
	must(t, s.Recover())
	if items, err := s.List(); err != nil || len(items) != 1 || items[0].Report.ID != good {
		t.Errorf("%+v, %v", items, err)
	}
	for _, name := range planted {
		if err := s.Remove(name); err == nil {
			t.Errorf("%s was removed", name)
		}
		if _, err := s.Find(name); err == nil {
			t.Errorf("%s was found", name)
		}
	}
	if removed, err := s.Vacuum(Policy{MaxUse: 1}); err != nil || len(removed) != 2 {
		t.Errorf("%+v, %v", removed, err)
	}
	for _, name := range planted {
		if _, err := os.Lstat(in(name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(elsewhere, metaName)); err != nil {
		t.Error(err)
	}
}

// TestPlanted puts links, pipes and other names in the place of an entry's files.
func TestPlanted(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte(`{"store":{"version":1},"service":"secret"}`), 0o600))
	for name, plant := range map[string]func(path string) error{
		"symlink":  func(path string) error { return os.Symlink(secret, path) },
		"hardlink": func(path string) error { return os.Link(secret, path) },
		"fifo":     func(path string) error { return unix.Mkfifo(path, 0o600) },
		"folder":   func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		for _, file := range []string{metaName, coreName, coreName + zstSuffix, miniName, writingName, coreName + zstSuffix + partSuffix} {
			s := newStore(t)
			id := keep(t, s, Crash{}, noise(1<<20), "small").ID
			path := filepath.Join(s.Path(), id, file)
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if file == coreName+zstSuffix {
				must(t, os.Remove(filepath.Join(s.Path(), id, coreName)))
			}
			must(t, plant(path))
			item := find(t, s, id)
			for _, open := range []func() (*os.File, error){
				func() (*os.File, error) { return item.OpenCore(t.Context()) },
				func() (*os.File, error) { return item.OpenMini(t.Context()) },
			} {
				if opened, err := open(); err == nil {
					text := make([]byte, 100)
					n, _ := opened.Read(text)
					if bytes.Contains(text[:n], []byte("secret")) {
						t.Errorf("%s for %s: it was read", name, file)
					}
					_ = opened.Close()
				}
			}
			if item.Report.Service == "secret" {
				t.Errorf("%s for %s: it was read", name, file)
			}
			_ = item.Compress(t.Context(), 0)
			_, _ = s.Vacuum(Policy{MaxUse: 1})
			_ = s.Recover()
			if text, err := os.ReadFile(secret); err != nil || len(text) != 42 {
				t.Errorf("%s for %s: %q, %v", name, file, text, err)
			}
		}
	}
}

// TestForeignFile does not remove an entry with a file that somebody has put there.
func TestForeignFile(t *testing.T) {
	s := newStore(t)
	id := keep(t, s, Crash{}, nil, "small").ID
	mine := filepath.Join(s.Path(), id, "analysis.txt")
	must(t, os.WriteFile(mine, nil, 0o600))
	if err := s.Remove(id); err == nil || !strings.Contains(err.Error(), `has a file "analysis.txt", which is not supervise's`) {
		t.Error(err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
	must(t, os.Remove(mine), s.Remove(id))
}

// TestOddMeta lists entries of newer versions and broken ones as what they are, and removes them
// only by their id.
func TestOddMeta(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		newer   bool
		problem string
		service string
	}{
		"newer":            {`{"store":{"version":2,"service":"web","new":[]},"service":"web","core":{"state":"encrypted"}}`, true, "", "web"},
		"newer, otherwise": {`{"store":{"version":9,"service":"web"},"pid":"p812","threads":7}`, true, "", "web"},
		"no JSON":          {"\x00\x00\x00", false, "cannot be read", ""},
		"empty":            {"", false, "cannot be read", ""},
		"of nobody":        {`{"name":"package"}`, false, "has no version", ""},
		"below zero":       {`{"store":{"version":1},"core":{"size":-5}}`, false, "below 0", ""},
		"an array":         {`[]`, false, "cannot be read", ""},
	} {
		s := newStore(t)
		id := keep(t, s, Crash{}, noise(1<<20), "small").ID
		must(t, os.WriteFile(filepath.Join(s.Path(), id, metaName), []byte(c.text), 0o600))
		s.forget(id)
		item := find(t, s, id)
		if item.Newer() != c.newer || !strings.Contains(item.Problem, c.problem) || (item.Problem == "") != (c.problem == "") || item.Report.Service != c.service {
			t.Errorf("%s: %+v", name, item)
		}
		if name == "below zero" {
			continue // what the store goes by is right
		}
		if removed, err := s.Vacuum(Policy{MaxUse: 1, MaxAge: 1}); err != nil || len(removed) > 0 {
			t.Errorf("%s: %v, %v", name, removed, err)
		}
		must(t, s.Recover(), s.Remove(id))
	}
}

// TestCollision takes another id when there is such an entry, or a file.
func TestCollision(t *testing.T) {
	s := newStore(t)
	e := &Entry{store: s}
	must(t, os.WriteFile(filepath.Join(s.Path(), "aaaaaaaa"), nil, 0o600), e.make("bbbbbbbb"))
	defer func() { _ = e.Abort() }()
	for _, id := range []string{"aaaaaaaa", "bbbbbbbb"} {
		other := &Entry{store: s}
		if err := other.make(id); !errors.Is(err, os.ErrExist) {
			t.Errorf("%s: %v", id, err)
		}
	}
	names, err := s.dir.names()
	must(t, err)
	slices.Sort(names)
	if got := strings.Join(names, " "); got != ".store aaaaaaaa bbbbbbbb" {
		t.Error(got)
	}
}

// TestFind takes the beginning of an id, if no other begins so.
func TestFind(t *testing.T) {
	s := newStore(t)
	for _, id := range []string{"aaaa0000", "aaaa1111", "bbbb0000"} {
		e := &Entry{store: s}
		must(t, e.make(id))
		e.done()
	}
	var unknown *UnknownError
	for prefix, want := range map[string]string{"b": "bbbb0000", "AAAA1": "aaaa1111", "aaaa0000": "aaaa0000"} {
		if item, err := s.Find(prefix); err != nil || item.Report.ID != want {
			t.Errorf("%s: %v, %v", prefix, item.Report.ID, err)
		}
	}
	for prefix, among := range map[string]int{"": 0, "c": 0, "aaaa": 2, "../x": 0, "bbbb00000": 0} {
		if _, err := s.Find(prefix); !errors.As(err, &unknown) || len(unknown.Among) != among {
			t.Errorf("%s: %v", prefix, err)
		}
	}
}

// FuzzMeta reads any meta.json, and what it begins with.
func FuzzMeta(f *testing.F) {
	m := meta{Store: notes{Version: 1, Service: "web"}, Report: report.Report{Service: "web", Threads: []report.Thread{{TID: 1}}}}
	text, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"store":{"version":2}}`))
	f.Add([]byte(`{"store":{"version":1},"core":{"size":-1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		n, headErr := decodeNotes(text)
		m, err := decode(text)
		if err != nil {
			return
		}
		if m.Store.Version < 1 || m.Core.Size < 0 || m.Mini.Stored < 0 {
			t.Errorf("%+v", m)
		}
		if headErr == nil && n.Version != m.Store.Version && !bytes.Contains(text[1:], []byte(`"store"`)) {
			t.Errorf("%+v and %+v", n, m.Store)
		}
		again, err := m.encode()
		if err != nil {
			return // a time that JSON does not have
		}
		if _, err := decode(again); err != nil {
			t.Errorf("%v of %s", err, again)
		}
	})
}
