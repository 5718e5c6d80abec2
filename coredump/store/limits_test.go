package store

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/internal/testproc"
)

// random is data of which all is stored. It is made once: nobody changes it.
func random(size int) []byte {
	if data, ok := randoms.Load(size); ok {
		return data.([]byte)
	}
	data := make([]byte, size)
	x := uint64(size) | 1
	for i := range data {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		data[i] = byte(x) | 1
	}
	randoms.Store(size, data)
	return data
}

var randoms sync.Map // by size

func at(service string, ago time.Duration) report.Report {
	return report.Report{Service: service, Time: time.Now().Add(-ago)}
}

// older makes an entry older than its uptime says, as if it were of another boot.
func older(t *testing.T, s *Store, id string) {
	t.Helper()
	d, err := s.dir.openDir(id)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	text, err := d.read(metaName, maxMeta)
	if err != nil {
		t.Fatal(err)
	}
	m, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	m.Store.Boot = "another"
	if text, err = m.encode(); err != nil {
		t.Fatal(err)
	}
	if err := d.replace(metaName, text); err != nil {
		t.Fatal(err)
	}
	s.forget(id)
}

func used(t *testing.T, s *Store) (sum int64) {
	t.Helper()
	all, err := s.usages()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		sum += all[i].all()
	}
	return sum
}

func states(t *testing.T, s *Store) string {
	t.Helper()
	items, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for i := range items {
		words = append(words, items[i].Report.Service+":"+string(items[i].Report.Core.State))
	}
	return strings.Join(words, " ")
}

// TestMaxCore cuts a core, exactly, whether it is data or zeros.
func TestMaxCore(t *testing.T) {
	for _, how := range []order.Compression{order.NoCompression, order.Inline} {
		for _, core := range [][]byte{random(3 << 20), make([]byte, 3<<20)} {
			s := newStore(t)
			limit := int64(1<<20 + 1)
			r := keep(t, s, Crash{Compress: how, Limits: order.Limits{MaxCore: limit}}, core, "")
			if r.Core.State != report.Truncated || r.Core.Size != limit || r.Core.Reason != "the core is larger than max-core: max-core is 1 MB" {
				t.Errorf("%s: %+v", how, r.Core)
			}
			item := find(t, s, r.ID)
			if got := content(t, item.OpenCore); !bytes.Equal(got, core[:limit]) {
				t.Errorf("%s: %d bytes are there", how, len(got))
			}
			if r := keep(t, s, Crash{Compress: how, Limits: order.Limits{MaxCore: int64(len(core))}}, core, ""); r.Core.State != report.Complete {
				t.Errorf("%s: as large as it may be: %+v", how, r.Core)
			}
		}
	}
}

// TestMaxCoreInPieces cuts at the same place what is written or skipped.
func TestMaxCoreInPieces(t *testing.T) {
	for _, how := range []order.Compression{order.NoCompression, order.Inline} {
		for _, write := range []func(f *Full) error{
			func(f *Full) error { _, err := f.Write(random(3 << 20)); return err },
			func(f *Full) error { return f.Skip(1 << 50) },
			func(f *Full) error { _, _ = f.Write([]byte("x")); return f.Skip(3 << 20) },
		} {
			s := newStore(t)
			e, err := s.Begin(Crash{Compress: how, Limits: order.Limits{MaxCore: 1<<20 + 1}})
			must(t, err)
			f, err := e.Full(0)
			must(t, err)
			if err := write(f); !errors.Is(err, ErrTooLarge) {
				t.Error(err)
			}
			if _, err := f.Write([]byte("x")); !errors.Is(err, ErrTooLarge) {
				t.Error(err)
			}
			if r, err := e.Finish(report.Report{}); err != nil || r.Core.Size != 1<<20+1 || r.Core.State != report.Truncated {
				t.Errorf("%+v, %v", r.Core, err)
			}
		}
	}
}

// TestShare divides what is left, but not into crumbs, and never gives more than there is.
func TestShare(t *testing.T) {
	for _, c := range []struct{ left, writers, want int64 }{
		{100 << 20, 1, 100 << 20},
		{100 << 20, 4, 25 << 20},
		{100 << 20, 0, 100 << 20},
		{4 << 20, 8, 2 << 20},
		{1 << 20, 8, 1 << 20},
		{0, 8, 0},
		{-5, 1, -5},
	} {
		if got := share(c.left, c.writers); got != c.want {
			t.Errorf("share(%d, %d) = %d, want %d", c.left, c.writers, got, c.want)
		}
	}
}

