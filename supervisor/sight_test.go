package supervisor

import (
	"fmt"
	"os"
	"testing"
	"time"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// newFleet is a supervisor without a loop, of n services that run as far as it knows: each
// has our own pid.
func newFleet(tb testing.TB, n int) *Supervisor {
	tb.Helper()
	file := &config.File{Services: make([]config.Service, n)}
	for i := range file.Services {
		file.Services[i] = config.Service{Name: fmt.Sprintf("service-%d", i), Command: []string{"true"}, Enabled: true}
	}
	s := &Supervisor{file: file, machine: machine.New(file, 1), began: time.Now(), byName: map[string]*service{}, turned: map[string]bool{}}
	s.journal = journal.New(100, s.began)
	s.mailbox.wake = func() {}
	pid := os.Getpid()
	s.machine.Step(0, machine.Event{Kind: machine.Boot})
	for i := range file.Services {
		id := machine.ServiceID(i)
		known := &service{id: id, spec: &file.Services[i], gen: s.machine.View(id).Gen, pid: pid}
		s.services = append(s.services, known)
		s.byName[known.name()] = known
		s.machine.Step(0, machine.Event{Kind: machine.Spawned, Service: id, Gen: known.gen, PID: int32(pid)})
	}
	return s
}

// TestRungs has the ladder told of only while there is one under way.
func TestRungs(t *testing.T) {
	s := newFleet(t, 1)
	is := s.services[0]
	is.spec.Stop.Ladder = []config.Rung{{Signal: signals.SIGQUIT, Timeout: time.Second}, {Signal: signals.SIGTERM, Timeout: time.Second}}
	check := func(when string, rung, rungs int) {
		t.Helper()
		if status := s.status(is, sight{}); status.Rung != rung || status.Rungs != rungs {
			t.Errorf("%s: status has rung %d of %d, want %d of %d", when, status.Rung, status.Rungs, rung, rungs)
		}
		if slot := s.slot(is); slot.Rung != uint32(rung) || slot.Rungs != uint32(rungs) {
			t.Errorf("%s: the board has rung %d of %d, want %d of %d", when, slot.Rung, slot.Rungs, rung, rungs)
		}
	}
	check("running", 0, 0)
	s.machine.Step(0, machine.Event{Kind: machine.Stop, Service: is.id})
	check("stopping", 1, 2)
	s.machine.Step(0, machine.Event{Kind: machine.Exited, Service: is.id, Gen: is.gen})
	check("stopped", 0, 0)
}

// TestSightOfAnother has a process be replaced while /proc is read: what was read then is
// nobody's any more.
func TestSightOfAnother(t *testing.T) {
	pid := os.Getpid()
	stopped := sys.SignalState{Stopped: true, Queued: 3, Limit: 7}
	for name, test := range map[string]struct {
		now  service // what the loop has by then
		want string
	}{
		"the same":                         {service{gen: 1, pid: pid}, "paused 3"},
		"a new generation":                 {service{gen: 2, pid: pid + 1}, "running"},
		"a new generation of the same pid": {service{gen: 2, pid: pid}, "running"},
		"reaped":                           {service{gen: 1}, "running"},
	} {
		s := newFleet(t, 1)
		is := s.services[0]
		is.gen, is.pid = test.now.gen, test.now.pid
		seen := map[*service]*sight{is: {gen: 1, pid: pid, state: stopped, ok: true}}
		status := statusCall{}.answer(s, seen).Services[0]
		got := status.State
		if status.SigQ != nil {
			got += fmt.Sprint(" ", status.SigQ.Used)
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestStatusBeside holds the loop to handing the reading of /proc on, for all calls at once.
func TestStatusBeside(t *testing.T) {
	s := newFleet(t, 3)
	woken := make(chan struct{}, 8)
	s.mailbox.wake = func() { woken <- struct{}{} }
	first := &control.Call{}
	s.answerStatus(first, request.Status{})
	for range 3 {
		s.answerStatus(&control.Call{}, request.Status{Services: []string{"service-1"}})
	}
	gone := &control.Call{}
	s.answerStatus(gone, request.Status{})
	s.forget(gone)
	for turn, want := range []struct{ under, waiting int }{{1, 3}, {3, 0}, {0, 0}} {
		if under, waiting := len(s.sights.under), len(s.sights.waiting); under != want.under || waiting != want.waiting {
			t.Fatalf("in turn %d /proc is read for %d, and %d wait; want %+v", turn, under, waiting, want)
		}
		if want.under == 0 {
			break
		}
		select {
		case <-woken:
		case <-time.After(10 * time.Second):
			t.Fatal("/proc is never read")
		}
		for _, work := range s.mailbox.take() {
			work()
		}
	}
}

// TestStatusOfFew is answered at once.
func TestStatusOfFew(t *testing.T) {
	s := newFleet(t, few+1)
	s.mailbox.wake = func() { t.Error("another goroutine has read /proc") }
	s.answerStatus(&control.Call{}, request.Status{Services: []string{"service-1", "service-0"}})
	if under, waiting := len(s.sights.under), len(s.sights.waiting); under+waiting != 0 {
		t.Errorf("/proc is read for %d, and %d wait", under, waiting)
	}
}

// BenchmarkStatus measures what the status of 500 services takes of the loop's time, and
// beside it.
func BenchmarkStatus(b *testing.B) {
	s := newFleet(b, 500)
	calls := []statusCall{{}}
	read := func(seen map[*service]*sight) {
		for _, v := range seen {
			v.read()
		}
	}
	b.Run("beside", func(b *testing.B) {
		seen := s.toSee(calls)
		for b.Loop() {
			read(seen)
		}
	})
	b.Run("loop", func(b *testing.B) {
		seen := s.toSee(calls)
		read(seen)
		for b.Loop() {
			s.toSee(calls)
			calls[0].answer(s, seen)
		}
	})
}
