package store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/internal/testproc"
)

func init() {
	testproc.Role("write", write)
	testproc.Role("read", read)
}

// unfinished keeps an entry, with its lock, from the garbage collector.
var unfinished *Entry

// write begins an entry, says how far it has come, and waits to be killed: its arguments are
// the store, the compression, and what to write.
func write(args []string) int {
	s, err := Create(args[0])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	e, err := s.Begin(Crash{Report: report.Report{Service: "web", PID: 812, Signal: "SIGSEGV"}, Compress: order.Compression(args[1])})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if strings.Contains(args[2], "mini") {
		m, _ := e.Mini()
		_, _ = m.Write([]byte("small"))
		_ = m.Close()
	}
	if strings.Contains(args[2], "half") { // of a small core
		m, _ := e.Mini()
		_, _ = m.Write([]byte("sma"))
	}
	if strings.Contains(args[2], "full") {
		f, _ := e.Full(100 << 20)
		_, _ = f.Write(random(12 << 20))
	}
	unfinished = e
	fmt.Println(e.ID())
	time.Sleep(testproc.Limit) // select {} would be a deadlock
	return 1
}

// TestKilled kills who writes: the entry is told as what it is, at once, and finished by the
// next. While it lives it is being written, and not to be removed.
func TestKilled(t *testing.T) {
	for _, c := range []struct {
		how, what string
		want      report.State
		least     int64
	}{
		{"none", "mini full", report.Truncated, 11 << 20},
		{"inline", "full", report.Truncated, 1 << 20},
		{"none", "mini", report.MiniOnly, 0},
		{"none", "half", report.Refused, 0},
		{"none", "", report.Refused, 0},
	} {
		t.Run(c.how+" "+c.what, func(t *testing.T) {
			s := newStore(t)
			cmd := testproc.Command(t, "write", s.Path(), c.how, c.what)
			out, err := cmd.StdoutPipe()
			must(t, err)
			testproc.Start(t, cmd)
			id, err := bufio.NewReader(out).ReadString('\n')
			must(t, err)
			id = strings.TrimSpace(id)
			var busy *BusyError
			if item := find(t, s, id); item.Report.Core.State != report.Taking || item.Report.Service != "web" {
				t.Errorf("while it is written: %+v", item)
			}
			if err := s.Remove(id); !errors.As(err, &busy) {
				t.Error(err)
			}
			must(t, s.Recover())
			if removed, err := s.Vacuum(Policy{MaxUse: 1}); err != nil || len(removed) > 0 {
				t.Errorf("removed %v, %v", removed, err)
			}
			must(t, cmd.Process.Kill())
			_ = cmd.Wait()
			checkKilled(t, s, id, c.want, c.least)
			must(t, s.Recover())
			if _, err := os.Lstat(filepath.Join(s.Path(), id, writingName)); err == nil {
				t.Error("it was not finished")
			}
			checkKilled(t, s, id, c.want, c.least)
			must(t, s.Remove(id))
		})
	}
}

func checkKilled(t *testing.T, s *Store, id string, want report.State, least int64) {
	t.Helper()
	item := find(t, s, id)
	core := item.Report.Core
	if core.State != want || core.Reason != killed || core.Size < least || item.Report.PID != 812 {
		t.Errorf("%+v", item.Report)
	}
	if want == report.Truncated {
		if got := content(t, item.OpenCore); int64(len(got)) != core.Size || !bytes.HasPrefix(random(12<<20), got) {
			t.Errorf("%d bytes are there, %d are told", len(got), core.Size)
		}
	}
}

// TestLeftovers removes what was killed before it was an entry, or while it was removed.
func TestLeftovers(t *testing.T) {
	s := newStore(t)
	in := func(name string) string { return filepath.Join(s.Path(), name) }
	long := time.Now().Add(-time.Hour)
	must(t,
		os.Mkdir(in(".new-00000001"), 0o700), os.Chtimes(in(".new-00000001"), long, long),
		os.Mkdir(in(".new-00000002"), 0o700), // just begun
		os.Mkdir(in(".new-00000003"), 0o700), os.WriteFile(in(".new-00000003/writing"), nil, 0o600), os.Chtimes(in(".new-00000003"), long, long),
		os.Mkdir(in(".gone-00000004"), 0o700), os.WriteFile(in(".gone-00000004/core"), nil, 0o600),
		os.Mkdir(in(".gone-00000005"), 0o700), os.WriteFile(in(".gone-00000005/mine"), nil, 0o600),
		s.Recover(),
	)
	names, err := filepath.Glob(in(".[ng]*"))
	if got := strings.Join(names, " "); err != nil || got != in(".gone-00000005")+" "+in(".new-00000002") {
		t.Error(got, err)
	}
}

