package collector

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/internal/sys"
	"supervise/internal/testproc"
)

// somebody is a user without a name. That of nobody is also the overflow uid, so that it
// cannot be told whose a process of it is.
const somebody = 54321

func as(uid uint32) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		cmd.Dir = "/"
	}
}

// public is a copy of the test binary that all can execute.
func public(t *testing.T, mode os.FileMode) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "supervise-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	text, err := os.ReadFile(testproc.Argv(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "eater")
	if err := os.WriteFile(path, text, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]os.FileMode{dir: 0o755, path: mode} {
		if err := os.Chmod(name, m); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// TestWhose finds out who may read a core.
func TestWhose(t *testing.T) {
	plain, setuid := public(t, 0o755), public(t, os.ModeSetuid|0o755)
	p := open(t, func(o *Options, p *place) {
		o.SetID = true
		p.order.Capture = order.Mini
	})
	for _, c := range []struct {
		name string
		path string
		as   uint32
		args []string
		want string // a part of why it is private
	}{
		{"plain", plain, somebody, nil, ""},
		{"root's", plain, 0, nil, ""},
		{"nobody's", plain, 65534, nil, "no id in this user namespace"},
		{"of a daemon that became somebody", plain, 0, []string{"uid=54321"}, "not dumpable"},
		{"that made itself dumpable again", plain, 0, []string{"uid=54321", "dump"}, ""},
		{"setuid", setuid, somebody, nil, "not dumpable"},
		{"setuid and dumpable", setuid, somebody, []string{"dump"}, "several user ids"},
		{"setuid, all root, and dumpable", setuid, somebody, []string{"root", "dump"}, "AT_SECURE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := startEater(t, func(cmd *exec.Cmd) {
				as(c.as)(cmd)
				cmd.Path = c.path
			}, append([]string{"1"}, c.args...)...)
			e.crash()
			s := p.wait(e.pid)
			who := p.crashOf(e.pid)
			if who.PID != e.pid || c.want == "" != (who.Private == "") || !strings.Contains(who.Private, c.want) {
				t.Errorf("it is taken for %+v, want one that is private for %q", who, c.want)
			}
			item := p.items()[e.pid]
			if item.Private != (c.want != "") || item.Report.ID != s.last.ID {
				t.Errorf("the store says private: %v of %+v", item.Private, item.Report)
			}
			if s.last.Signal != "SIGSEGV" || s.last.Mini.Size == 0 {
				t.Errorf("the report is %+v", s.last)
			}
		})
	}
}

// TestWithoutIdentity takes the core of a process that cannot be found out.
func TestWithoutIdentity(t *testing.T) {
	p := open(t, func(o *Options, p *place) { o.Without.Identity = true })
	cmd := testproc.Crash(t, as(somebody))
	s := p.wait(0)
	if !testproc.Dumped(t, cmd) {
		t.Error("WCOREDUMP is not set")
	}
	if !s.order.Private || s.order.HasPIDFD || s.last.Core.State != report.Complete || s.last.Signal != "SIGSEGV" {
		t.Errorf("%+v of %+v", s.last, s.order)
	}
	for _, item := range p.items() {
		if !item.Private {
			t.Errorf("%+v can be read by others than root", item)
		}
	}
}

// TestManyAtOnce lets more processes crash than handlers may run.
func TestManyAtOnce(t *testing.T) {
	const n = 64
	p := open(t, func(_ *Options, p *place) { p.order.Capture = order.Mini })
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []*exec.Cmd
	for range n {
		cmd := exec.Command("/bin/sh", "-c", "read go; kill -SEGV $$")
		cmd.Stdin = r
		testproc.Start(t, cmd)
		all = append(all, cmd)
	}
	_ = w.Close() // all at once
	for _, cmd := range all {
		s := p.wait(cmd.Process.Pid)
		if s.last.Core.State != report.MiniOnly || s.last.PID != cmd.Process.Pid {
			t.Errorf("of %d is told %+v", cmd.Process.Pid, s.last.Core)
		}
		if !testproc.Dumped(t, cmd) {
			t.Errorf("%d has not dumped core", cmd.Process.Pid)
		}
	}
	kept := p.items() // among them may be those of others on this machine
	for _, cmd := range all {
		if kept[cmd.Process.Pid].Report.Core.State != report.MiniOnly {
			t.Errorf("of %d is kept %+v", cmd.Process.Pid, kept[cmd.Process.Pid].Report.Core)
		}
	}
}

