package snapshot

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"supervise/internal/sys"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// supervisor is the pid of the supervisor of the tests.
const supervisor = 4

// The pids of processes that /proc knows in the tests. Others are gone.
const (
	running = 100 + iota
	stopped
	ended
	stranger // no child of the supervisor, that has got the pid
)

func process(pid int) (sys.SignalState, error) {
	switch pid {
	case running:
		return sys.SignalState{Parent: supervisor, Queued: 1, Limit: 2}, nil
	case stopped:
		return sys.SignalState{Parent: supervisor, Stopped: true, Limit: 2}, nil
	case ended:
		return sys.SignalState{Parent: supervisor, Ended: true}, nil
	case stranger:
		return sys.SignalState{Parent: 1, Limit: 3}, nil
	}
	return sys.SignalState{}, errors.New("no such process")
}

// fleet is a loop's services, and what it was left to answer.
type fleet struct {
	services []status.Service
	left     atomic.Int32
	*Snapshots
}

// newFleet is services whose main processes have these pids, published and listed.
func newFleet(tb testing.TB, pids ...int) *fleet {
	tb.Helper()
	f := &fleet{}
	for i, pid := range pids {
		f.services = append(f.services, status.Service{Name: "service-" + strconv.Itoa(i), State: status.Running, PID: pid})
	}
	f.Snapshots = New(Options{
		Self:     request.Supervisor{PID: supervisor},
		Describe: func(i int) status.Service { return f.services[i] },
		Process:  process,
		Leave:    func(Call) { f.left.Add(1) },
		Go:       func(f func()) { go f() },
	})
	order := make([]int, len(pids))
	for i := range order {
		order[i] = i
	}
	f.resize(tb, len(pids))
	f.List(order)
	f.publish(tb)
	f.Work(false)
	return f
}

func (f *fleet) resize(tb testing.TB, n int) {
	tb.Helper()
	if err := f.Resize(n); err != nil {
		tb.Fatal(err)
	}
}

func (f *fleet) publish(tb testing.TB) {
	tb.Helper()
	if err := f.Publish(); err != nil {
		tb.Fatal(err)
	}
}

// fakeCall is a call that may be answered once.
type fakeCall struct {
	mu    sync.Mutex
	reply *request.Reply
	twice bool
	gone  bool
}

func (c *fakeCall) Reply(r *request.Reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.twice = c.reply != nil
	c.reply = r
}

func (c *fakeCall) Gone() bool { return c.gone }

// answer is what a call is answered in a word or two: "left" if it is left to the loop.
func (f *fleet) answer(t *testing.T, r request.Request, onLoop bool) (text string) {
	t.Helper()
	call, before, how := &fakeCall{}, f.left.Load(), f.Answer
	if onLoop {
		how = f.AnswerOnLoop
	}
	answered := how(call, r)
	f.queue.answering.Wait()
	call.mu.Lock()
	defer call.mu.Unlock()
	switch left := f.left.Load() - before; {
	case call.twice, left > 1, left == 1 && call.reply != nil, !answered && (call.reply != nil || left != 0):
		t.Errorf("%+v: answered %v, %d times left to the loop, twice %v: %+v", r, answered, left, call.twice, call.reply)
		return ""
	case call.reply == nil:
		return "left"
	case call.reply.Error != nil:
		return call.reply.Error.Text
	case call.reply.Services == nil:
		return "pid " + strconv.Itoa(call.reply.Supervisor.PID)
	}
	var words []string
	for _, s := range call.reply.Services {
		words = append(words, strings.TrimPrefix(s.Name, "service-")+" "+s.DisplayState())
	}
	return strings.Join(words, ", ")
}

func ask(names ...string) request.Request { return request.Status{Services: names} }

// TestObserve has /proc speak for a service's main process, and for no other process that
// has its pid.
func TestObserve(t *testing.T) {
	for name, test := range map[string]struct {
		pid  int
		want status.Service
		ok   bool
	}{
		"running":  {running, status.Service{Ready: true, SigQ: status.SigQ{Used: 1, Limit: 2}}, true},
		"stopped":  {stopped, status.Service{Paused: true, SigQ: status.SigQ{Limit: 2}}, true},
		"down":     {0, status.Service{}, true},
		"ended":    {ended, status.Service{}, false},
		"gone":     {1, status.Service{}, false},
		"stranger": {stranger, status.Service{}, false},
	} {
		f := newFleet(t, test.pid)
		test.want.Name, test.want.State, test.want.PID = "service-0", status.Running, test.pid
		var got status.Service
		if stale := f.observe(f.all[0], &got); got != test.want || stale == test.ok {
			t.Errorf("%s: %+v, stale %v, want %+v", name, got, stale, test.want)
		}
	}
}