// TestMaxUse removes the oldest full cores first, leaves their small ones, and cuts what does
// not fit even so.
func TestMaxUse(t *testing.T) {
	s := newStore(t)
	limits := order.Limits{MaxUse: 5 << 20}
	keep(t, s, Crash{Report: at("a", 3*time.Hour), Limits: limits}, random(2<<20), "small")
	keep(t, s, Crash{Report: at("b", 2*time.Hour), Limits: limits}, random(2<<20), "")
	for _, c := range []struct {
		service string
		size    int
		want    string
	}{
		{"c", 2 << 20, "a:mini b:complete c:complete"},
		{"d", 4 << 20, "a:mini b:refused c:refused d:complete"},
		{"e", 8 << 20, "a:mini b:refused c:refused d:refused e:truncated"},
	} {
		r := keep(t, s, Crash{Report: at(c.service, time.Second), Limits: limits}, random(c.size), "")
		if got := states(t, s); got != c.want {
			t.Errorf("%s: %s, want %s", c.service, got, c.want)
		}
		if sum := used(t, s); sum > limits.MaxUse {
			t.Errorf("%s: %d bytes are used", c.service, sum)
		}
		if c.service == "e" && (!strings.Contains(r.Core.Reason, "max-use is 5.2 MB") || r.Core.Size < 4<<20) {
			t.Errorf("%+v", r.Core)
		}
	}
	items, _ := s.List()
	if reason := items[0].Report.Core.Reason; reason != "removed for newer ones, for max-use" {
		t.Error(reason)
	}
	if got := content(t, items[0].OpenMini); string(got) != "small" {
		t.Errorf("%q", got)
	}
}

// TestMaxService takes from the same service only.
func TestMaxService(t *testing.T) {
	s := newStore(t)
	limits := order.Limits{MaxUse: 100 << 20, MaxService: 3 << 20}
	keep(t, s, Crash{Report: at("other", 3*time.Hour), Limits: limits}, random(2<<20), "")
	keep(t, s, Crash{Report: at("web", 2*time.Hour), Limits: limits}, random(2<<20), "small")
	keep(t, s, Crash{Report: at("web", time.Hour), Limits: limits}, random(2<<20), "small")
	r := keep(t, s, Crash{Report: at("web", 0), Limits: limits}, random(4<<20), "small")
	if got := states(t, s); got != "other:complete web:mini web:mini web:truncated" {
		t.Error(got)
	}
	if !strings.Contains(r.Core.Reason, `max-use of service "web" is 3.1 MB`) {
		t.Error(r.Core.Reason)
	}
}

// TestWhileWriting has several write at the same time, as so many processes would: at no time
// is more used than may be, but for what each may write between two looks.
func TestWhileWriting(t *testing.T) {
	s := newStore(t)
	const writers, most = 4, 16 << 20
	limits := order.Limits{MaxUse: most}
	var all sync.WaitGroup
	var results [writers]report.Report
	for i := range writers {
		all.Go(func() {
			own, err := Create(s.Path()) // as another process has it
			if err != nil {
				t.Error(err)
				return
			}
			defer own.Close()
			results[i] = keep(t, own, Crash{Report: at("web", 0), Limits: limits}, random(12<<20), "small")
			if sum := used(t, s); sum > most+writers*(3<<20) {
				t.Errorf("%d bytes are used", sum)
			}
		})
	}
	all.Wait()
	cut := 0
	for _, r := range results {
		if r.Core.State == report.Truncated || r.Core.State == report.MiniOnly {
			cut++
		}
		if r.Mini.Size != 5 {
			t.Errorf("%+v", r)
		}
	}
	if items, err := s.List(); err != nil || len(items) != writers {
		t.Errorf("%d entries: %v", len(items), err)
	}
	if sum := used(t, s); sum > most+1<<20 {
		t.Errorf("%d bytes are used in the end, %d were cut", sum, cut)
	}
}