// TestRefused lets a process go without a core.
func TestRefused(t *testing.T) {
	p := open(t, func(_ *Options, p *place) { p.order.Refuse = "more than 3 within 10m" })
	cmd := testproc.Crash(t, nil)
	s := p.wait(cmd.Process.Pid)
	if testproc.Dumped(t, cmd) == p.Held().Requests {
		t.Error("WCOREDUMP does not tell the truth")
	}
	if want := []order.Stage{order.Released, order.Stored}; !slices.Equal(s.stages, want) || s.last.Core.Reason != p.order.Refuse || s.last.Core.State != report.Refused {
		t.Errorf("told %v, %+v", s.stages, s.last)
	}
	if _, err := os.Stat(p.store); err == nil && len(p.items()) > 0 {
		t.Error("something is kept")
	}
}

// TestCaptures keeps what the order says.
func TestCaptures(t *testing.T) {
	for capture, want := range map[order.Capture]struct {
		state      report.State
		mini, full bool
	}{
		order.Mini:        {report.MiniOnly, true, false},
		order.Full:        {report.Complete, false, true},
		order.MiniAndFull: {report.Complete, true, true},
		order.Nothing:     {report.Refused, false, false},
	} {
		t.Run(string(capture), func(t *testing.T) {
			p := open(t, func(_ *Options, p *place) { p.order.Capture = capture })
			cmd := testproc.Crash(t, nil)
			r := p.wait(cmd.Process.Pid).last
			if r.Core.State != want.state || r.Mini.Size > 0 != want.mini || r.Core.Size > 0 != want.full || len(r.Threads) == 0 || len(r.Problems) > 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestHandlerEnds has handlers that fail, of which the process that crashes must not suffer.
func TestHandlerEnds(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"killed":  {"kill -KILL $$", "SIGKILL"},
		"fails":   {"exit 7", "code 7"},
		"crashes": {"kill -SEGV $$", "SIGSEGV"}, // while it is dumpable: its core is refused
		"absent":  {"", "cannot be started"},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, func(o *Options, _ *place) {
				o.Handler = []string{"/bin/sh", "-c", c.script}
				if c.script == "" {
					o.Handler = []string{"/nowhere/handler"}
				}
			})
			cmd := testproc.Crash(t, nil)
			s := p.wait(cmd.Process.Pid)
			testproc.Dumped(t, cmd)
			if want := []order.Stage{order.Stored}; !slices.Equal(s.stages, want) || s.last.Core.State != report.Refused || !strings.Contains(s.last.Core.Reason, c.want) {
				t.Errorf("told %v, %+v", s.stages, s.last.Core)
			}
			p.lock.Lock()
			defer p.lock.Unlock()
			for _, crash := range p.crashes {
				if p.Owns(crash.PID) {
					t.Errorf("decided on a handler: %+v", crash)
				}
			}
		})
	}
}

// handlerOf is the pid of the only handler that runs.
func (p *place) handlerOf() int {
	p.Collector.lock.Lock()
	defer p.Collector.lock.Unlock()
	for pid := range p.handlers {
		return pid
	}
	p.t.Error("no handler runs")
	return 0
}

// onReleased does something when a process of this test is released, before its full core is
// written. Others of the machine may crash, too.
func onReleased(o *Options, do func()) {
	next := o.Progress
	o.Progress = func(order order.Order, p order.Progress) {
		if stat, err := sys.ReadStat(order.PID); p.Stage == "released" && err == nil && stat.Parent == os.Getpid() {
			do()
		}
		next(order, p)
	}
}

// large is a process whose full core takes a while, in MB.
const large = "600"