// TestCompressInterrupted keeps the core as it was when compressing is ended, at any point.
func TestCompressInterrupted(t *testing.T) {
	s := newStore(t)
	core := noise(20 << 20)
	id := keep(t, s, Crash{Compress: order.Zstd}, core, "").ID
	in := func(name string) string { return filepath.Join(s.Path(), id, name) }
	item := find(t, s, id)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := item.Compress(ended, 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if names, _ := filepath.Glob(in("*zst*")); len(names) > 0 {
		t.Errorf("%v is left", names)
	}
	// Killed while writing, and between the two files' change of place.
	must(t, os.WriteFile(in(coreName+zstSuffix+partSuffix), []byte("half"), 0o600), os.WriteFile(in(coreName+zstSuffix), []byte("whole"), 0o600))
	if item = find(t, s, id); !item.Pending() || !bytes.Equal(content(t, item.OpenCore), core) {
		t.Errorf("%+v", item)
	}
	must(t, item.Compress(t.Context(), 0))
	if item = find(t, s, id); item.Pending() || !bytes.Equal(content(t, item.OpenCore), core) {
		t.Errorf("%+v", item)
	}
	must(t, item.Compress(t.Context(), 0)) // nothing to do
}

// TestCompressInTurn has several compress at the same time, one core is removed meanwhile.
func TestCompressInTurn(t *testing.T) {
	s := newStore(t)
	core := noise(8 << 20)
	failures := make(chan error)
	const several = 4
	for range several {
		item := find(t, s, keep(t, s, Crash{Compress: order.Zstd}, core, "").ID)
		go func() { failures <- item.Compress(t.Context(), 0) }()
	}
	must(t, s.evictCore("", "max-use"))
	for range several {
		must(t, <-failures)
	}
	items, err := s.List()
	must(t, err)
	for i := range items {
		if items[i].Pending() {
			t.Errorf("%+v is not compressed", items[i].Report.Core)
		}
	}
	if got := strings.Count(states(t, s), "complete"); got != several-1 {
		t.Errorf("%d are complete", got)
	}
}

// TestIdle compresses on threads that get what nobody else wants.
func TestIdle(t *testing.T) {
	s := newStore(t)
	item := find(t, s, keep(t, s, Crash{Compress: order.Zstd}, noise(64<<20), "").ID)
	done := make(chan error, 1)
	go func() { done <- item.Compress(t.Context(), 0) }()
	seen := false
	for !seen {
		select {
		case err := <-done:
			must(t, err)
			if !seen {
				t.Error("no thread was idle")
			}
			return
		default:
		}
		tasks, _ := os.ReadDir("/proc/self/task")
		for _, task := range tasks {
			tid, _ := strconv.Atoi(task.Name())
			if attr, err := unix.SchedGetAttr(tid, 0); err == nil && attr.Policy == unix.SCHED_IDLE {
				seen = true
			}
		}
	}
	must(t, <-done)
}

// read tries to read what is given to it, as a user of its own.
func read(args []string) int {
	for _, path := range args {
		text, err := os.ReadFile(path)
		if err != nil {
			fmt.Println(filepath.Base(path), "no")
			continue
		}
		fmt.Println(filepath.Base(path), len(text))
	}
	if s, err := Open(filepath.Dir(filepath.Dir(args[0]))); err == nil {
		items, err := s.List()
		hidden := 0
		for i := range items {
			if items[i].Hidden {
				hidden++
			}
		}
		fmt.Println(len(items), hidden, err)
	}
	return 0
}

// TestReader lets the user of an ordinary process read what is kept of it, and nobody else, nor
// what is private.
func TestReader(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to be two users takes root")
	}
	base, err := os.MkdirTemp("/tmp", "cores")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	self, err := os.ReadFile("/proc/self/exe")
	must(t, err, os.Chmod(base, 0o755), os.WriteFile(filepath.Join(base, "test"), self, 0o755))
	s, err := Create(filepath.Join(base, "cores"))
	must(t, err)
	defer s.Close()
	for _, c := range []struct {
		how     order.Compression
		private bool
		want    string
	}{
		{order.NoCompression, false, "meta.json 1 core 1 mini 1 "},
		{order.Zstd, false, "meta.json 1 core.zst 1 mini.zst 1 "},
		{order.Inline, false, "meta.json 1 core.zst 1 mini.zst 1 "},
		{order.NoCompression, true, "meta.json no core no mini no "},
	} {
		r := keep(t, s, Crash{Reader: stranger, Private: c.private, Compress: c.how}, noise(1<<20), "small")
		item := find(t, s, r.ID)
		must(t, item.Compress(t.Context(), 0))
		if c.how == order.NoCompression { // as it was
			must(t, s.Remove(r.ID))
			r = keep(t, s, Crash{Reader: stranger, Private: c.private, Compress: c.how}, noise(1<<20), "small")
		}
		if err := readable(s.dir.file, stranger); err != nil {
			t.Skip("no access control lists here:", err)
		}
		var paths []string
		for name := range strings.FieldsSeq(c.want) {
			if name != "1" && name != "no" {
				paths = append(paths, filepath.Join(s.Path(), r.ID, name))
			}
		}
		if got := asUser(t, base, stranger, paths); got != c.want {
			t.Errorf("%s, private %v: its user reads %q, want %q", c.how, c.private, got, c.want)
		}
		if got := asUser(t, base, stranger+1, paths); strings.Contains(got, " 1") {
			t.Errorf("another reads %q", got)
		}
		if entries, _ := filepath.Glob(filepath.Join(s.Path(), r.ID, "*")); len(entries) != 3 {
			t.Errorf("%v", entries)
		}
	}
}