// TestObserveWhileItChanges has a service's main process be replaced while /proc is read:
// what is said of one is never said of the other.
func TestObserveWhileItChanges(t *testing.T) {
	f := newFleet(t, running)
	changes := [2]*status.Service{{State: status.Running, PID: running}, {State: status.Running, PID: stopped}}
	done := make(chan struct{})
	var looking sync.WaitGroup
	for range 2 {
		looking.Go(func() {
			for range 2000 {
				var s status.Service
				if f.observe(f.all[0], &s); s.Paused != (s.PID == stopped) || s.SigQ.Limit == 0 {
					t.Errorf("got %+v", s)
				}
			}
		})
	}
	go func() { looking.Wait(); close(done) }()
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
			f.all[0].Store(changes[i%2])
		}
	}
}

// TestAnswer asks what the loop need not know of, and what it has to.
func TestAnswer(t *testing.T) {
	f := newFleet(t, running, stopped, 0, ended)
	for _, test := range []struct {
		r            request.Request
		want, onLoop string
	}{
		{request.Ping{}, "pid 4", "pid 4"},
		{ask("service-1"), "1 paused", "1 paused"},
		{ask("service-2", "service-0"), "2 running, 0 running", "2 running, 0 running"},
		{ask("service-2", "service-0", "service-1"), "2 running, 0 running, 1 paused", "2 running, 0 running, 1 paused"},
		{ask("service-3"), "left", "3 running"},
		{ask(), "left", "0 running, 1 paused, 2 running, 3 running"},
		{ask("service-0", "x"), `there is no service "x"`, `there is no service "x"`},
		{request.Why{Service: "service-0"}, "left", "left"},
	} {
		if got := f.answer(t, test.r, false); got != test.want {
			t.Errorf("%+v: %s, want %s", test.r, got, test.want)
		}
		f.Work(true)
		if got := f.answer(t, test.r, false); got != "left" {
			t.Errorf("%+v while the loop is at work: %s", test.r, got)
		}
		if got := f.answer(t, test.r, true); got != test.onLoop {
			t.Errorf("%+v on the loop: %s, want %s", test.r, got, test.onLoop)
		}
		f.Work(false)
	}
	gone := &fakeCall{gone: true}
	f.Answer(gone, ask())
	f.Close()
	if gone.reply != nil {
		t.Error("a client that is gone is answered")
	}
}

