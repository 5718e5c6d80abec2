package machine

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"supervise/config"
	"supervise/signals"
)

// byteFile is the configuration that arbitrary bytes are tried on: one service for
// each way to restart, with short ladders, small queues and signals that overlap.
func byteFile() *config.File {
	s := newScript()
	s.service("always", []string{"policy=always", "delay=0s", "jitter=0.5", "ladder=SIGTERM:main:2s,SIGINT:group:3s", "forward=SIGHUP:SIGUSR1,SIGRTMIN:SIGRTMIN,SIGRTMIN+1:SIGRTMIN", "queue=3:wait"})
	s.service("failure", []string{"limit=3", "jitter=0.1", "ladder=SIGTERM:tree:2s", "forward=SIGHUP:SIGHUP,SIGRTMIN:SIGRTMIN", "queue=2:drop-oldest"})
	s.service("never", []string{"policy=never", "ladder=", "forward=SIGRTMIN+1:SIGHUP,SIGHUP:SIGRTMIN", "queue=2:drop-newest"})
	s.service("spare", []string{"startup=disabled", "delay=1s", "ladder=SIGTERM:main:0s,SIGCONT:main:1s,SIGKILL:group:1s"})
	return &s.file
}

// anotherFile is some of the same services with other settings.
func anotherFile(of *config.File, detail int) *config.File {
	file := testFile()
	for i, spec := range of.Services {
		if detail>>i&1 == 0 {
			continue
		}
		spec.Restart.Policy = config.Policy((detail >> 4) % 3)
		spec.Stop.Ladder = spec.Stop.Ladder[:len(spec.Stop.Ladder)*(detail>>6&1)]
		spec.Signals.Queue = config.Queue{Limit: 1 + detail>>5, WhenFull: config.WhenFull((detail >> 2) % 3)}
		if detail&16 != 0 {
			spec.Signals.Forward = maps.Clone(spec.Signals.Forward)
			delete(spec.Signals.Forward, signals.SIGRTMIN)
			spec.Signals.Forward[signals.SIGRTMIN+2] = signals.SIGRTMIN + 2
		}
		file.Services = append(file.Services, spec)
	}
	return &file
}

// byteEvents reads events from arbitrary bytes. Most are about a generation that
// exists and answer what was asked, for otherwise nothing much would ever happen;
// but every event can come at every time.
type byteEvents struct {
	data []byte
	now  time.Duration
}

func (b *byteEvents) next() int {
	if len(b.data) == 0 {
		return 0
	}
	n := b.data[0]
	b.data = b.data[1:]
	return int(n)
}

func (b *byteEvents) event(m *Machine) Event {
	// Below numEvents are the kinds, above that more of those that make processes live and die.
	kind := b.next()
	kinds := []EventKind{Spawned, Spawned, Exited, Emptied, Start, Sent, Sent, Tick, Tick, Signal}
	if kind %= 32; kind >= numEvents {
		kind = int(kinds[(kind-numEvents)%len(kinds)])
	}
	detail := b.next()
	ev := Event{Kind: EventKind(kind), Service: ServiceID(detail % 5)}
	if ev.Service < 4 {
		if id, ok := m.Find(m.services[ev.Service].spec.Name); ok {
			ev.Service = id // another one, if that was removed
		}
	}
	if (ev.Kind == Shutdown || ev.Kind == ShutdownNow) && detail%8 != 0 {
		ev.Kind = Tick
	}
	b.now += []time.Duration{0, 0, time.Millisecond, 700 * time.Millisecond, 0, 3 * time.Second, 40 * time.Second, 0}[detail>>5]
	if at, ok := m.Deadline(); ok && ev.Kind == Tick && detail&16 == 0 {
		b.now = max(b.now, at)
	}
	if ev.Kind == Start || ev.Kind == Restart {
		ev.Once = detail&8 != 0
	}
	if int(ev.Service) < len(m.services) {
		b.about(m, &ev)
	}
	if ev.Kind == Signal || ev.Kind == Post {
		numbers := []signals.Signal{1, 1, 34, 34, 34, 35, 35, 14, 17, 0, 65, 255, 34, 35, 2, 3}
		ev.Info = signals.Info{Signal: numbers[b.next()%len(numbers)], Code: signals.CodeQueue, Value: uint64(m.seq)}
		if (ev.Info.Signal == 2 || ev.Info.Signal == 3) && b.next()%8 != 0 {
			ev.Info.Signal = 1
		}
	}
	return ev
}

func (b *byteEvents) about(m *Machine, ev *Event) {
	s := m.services[ev.Service]
	if !ev.Kind.ofGeneration() {
		return
	}
	detail := b.next()
	ev.Gen = s.gen
	if detail&0xf0 == 0 {
		ev.Gen += Gen(detail&3) - 1
	}
	switch ev.Kind {
	case Spawned:
		ev.PID = int32(detail)
	case SpawnFailed:
		ev.Permanent, ev.Reason = detail&1 != 0, "reason"
	case Exited:
		ev.Survivors = detail&1 != 0
		switch detail & 6 {
		case 2:
			ev.Exit.Code = 1
		case 4:
			ev.Exit.Signal = signals.SIGKILL
		}
	case Sent:
		ev.Result = []Result{OK, OK, OK, Again, Gone, Refused, OK, Result(detail)}[detail&7]
		ev.Ticket = Ticket(s.outbox.sent.Ticket)
		if detail&0xf0 == 0x10 {
			ev.Ticket++
		}
	}
}

// guard watches from outside that no promise of the machine is broken. It knows of
// each service what was spawned and what became of it, from nothing but the events
// and the actions.
type guard struct {
	services []guarded
	down     bool // a shutdown has begun
	finished bool
	held     signals.Set
}

