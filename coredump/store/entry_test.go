package store

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"supervise/coredump/order"
	"supervise/coredump/report"
)

// newStore makes a store in a directory of its own.
func newStore(t testing.TB) *Store {
	t.Helper()
	s, err := Create(filepath.Join(t.TempDir(), "cores"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// noise is data that cannot be compressed, with zeros in between.
func noise(size int) []byte {
	data := make([]byte, size)
	r := rand.New(rand.NewPCG(1, 2))
	for at := 0; at < size; at += 4096 {
		if at/4096%8 < 4 {
			continue // holes of four pages
		}
		for i := at; i < min(at+4096, size); i++ {
			data[i] = byte(r.Uint32())
		}
	}
	return data
}

// keep stores a crash.
func keep(t testing.TB, s *Store, c Crash, core []byte, mini string) report.Report {
	t.Helper()
	e, err := s.Begin(c)
	if err != nil {
		t.Fatal(err)
	}
	if mini != "" {
		m, err := e.Mini()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(m, mini)
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if core != nil {
		f, err := e.Full(int64(len(core)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.ReadFrom(bytes.NewReader(core))
		_ = f.Close()
	}
	r, err := e.Finish(c.Report)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// content reads a core back.
func content(t testing.TB, open func(context.Context) (*os.File, error)) []byte {
	t.Helper()
	file, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func find(t testing.TB, s *Store, id string) Item {
	t.Helper()
	item, err := s.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return item
}

// TestEntry keeps a crash in each form, and reads it back by the beginning of its id.
func TestEntry(t *testing.T) {
	core := noise(5<<20 + 123)
	for _, how := range []order.Compression{order.NoCompression, order.Inline, order.Zstd} {
		t.Run(string(how), func(t *testing.T) {
			s := newStore(t)
			when := time.Now().Add(-time.Hour).Round(time.Millisecond)
			c := Crash{Report: report.Report{Time: when, Service: "web", PID: 812, Signal: "SIGSEGV"}, Compress: how}
			r := keep(t, s, c, core, "small")
			if r.Core.State != report.Complete || r.Core.Size != int64(len(core)) || r.Mini.Size != 5 {
				t.Errorf("finished as %+v, mini %+v", r.Core, r.Mini)
			}
			item := find(t, s, r.ID[:6])
			if how == order.Zstd {
				if !item.Pending() {
					t.Error("it is not to be compressed")
				}
				if err := item.Compress(t.Context(), 0); err != nil {
					t.Fatal(err)
				}
				item = find(t, s, r.ID)
			}
			if item.Pending() || item.Problem != "" || !item.Report.Time.Equal(when) || item.Report.Service != "web" || item.Report.Core.State != report.Complete {
				t.Errorf("read as %+v", item)
			}
			if got := content(t, item.OpenCore); !bytes.Equal(got, core) {
				t.Errorf("the core has %d bytes, and had %d", len(got), len(core))
			}
			if got := content(t, item.OpenMini); string(got) != "small" {
				t.Errorf("the small core is %q", got)
			}
			if stored := item.Report.Core.Stored.Stored; stored > int64(len(core))*6/10 || stored < 1000 {
				t.Errorf("%d bytes are stored", stored)
			}
			if err := s.Remove(item.Report.ID); err != nil {
				t.Error(err)
			}
			left, err := s.dir.names()
			if err != nil || len(left) > 2 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}