// asUser reads files as a user; of what could be read it tells 1.
func asUser(t *testing.T, base string, uid uint32, paths []string) string {
	t.Helper()
	cmd := testproc.Command(t, "read", paths...)
	cmd.Path = filepath.Join(base, "test")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	var out bytes.Buffer
	cmd.Stdout = &out
	testproc.Start(t, cmd)
	must(t, cmd.Wait())
	var text strings.Builder
	for line := range strings.Lines(out.String()) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			continue
		}
		if n, _ := strconv.Atoi(fields[1]); n > 0 {
			fields[1] = "1"
		}
		text.WriteString(fields[0] + " " + fields[1] + " ")
	}
	return text.String()
}

// TestWatch tells of each crash once, when all of it is there.
func TestWatch(t *testing.T) {
	s := newStore(t)
	keep(t, s, Crash{Report: at("before", time.Hour)}, nil, "small")
	ctx, cancel := context.WithCancel(t.Context())
	told, ended := make(chan Item, 100), make(chan error, 1)
	w, err := s.newWatcher(func(i Item) error { told <- i; return nil })
	must(t, err)
	go func() { ended <- w.run(ctx) }()
	e, err := s.Begin(Crash{Report: at("first", time.Minute), Compress: order.Zstd})
	must(t, err, e.Explained(at("first", time.Minute)))
	second := keep(t, s, Crash{Report: at("second", 0)}, noise(1<<20), "small")
	if item := <-told; item.Report.ID != second.ID || item.Report.Core.State != report.Complete {
		t.Errorf("%+v", item.Report)
	}
	f, err := e.Full(0)
	must(t, err)
	_, _ = f.Write(noise(1 << 20))
	r, err := e.Finish(at("first", time.Minute))
	must(t, err)
	if item := <-told; item.Report.ID != r.ID || item.Report.Service != "first" {
		t.Errorf("%+v", item.Report)
	}
	item := find(t, s, r.ID)
	must(t, item.Compress(t.Context(), 0), s.Remove(second.ID))
	third := keep(t, s, Crash{Report: at("third", 0)}, nil, "")
	if item := <-told; item.Report.ID != third.ID {
		t.Errorf("%+v", item.Report)
	}
	cancel()
	must(t, <-ended)
	w, err = s.newWatcher(func(Item) error { return nil })
	must(t, err)
	go func() { ended <- w.run(t.Context()) }()
	must(t, os.Rename(s.Path(), s.Path()+"2"))
	if err := <-ended; !errors.Is(err, errGone) {
		t.Error(err)
	}
}

// TestVacuum says what goes and what stays, and only says it when asked to.
func TestVacuum(t *testing.T) {
	for _, c := range []struct {
		policy Policy
		want   string
	}{
		{Policy{}, "a:complete b:complete a:complete b:complete"},
		{Policy{MaxAge: 150 * time.Minute}, "a:complete b:complete"},
		{Policy{MaxAge: 150 * time.Minute, Service: "a"}, "b:complete a:complete b:complete"},
		{Policy{Keep: 1}, "a:complete b:complete"},
		{Policy{Keep: 1, Service: "b"}, "a:complete a:complete b:complete"},
		{Policy{MaxUse: 2500 << 10}, "a:mini b:mini a:complete b:complete"},
		{Policy{MaxUse: 1}, ""},
	} {
		s := newStore(t)
		for i, service := range []string{"a", "b", "a", "b"} {
			r := keep(t, s, Crash{Report: at(service, time.Duration(4-i)*time.Hour)}, random(1<<20), "small")
			older(t, s, r.ID)
		}
		before := states(t, s)
		dry := c.policy
		dry.DryRun = true
		would, err := s.Vacuum(dry)
		must(t, err)
		if states(t, s) != before {
			t.Errorf("%+v: a dry run changed it", c.policy)
		}
		removed, err := s.Vacuum(c.policy)
		must(t, err)
		if got := states(t, s); got != c.want || fmt.Sprint(would) != fmt.Sprint(removed) {
			t.Errorf("%+v: %s, want %s; %v, would %v", c.policy, got, c.want, removed, would)
		}
	}
}