type guarded struct {
	removed bool
	gen     Gen
	leader  bool // spawned, or about to be
	others  bool // survivors
	pending bool // the spawn's result is awaited
	sent    Ticket
	open    bool
}

// event takes note of what an event reports, if the machine may believe it.
func (g *guard) event(ev Event) {
	if ev.Service < 0 || int(ev.Service) >= len(g.services) || !ev.Kind.ofGeneration() {
		return
	}
	s := &g.services[ev.Service]
	if ev.Gen != s.gen || s.gen == 0 {
		return
	}
	switch {
	case ev.Kind == Spawned && s.pending:
		s.pending = false
	case ev.Kind == SpawnFailed && s.pending:
		s.pending, s.leader = false, false
	case ev.Kind == Exited && s.leader && !s.pending:
		s.leader, s.others, s.open = false, ev.Survivors, false
	case ev.Kind == Emptied && !s.leader:
		s.others = false
	case ev.Kind == Sent && s.open && ev.Ticket == s.sent && ev.Result < numResults:
		s.open = false
	}
}

// action checks one action.
func (g *guard) action(a Action) error {
	var s *guarded
	if a.Service != NoService {
		s = &g.services[a.Service]
		if s.removed {
			return fmt.Errorf("something about a service that is removed")
		}
	}
	alive := s != nil && a.Gen == s.gen && s.leader && !s.pending
	switch a.Kind {
	case Spawn:
		switch {
		case s.leader || s.others:
			return fmt.Errorf("spawned a second one")
		case a.Gen != s.gen+1:
			return fmt.Errorf("generation %d after %d", a.Gen, s.gen)
		case g.down:
			return fmt.Errorf("spawned during a shutdown")
		}
		*s = guarded{gen: a.Gen, leader: true, pending: true}
	case Send, Kill:
		remains := s != nil && a.Gen == s.gen && s.others && (a.Kind == Kill || a.Scope == config.Tree)
		if !alive && !remains {
			return fmt.Errorf("signal to a generation that is gone")
		}
	case Deliver:
		if !a.Info.Signal.Valid() {
			return fmt.Errorf("delivery of no signal")
		}
		if !alive || s.open {
			return fmt.Errorf("delivery to a generation that is gone, or a second one")
		}
		s.sent, s.open = a.Ticket, true
	case Hold:
		if g.held&a.Set != 0 {
			return fmt.Errorf("%v held twice", g.held&a.Set)
		}
		g.held |= a.Set
	case Release:
		if g.held&a.Set != a.Set {
			return fmt.Errorf("%v released, but not held", a.Set&^g.held)
		}
		g.held &^= a.Set
	case Finish:
		if g.finished || !g.down {
			return fmt.Errorf("finished twice, or unasked")
		}
		g.finished = true
		for i, s := range g.services {
			if s.leader || s.others {
				return fmt.Errorf("finished with %d alive", i)
			}
		}
		if g.held != 0 {
			return fmt.Errorf("finished with %v held", g.held)
		}
	case Tell:
		switch {
		case a.Note.Kind == ShuttingDown:
			g.down = true
		case a.Note.Kind == Changed && a.Note.To == Removed:
			if s.removed = true; s.leader || s.others {
				return fmt.Errorf("removed, and alive")
			}
		}
	}
	return nil
}

// idle checks that there is a deadline only if something is under way.
func (g *guard) idle(m *Machine) error {
	_, timed := m.Deadline()
	busy := m.ShuttingDown() && !g.finished
	for i := range m.services {
		s := m.services[i]
		busy = busy || s.state == Stopping || s.state == Clearing || s.state == Backoff || s.outbox.retry.set()
		if s.outbox.retry.set() && (!s.delivers() || s.outbox.waiting() == 0) {
			return fmt.Errorf("a retry of nothing for service %d", i)
		}
	}
	if busy != timed {
		return fmt.Errorf("busy is %v, and a deadline %v", busy, timed)
	}
	return nil
}

// playBytes drives a machine, and its twin, by arbitrary bytes, and calls seen with
// every service's state before and after each step, and with the column of the table
// that decided it.
func playBytes(data []byte, seen func(before, after State, kind EventKind)) error {
	file := byteFile()
	m, twin := New(file, 7), New(file, 7)
	g := guard{services: make([]guarded, m.Len())}
	events := byteEvents{data: data}
	var before []State
	for len(events.data) > 0 {
		ev := events.event(m)
		if ev.Kind == Update {
			detail := events.next()
			another := anotherFile(file, detail)
			ev.Revision = m.Offer(another) - Revision(detail>>7&events.next())
			twin.Offer(another)
		}
		before = before[:0]
		for _, s := range m.services {
			before = append(before, s.state)
		}
		g.event(ev)
		actions := m.Step(events.now, ev)
		g.services = append(g.services, make([]guarded, m.Len()-len(g.services))...)
		for _, a := range actions {
			if err := g.action(a); err != nil {
				return fmt.Errorf("event %d, %s: %s: %w", m.seq, ev.Text("it"), a.Text("it"), err)
			}
		}
		if again := twin.Step(events.now, ev); !slices.Equal(actions, again) {
			return fmt.Errorf("event %d: the same events gave other actions: %v, %v", m.seq, actions, again)
		}
		if err := g.idle(m); err != nil {
			return fmt.Errorf("event %d, %s: %w", m.seq, ev.Text("it"), err)
		}
		for i, state := range before {
			if seen != nil {
				seen(state, m.services[i].state, m.kind)
			}
		}
	}
	return nil
}