// TestHalted has whether a main process is stopped be known from the last command or signal.
func TestHalted(t *testing.T) {
	f := newFleet(t, running, stopped)
	see := func(what, want string) {
		t.Helper()
		f.publish(t)
		if got := f.all[0].Load().DisplayState(); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	note := func(pid int, change sys.Change) {
		if f.Halted(sys.Child{PID: pid, Change: change}) != (change != sys.HasEnded) {
			t.Errorf("%v is not what it is", change)
		}
	}
	command := func(paused bool) {
		f.services[0].SetStopped(paused)
		f.Touch(0)
	}
	note(stopped, sys.HasStopped)
	see("another is stopped", "running")
	note(running, sys.HasStopped)
	see("stopped", "paused")
	note(running, sys.HasContinued)
	see("continued", "running")
	command(true)
	see("paused by a command", "paused")
	note(running, sys.HasStopped)
	see("and so it is", "paused")
	note(running, sys.HasContinued)
	see("continued by somebody", "running")
	command(false)
	see("continued by a command", "running")
	note(running, sys.HasStopped)
	see("stopped by somebody", "paused")
	note(running, sys.HasEnded)
	f.Touch(0)
	see("another process with its pid", "running")
	note(200, sys.HasStopped)
	f.services[0].PID = 200
	f.Touch(0)
	see("stopped before it is known", "paused")
	if len(f.halted) != 2 {
		t.Errorf("%v is known of those that live", f.halted)
	}
}

// TestQueue leaves many queries to the one goroutine that answers all of them.
func TestQueue(t *testing.T) {
	f := newFleet(t, running, stopped, ended)
	calls := make([]fakeCall, 800)
	var asking sync.WaitGroup
	for g := range 8 {
		asking.Go(func() {
			for i := range 100 {
				if !f.AnswerOnLoop(&calls[g*100+i], ask()) {
					t.Error("it is left to the loop")
				}
			}
		})
	}
	asking.Wait()
	f.Close()
	for i := range calls {
		if r := calls[i].reply; r == nil || calls[i].twice || len(r.Services) != 3 {
			t.Fatalf("call %d is answered %+v", i, r)
		}
	}
	if f.queue.waiting != nil || f.queue.running {
		t.Errorf("%d wait, and they are answered: %v", len(f.queue.waiting), f.queue.running)
	}
}

// TestGo runs what would run beside the loop where the caller says.
func TestGo(t *testing.T) {
	f := newFleet(t, running, running, running)
	var work []func()
	f.options.Go = func(do func()) { work = append(work, do) }
	calls := make([]fakeCall, 2)
	for i := range calls {
		f.Answer(&calls[i], ask())
	}
	if len(work) != 1 || calls[0].reply != nil {
		t.Fatalf("%d pieces of work, %+v", len(work), calls[0].reply)
	}
	work[0]()
	if calls[0].reply == nil || calls[1].reply == nil {
		t.Error("a call is not answered")
	}
}

// TestList has clients and the board see the services that are listed, as they were last
// published.
func TestList(t *testing.T) {
	f, b := newFleet(t, 0, 0), &fakeBoard{}
	f.Show(b)
	check := func(when, want, onBoard string) {
		t.Helper()
		f.publish(t)
		if got := f.answer(t, ask(), false); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
		if got := fmt.Sprint(b.names); got != onBoard {
			t.Errorf("%s: the board has %s, want %s", when, got, onBoard)
		}
	}
	check("at first", "0 running, 1 running", "[service-0 service-1]")
	f.services[0].State = "failed"
	check("untouched", "0 running, 1 running", "[service-0 service-1]")
	f.Touch(0)
	f.Touch(-1)
	f.Touch(9)
	check("touched", "0 failed, 1 running", "[service-0 service-1]")
	f.services = append(f.services, status.Service{Name: "new", State: "starting"})
	f.resize(t, 3)
	f.Touch(1)
	f.List([]int{2, 0})
	check("one more, one less", "new starting, 0 failed", "[service-0  new]")
	f.SetSupervisor("file", true)
	if self := f.self.Load(); self.File != "file" || !self.Stopping || self.PID != supervisor {
		t.Errorf("%+v", self)
	}
	f.Close()
	if !b.closed {
		t.Error("the board is left")
	}
}

// TestBoardLost gives a board up that fails, and goes on without.
func TestBoardLost(t *testing.T) {
	failed := errors.New("failed")
	for name, act := range map[string]func(f *fleet) error{
		"publish": func(f *fleet) error { f.Touch(0); return f.Publish() },
		"resize":  func(f *fleet) error { return f.Resize(1) },
	} {
		f, b := newFleet(t, 0), &fakeBoard{}
		f.Show(b)
		f.publish(t)
		b.fails = failed
		if err := act(f); !errors.Is(err, failed) || !b.closed {
			t.Errorf("%s: %v, closed %v", name, err, b.closed)
		}
		b.fails = nil
		f.Touch(0)
		f.Work(true)
		f.publish(t)
		if err := errors.Join(f.Resize(1), f.Move(nil)); err != nil || b.late {
			t.Errorf("%s: %v, used although it is closed: %v", name, err, b.late)
		}
	}
}

// fakeBoard is the names on a board.
type fakeBoard struct {
	names  []string
	fails  error
	closed bool
	late   bool // it was used after that
}

func (b *fakeBoard) Resize(n int) error {
	b.names = append(b.names, make([]string, max(0, n-len(b.names)))...)
	b.late = b.late || b.closed
	return b.fails
}

func (b *fakeBoard) Set(i int, s *status.Service) {
	if i >= len(b.names) {
		_ = b.Resize(i + 1)
	}
	b.names[i] = s.Name
	b.late = b.late || b.closed
}

func (b *fakeBoard) Publish() error      { b.late = b.late || b.closed; return b.fails }
func (b *fakeBoard) Work(bool)           { b.late = b.late || b.closed }
func (b *fakeBoard) Move(*os.Root) error { b.late = b.late || b.closed; return b.fails }
func (b *fakeBoard) Close()              { b.closed = true }

// BenchmarkStatus measures what the status of 500 services takes, which is none of the
// loop's time.
func BenchmarkStatus(b *testing.B) {
	f := newFleet(b, slices.Repeat([]int{os.Getpid()}, 500)...)
	f.options.Process = func(pid int) (sys.SignalState, error) { return sys.ReadSignalState(strconv.Itoa(pid)) }
	for b.Loop() {
		f.reply(f.listed.Load().order, map[*snapshot]observation{})
	}
}
