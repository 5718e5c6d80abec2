package collector

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/store"
	"supervise/internal/testproc"
)

// script is a handler that core_pattern can name: the test binary's path is too long.
func script(t *testing.T) []string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "h")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "h")
	text := "#!/bin/sh\nexec " + testproc.Argv(t)[0] + " core handler \"$@\"\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return []string{path}
}

// TestWays takes a core in each way, of which all better ones are left out.
func TestWays(t *testing.T) {
	for _, c := range []struct {
		name    string
		without Without
		way     Way
		prefix  string // of core_pattern
	}{
		{"requests", Without{}, Socket, "@@/"},
		{"socket", Without{Requests: true}, Socket, "@/"},
		{"pipe", Without{Socket: true}, Pipe, "|/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := open(t, func(o *Options, _ *place) {
				o.Without = c.without
				if c.way == Pipe {
					o.Handler = script(t)
				}
			})
			held := p.Held()
			if held.Way != c.way || held.Requests != (c.name == "requests") || !strings.HasPrefix(held.Pattern, c.prefix) {
				t.Skipf("the kernel has not this way: %+v", held)
			}
			cmd := testproc.Crash(t, nil)
			s := p.wait(cmd.Process.Pid)
			if !testproc.Dumped(t, cmd) {
				t.Error("WCOREDUMP is not set")
			}
			want := []order.Stage{order.Released, order.Explained, order.Stored}
			if !slices.Equal(s.stages, want) {
				t.Errorf("told %v", s.stages)
			}
			r := s.last
			if r.Core.State != report.Complete || r.Signal != "SIGSEGV" || r.CodeName != "SI_USER" || r.PID != cmd.Process.Pid ||
				r.Mini.Size == 0 || r.Core.Size <= r.Mini.Size/2 || len(r.Threads) != 1 || len(r.Threads[0].Frames) < 2 || !strings.HasSuffix(r.Exe, "sh") || len(r.Problems) > 0 {
				t.Errorf("the report is %+v", r)
			}
			item := p.items()[cmd.Process.Pid]
			if item.Report.ID != r.ID || item.Private {
				t.Errorf("the store has %+v", item)
			}
		})
	}
}

// TestFiles takes over a core that the kernel has written.
func TestFiles(t *testing.T) {
	where := t.TempDir()
	testproc.CorePattern(t, where+"/%e.%p.%t")
	p := open(t, func(o *Options, _ *place) { o.Install = false })
	if p.Held().Way != Files || len(p.Held().Better) != 3 {
		t.Fatalf("%+v", p.Held())
	}
	cmd := testproc.Crash(t, nil)
	if !testproc.Dumped(t, cmd) {
		t.Skip("the kernel writes no core: is RLIMIT_CORE 0?")
	}
	if !p.Adopt(Ended{PID: cmd.Process.Pid, Signal: int(unix.SIGSEGV), Time: time.Now()}) {
		t.Fatal("not adopted")
	}
	r := p.wait(cmd.Process.Pid).last
	if r.Core.State != report.Complete || r.Mini.Size == 0 || r.Signal != "SIGSEGV" || len(r.Problems) > 0 {
		t.Errorf("the report is %+v", r)
	}
	if left, err := os.ReadDir(where); err != nil || len(left) > 0 {
		t.Errorf("left there: %v, %v", left, err)
	}
}

// TestNobodyThere has the kernel start a handler that finds no collector.
func TestNobodyThere(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	text := "|" + script(t)[0] + " " + dir + "/none.sock p=%P t=%I s=%s d=%d f=%F " + dir + "/cores"
	testproc.CorePattern(t, text)
	cmd := testproc.Crash(t, nil)
	if !testproc.Dumped(t, cmd) {
		t.Error("WCOREDUMP is not set")
	}
	p := &place{t: t, store: dir + "/cores"}
	var item store.Item
	for range 2000 { // the kernel's child: that it ends is no event
		if _, err := os.Stat(p.store); err == nil {
			if item = p.items()[cmd.Process.Pid]; item.Report.Core.State == report.Complete {
				break
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	if item.Report.Core.State != report.Complete || item.Report.Mini.Size == 0 || item.Report.Signal != "SIGSEGV" || item.Private {
		t.Errorf("the store has %+v", item)
	}
}
