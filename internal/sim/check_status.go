package sim

import (
	"cmp"
	"os"
	"slices"

	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
	"supervise/supervisor/snapshot"
	"supervise/supervisor/status"
)

// fakeBoard is the status board. It implements [snapshot.Board].
type fakeBoard struct {
	w      *world
	slots  []status.Service
	set    bool // since it was last published
	busy   bool
	closed bool
}

var _ snapshot.Board = (*fakeBoard)(nil)

// Resize makes room for n services.
func (b *fakeBoard) Resize(n int) error {
	for len(b.slots) < n {
		b.slots = append(b.slots, status.Service{})
	}
	return nil
}

// Set shows a service.
func (b *fakeBoard) Set(i int, s *status.Service) {
	b.slots[i], b.set = *s, true
}

// Publish wakes those who watch.
func (b *fakeBoard) Publish() error {
	b.set = false
	return nil
}

// Work says whether the loop is at work.
func (b *fakeBoard) Work(busy bool) { b.busy = busy }

// Move is not tried.
func (b *fakeBoard) Move(*os.Root) error { return nil }

// Close comes once.
func (b *fakeBoard) Close() {
	if b.closed {
		b.w.fail(nil, "the board is closed twice")
	}
	b.closed = true
}

// checkStatus compares what is shown of the services that an iteration may have changed with
// what the machine and the fake kernel know of them.
func (w *world) checkStatus() {
	if w.board.set || w.board.busy {
		w.fail(nil, "the loop waits, and the board is not published, or says that it is at work")
	}
	all := w.chance(64)
	if all {
		for id := range w.services {
			w.checkShown(machine.ServiceID(id))
		}
	}
	for _, id := range w.touched {
		if !all {
			w.checkShown(id)
		}
	}
	w.touched = w.touched[:0]
}

// touch takes note of the services that a step may change.
func (w *world) touch(ev *machine.Event, actions []machine.Action) {
	if ev.Kind.OfService() {
		w.touchOne(ev.Service)
	}
	for i := range actions {
		w.touchOne(actions[i].Service)
	}
}

func (w *world) touchOne(id machine.ServiceID) {
	if id != machine.NoService && !slices.Contains(w.touched, id) {
		w.touched = append(w.touched, id)
	}
}

// checkShown looks at a service on the board, and asks for its status.
func (w *world) checkShown(id machine.ServiceID) {
	s := w.services[id]
	if s.state == machine.Removed {
		if w.board.slots[id] != (status.Service{}) {
			w.fail(s, "it is removed, and the board has it")
		}
		return
	}
	w.checkDescribed(s, &w.board.slots[id])
	w.checkVerdict(s, &w.board.slots[id].Exit)
	if w.chance(4) {
		w.ask(request.Status{Services: []string{s.spec.Name}})
	}
}

// checkServices compares the services of an answer with how they are now.
func (c *client) checkServices(r *request.Reply) {
	w := c.w
	if r.Supervisor != nil && (r.Supervisor.PID != selfPID || r.Supervisor.Stopping != (w.shutdown != never)) {
		w.fail(nil, "the supervisor is said to be %+v", *r.Supervisor)
	}
	for i := range r.Services {
		shown := &r.Services[i]
		switch s := w.named(shown.Name); {
		case shown.State == machine.Removed.String(): // since it was asked for
		case s == nil:
			w.fail(nil, "%q is shown as %s, and it is no more", shown.Name, shown.State)
		default:
			w.checkDescribed(s, shown)
			w.checkObserved(s, shown)
		}
	}
	if q, ok := c.request.(request.Status); ok && r.Error == nil {
		c.checkNumber(len(q.Services), len(r.Services))
	}
}

// checkNumber holds that a status has all services that were asked for, which are all that
// there are if none was. They may have become more or less since.
func (c *client) checkNumber(asked, shown int) {
	if want := cmp.Or(asked, c.w.present()); shown != want && (asked > 0 || c.known == len(c.w.services) && shown < want) {
		c.w.fail(nil, "a status has %d services instead of %d", shown, want)
	}
}

// present is how many services there are.
func (w *world) present() (n int) {
	for _, s := range w.services {
		if s.state != machine.Removed {
			n++
		}
	}
	return n
}

// named is the service that has a name now, nil if there is none.
func (w *world) named(name string) *service {
	for _, s := range w.services {
		if s.spec.Name == name && s.state != machine.Removed {
			return s
		}
	}
	return nil
}

// checkDescribed compares what is shown of a service with what the machine knows of it.
func (w *world) checkDescribed(s *service, shown *status.Service) {
	v, began := w.loop.View(s.id), w.began().UnixNano()
	rung, rungs, next := 0, 0, int64(0)
	if v.Rung > 0 {
		rung, rungs = v.Rung, v.Rungs
	}
	if v.State == machine.Backoff {
		next = began + int64(v.Deadline)
	}
	switch {
	case shown.Name != s.spec.Name, shown.State != v.State.String(), shown.Wanted != v.Wanted.String(),
		shown.PID != int(v.PID), shown.Since != began+int64(v.Since), shown.Restarts != v.Restarts,
		shown.Held != v.Held, shown.Awaits != v.Awaits, shown.Rung != rung, shown.Rungs != rungs, shown.NextRestart != next:
		w.fail(s, "it is shown as %+v, and it is %+v", *shown, v)
	case shown.Exited != v.Exited, v.Exited && (shown.Exit.Exit != v.Exit || shown.Exit.Time != began+int64(v.ExitedAt)):
		w.fail(s, "its end is shown as %+v, and it was %v at %v", shown.Exit, v.Exit, v.ExitedAt)
	case (v.PID != 0) != (s.leader() != nil), v.PID != 0 && s.leader().pid != int(v.PID):
		w.fail(s, "it is shown with pid %d, and that is not its leader", v.PID)
	}
}

// checkObserved compares what an answer says of a leader with what the fake kernel knows.
func (w *world) checkObserved(s *service, shown *status.Service) {
	p := s.leader()
	if shown.PID == 0 || p == nil || !p.alive {
		return
	}
	running, stopped := shown.State == status.Running, p.stopped
	if shown.Paused != (running && stopped) || shown.Ready != (running && !stopped) || shown.SigQ.Used != uint64(shown.PID) {
		w.fail(s, "it is shown as paused %v, ready %v; its leader is stopped: %v", shown.Paused, shown.Ready, stopped)
	}
}