// TestHandlerStopped stops a handler, for whom the process waits.
func TestHandlerStopped(t *testing.T) {
	p := open(t, func(o *Options, p *place) {
		p.order.Timeout = time.Second
		onReleased(o, func() { _ = unix.Kill(p.handlerOf(), unix.SIGSTOP) })
	})
	p.patience = patience{release: 3 * time.Second, grace: 500 * time.Millisecond, aftermath: time.Minute}
	e := startEater(t, nil, large)
	e.crash()
	s := p.wait(e.pid)
	testproc.Dumped(t, e.Cmd)
	if s.last.Core.State != report.Truncated || !strings.Contains(s.last.Core.Reason, "not come to an end in time") || s.last.ID == "" {
		t.Errorf("told %v, %+v", s.stages, s.last.Core)
	}
	if item := p.items()[e.pid]; item.Report.Core.State != report.Truncated && item.Report.Core.State != report.MiniOnly || item.Report.Mini.Size == 0 {
		t.Errorf("the store says %+v", item.Report.Core)
	}
}

// TestHandlersContinued stops as many handlers as there may be: they are continued, long before
// they would have to end, so that a further crash is taken.
func TestHandlersContinued(t *testing.T) {
	p := open(t, func(o *Options, p *place) {
		o.Handlers = 1
		onReleased(o, func() { _ = unix.Kill(p.handlerOf(), unix.SIGSTOP) })
	})
	p.patience = patience{release: time.Hour, grace: time.Hour, aftermath: time.Hour, stopped: 50 * time.Millisecond}
	for range 2 {
		e := startEater(t, nil, "20")
		e.crash()
		s := p.wait(e.pid)
		testproc.Dumped(t, e.Cmd)
		if s.last.Core.State != report.Complete {
			t.Errorf("told %v, %+v", s.stages, s.last.Core)
		}
	}
}

// TestTimeout cuts a core that takes longer than it may.
func TestTimeout(t *testing.T) {
	p := open(t, func(_ *Options, p *place) { p.order.Timeout = 150 * time.Millisecond })
	e := startEater(t, nil, "1000")
	e.crash()
	s := p.wait(e.pid)
	testproc.Dumped(t, e.Cmd)
	if s.last.Core.State != report.Truncated || !strings.Contains(s.last.Core.Reason, "timeout of 150ms") {
		t.Errorf("told %v, %+v", s.stages, s.last.Core)
	}
}

// TestKilledWhileDumping ends a process whose core is being written.
func TestKilledWhileDumping(t *testing.T) {
	var e *eater
	p := open(t, func(o *Options, _ *place) {
		onReleased(o, func() { _ = unix.Kill(e.pid, unix.SIGKILL) })
	})
	e = startEater(t, nil, large)
	e.crash()
	s := p.wait(e.pid)
	_ = e.Wait()
	if s.last.Core.State != report.Truncated || !strings.Contains(s.last.Core.Reason, "killed by SIGKILL") || s.last.Signal != "SIGSEGV" {
		t.Errorf("told %v, %+v", s.stages, s.last.Core)
	}
}

// TestClose cuts what is under way.
func TestClose(t *testing.T) {
	released := make(chan struct{})
	p := open(t, func(o *Options, _ *place) { onReleased(o, func() { close(released) }) })
	before := pattern(t)
	e := startEater(t, nil, "1000")
	e.crash()
	<-released
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	closed := p.Collector
	if err := closed.Close(ctx); err != nil {
		t.Error(err)
	}
	select {
	case <-p.story(e.pid).done:
	default:
		t.Error("it is closed, and the last word is not said")
	}
	testproc.Dumped(t, e.Cmd)
	if core := p.story(e.pid).last.Core; core.State != report.Truncated || !strings.Contains(core.Reason, "stopped meanwhile") {
		t.Errorf("%+v", core)
	}
	if now := pattern(t); now == before {
		t.Errorf("core_pattern still is %q", now)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); dumpable != 1 || err != nil {
		t.Errorf("this process is not dumpable again: %d, %v", dumpable, err)
	}
}