// TestTrim removes what is too old, and small cores when there are too many.
func TestTrim(t *testing.T) {
	s := newStore(t)
	for i := range 6 {
		r := keep(t, s, Crash{Report: at("web", time.Duration(10-i)*time.Hour)}, nil, string(random(100<<10)))
		older(t, s, r.ID)
	}
	r := keep(t, s, Crash{Report: at("new", 0), Limits: order.Limits{MaxAge: 8*time.Hour + time.Minute, MaxUse: 600 << 10}}, nil, "small")
	if got := states(t, s); got != "web:mini web:mini new:mini" {
		t.Error(got, r.ID)
	}
}

// TestClock gives ages that do not depend on a clock that jumps.
func TestClock(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		notes notes
		want  time.Duration
	}{
		"this boot, clock set forward since": {notes{Boot: boot(), Uptime: uptime(), Time: now.Add(-10000 * time.Hour)}, 0},
		"this boot, an hour ago":             {notes{Boot: boot(), Uptime: uptime() - time.Hour, Time: now}, time.Hour},
		"another boot":                       {notes{Boot: "x", Uptime: uptime(), Time: now.Add(-time.Hour)}, time.Hour},
		"from the future":                    {notes{Boot: "x", Time: now.Add(time.Hour)}, 0},
		"a boot that is said to be ours":     {notes{Boot: boot(), Uptime: 1 << 62, Time: now.Add(-time.Hour)}, time.Hour},
	} {
		if got := c.notes.age(now, uptime()); (got - c.want).Abs() > time.Minute {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// mountSmall mounts a small file system for the test alone.
func mountSmall(t *testing.T, options string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("small", dir, "tmpfs", 0, options); err != nil {
		t.Skip("cannot mount a tmpfs:", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return filepath.Join(dir, "cores")
}

// TestKeepFree leaves some of the file system free.
func TestKeepFree(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	s, err := Create(mountSmall(t, "size=16m"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	limits := order.Limits{KeepFree: 8 << 20}
	keep(t, s, Crash{Report: at("old", time.Hour), Limits: limits}, random(6<<20), "small")
	r := keep(t, s, Crash{Report: at("new", 0), Limits: limits}, random(12<<20), "small")
	if got := states(t, s); got != "old:mini new:truncated" {
		t.Error(got)
	}
	if free := s.free(); free < limits.KeepFree || free > limits.KeepFree+2<<20 {
		t.Errorf("%d bytes are free", free)
	}
	if !strings.Contains(r.Core.Reason, "keep-free is 8.4 MB") || r.Core.Size < 6<<20 {
		t.Errorf("%+v", r.Core)
	}
	// What is written later keeps to it, too.
	item := find(t, s, r.ID)
	var limit *LimitError
	if err := item.Compress(t.Context(), 16<<20); !errors.As(err, &limit) || !errors.Is(err, ErrKeepFree) {
		t.Error(err)
	}
	if item = find(t, s, r.ID); item.Report.Core.Stored.Stored < 6<<20 || used(t, s) > item.Report.Core.Stored.Stored+1<<20 {
		t.Errorf("%+v", item.Report.Core)
	}
}

// TestDiskFull writes to a full disk, whatever there is left, and gets an entry that tells the
// truth, or none.
func TestDiskFull(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	for _, how := range []order.Compression{order.NoCompression, order.Inline, order.Zstd} {
		path := mountSmall(t, "size=4m")
		s, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, left := range []int64{0, 4 << 10, 8 << 10, 12 << 10, 16 << 10, 20 << 10, 24 << 10, 64 << 10, 1 << 20} {
			fill(t, path, left)
			fullOnce(t, s, how, left)
			_ = os.Remove(filepath.Dir(path) + "/ballast")
			items, err := s.List()
			if err != nil {
				t.Error(err)
			}
			for i := range items {
				checkTrue(t, s, &items[i])
				if err := s.Remove(items[i].Report.ID); err != nil {
					t.Error(err)
				}
			}
			if names, _ := s.dir.names(); len(names) > 1 {
				t.Errorf("%d bytes left: %v stays", left, names)
			}
		}
		s.Close()
	}
}

// fill leaves so many bytes on the disk.
func fill(t *testing.T, path string, left int64) {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &st); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Dir(path)+"/ballast", random(int(int64(st.Bavail)*st.Bsize-left)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// fullOnce stores one crash on a disk that is nearly full.
func fullOnce(t *testing.T, s *Store, how order.Compression, left int64) {
	t.Helper()
	r := at("web", 0)
	r.Command = strings.Repeat("c", 10<<10) // a report of some size
	e, err := s.Begin(Crash{Report: r, Compress: how})
	if err != nil {
		if !errors.Is(err, unix.ENOSPC) {
			t.Errorf("%d bytes left: %v", left, err)
		}
		return
	}
	if m, err := e.Mini(); err == nil {
		_, _ = m.Write(random(5 << 10))
		_ = m.Close()
	} else if !errors.Is(err, ErrDiskFull) {
		t.Error(err)
	}
	f, err := e.Full(0)
	if err == nil {
		_, err = f.ReadFrom(bytes.NewReader(random(3 << 20)))
		if e := f.Close(); err == nil {
			err = e
		}
	}
	if !errors.Is(err, ErrDiskFull) {
		t.Errorf("%d bytes left: %v", left, err)
	}
	r.Problems = []string{strings.Repeat("p", 20<<10)} // and now it is larger
	if r, err = e.Finish(r); err != nil && (!errors.Is(err, unix.ENOSPC) || left >= 64<<10) {
		t.Errorf("%d bytes left: %v", left, err)
	}
	if err != nil {
		return
	}
	if r.Core.State == report.Complete || left >= 64<<10 && len(r.Problems[0]) != 20<<10 {
		t.Errorf("%d bytes left: %+v, a report of %d bytes", left, r.Core, len(r.Problems[0]))
	}
	if left >= 1<<20 && how != order.Inline && r.Core.State != report.Truncated {
		t.Errorf("%d bytes left, none was to be had of the core's: %+v", left, r.Core)
	}
}

// checkTrue compares what an entry says of its cores with what is there.
func checkTrue(t *testing.T, s *Store, item *Item) {
	t.Helper()
	if item.Problem != "" || item.Report.Core.State == report.Taking {
		t.Errorf("%+v", item)
		return
	}
	core := &item.Report.Core
	if core.State == report.Truncated || core.State == report.Complete {
		if got := content(t, item.OpenCore); int64(len(got)) != core.Size || !bytes.HasPrefix(random(3<<20), got) {
			t.Errorf("%d bytes of %+v", len(got), core)
		}
	} else if file, err := item.OpenCore(t.Context()); err == nil {
		_ = file.Close()
		t.Errorf("%+v has a core", core)
	}
	if core.Reason == "" {
		t.Errorf("%+v has no reason", core)
	}
	if (item.Report.Mini.Path != "") != (core.State == report.MiniOnly || item.Report.Mini.Size > 0) {
		t.Errorf("%+v", item.Report)
	}
	if item.Report.Mini.Path != "" {
		if got := content(t, item.OpenMini); !bytes.Equal(got, random(5<<10)) {
			t.Errorf("the small core has %d bytes", len(got))
		}
	}
}

// TestShort is told as truncated when less has come than should.
func TestShort(t *testing.T) {
	s := newStore(t)
	e, err := s.Begin(Crash{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := e.Full(100_000)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(f, bytes.NewReader(random(50_000)))
	r, err := e.Finish(report.Report{})
	if err != nil || r.Core.State != report.Truncated || r.Core.Reason != "only 50 KB of 100 KB have come" {
		t.Errorf("%+v, %v", r.Core, err)
	}
	for _, c := range []struct {
		asked report.Core
		full  bool
		want  report.State
	}{
		{report.Core{State: report.Refused, Reason: "3 in 10m"}, false, report.Refused},
		{report.Core{}, false, report.Refused},
		{report.Core{}, true, report.Refused},
	} {
		e, err := s.Begin(Crash{})
		if err != nil {
			t.Fatal(err)
		}
		if c.full {
			if _, err := e.Full(0); err != nil {
				t.Fatal(err)
			}
		}
		r, err := e.Finish(report.Report{Core: c.asked})
		if err != nil || r.Core.State != c.want || r.Core.Reason != c.asked.Reason || r.Core.Path != "" {
			t.Errorf("%+v: %+v, %v", c, r.Core, err)
		}
	}
}
