package supervisor

import (
	"fmt"
	"os"
	"testing"
	"time"

	"supervise/config"
	"supervise/signals"
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
		if status := s.describe(is); status.Rung != rung || status.Rungs != rungs {
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
