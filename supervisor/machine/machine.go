package machine

import (
	"math/rand/v2"
	"slices"
	"time"

	"supervise/config"
	"supervise/signals"
)

// Machine decides for all services of a configuration. It belongs to one goroutine.
type Machine struct {
	services []*service
	names    map[string]ServiceID // of those that are not removed
	file     *config.File         // in force
	rules    [signals.Max + 1]rule
	targets  [signals.Max + 1][]ServiceID // the services that forward a signal
	random   *rand.PCG

	now     time.Duration
	seq     EventID // of the present event
	event   Event
	kind    EventKind       // the present event, or what it commands the present service
	spec    *config.Service // with Update, the new settings of that service
	actions []Action
	timers  timers
	active  int // services that are not at rest

	remnants int // services with a Remnant

	ordered    bool // a service has conditions about another one, or had before it was removed
	neighbours neighbours
	open       bool // a request has come in part: More

	offered  offer    // for the next Update
	revision Revision // of the configuration that was offered last

	booted   bool
	shutdown shutdown
	watch    func(s *service, kind EventKind, from State) // for tests: what a cell of the table did
	holds    [signals.Max + 1]int                         // how many services want the intake of a signal held
}

// New returns a machine with every service stopped. It keeps file, which must not be changed
// any more, and uses its rules as they are, without adding defaults. The seed decides the
// jitter of restarts: a machine made with the same file and seed, and offered the same files,
// answers the same steps with the same actions.
func New(file *config.File, seed uint64) *Machine {
	m := newMachine(len(file.Services))
	m.random.Seed(seed, 0)
	m.revision = 1
	m.putInForce(file)
	return m
}

func newMachine(services int) *Machine {
	return &Machine{
		names:  make(map[string]ServiceID, services),
		random: &rand.PCG{},
		shutdown: shutdown{
			deadline: timer{rank: rankDeadline},
			progress: timer{rank: rankProgress},
		},
	}
}

// Step handles one event, at the monotonic time now, and returns what is to be done, in this
// order. A time before that of an earlier step counts as that time. The next Step uses the
// slice again: copy actions to keep them. Step never fails; an event that makes no sense is
// answered with a [Tell].
func (m *Machine) Step(now time.Duration, ev Event) []Action {
	m.now = max(m.now, now)
	m.seq++
	m.event, m.kind = ev, ev.Kind
	m.clearActions()
	if m.shutdown.finished && m.Left() > 0 {
		m.over()
		return m.actions
	}
	switch ev.Kind {
	case Boot:
		m.boot()
	case Start, Stop, Restart, Remove, Reload, Pause, Continue, Post:
		m.commandReceived()
	case Signal:
		m.signalReceived()
	case Tick:
		m.ticked()
	case Update:
		m.updateReceived()
	case LoadFailed:
		m.tell(Note{Kind: NotUpdated, Reason: ev.Reason})
	case Shutdown, ShutdownNow:
		m.shutdownAsked(ev.Kind)
	case Neighbour:
		m.tell(Note{Kind: Impossible, Event: ev.Kind, Reason: "what neighbours mean to a service only the machine itself says"})
	case Spawned, SpawnFailed, Delayed, Exited, Emptied, DumpsSeen, RemnantEnded, Surveyed, Sent, Inspected, Signalled:
		m.generationReported()
	default:
		m.tell(Note{Kind: Impossible, Event: ev.Kind, Reason: "there is no event " + ev.Kind.String()})
	}
	// What is told of generations meanwhile comes in between.
	if m.open = ev.More || m.open && ev.Kind >= Spawned; !m.open {
		m.relate()
		if m.exitIfDone() {
			m.relate()
		}
	}
	m.finishIfDown()
	return m.actions
}

// Deadline returns the time, on the clock of Step's now, at which the machine wants a Tick.
// It returns false if it does not want one, as while every service just runs. It is cheap to
// ask.
func (m *Machine) Deadline() (time.Duration, bool) {
	t := m.timers.first()
	if t == nil {
		return 0, false
	}
	return t.at, true
}

// boot starts what is enabled.
func (m *Machine) boot() {
	if m.ShuttingDown() {
		m.tell(Note{Kind: RefusedCommand, Event: Boot, Why: ShutdownBegun})
		return
	}
	if m.booted {
		m.tell(Note{Kind: Impossible, Event: Boot, Reason: "boot comes once, and has been"})
		return
	}
	m.booted = true
	const each = 2 // most services are said to start, and are started
	m.actions = slices.Grow(m.actions, each*len(m.services))
	for _, s := range m.services {
		if s.spec.Enabled {
			m.dispatch(s, Boot)
		}
	}
	for _, s := range m.services { // what nobody has enabled, but needs
		if s.spec.Enabled {
			m.bring(s)
		}
	}
}

// commandReceived is for a command that names its service.
func (m *Machine) commandReceived() {
	if !m.has(m.event.Service) {
		m.noSuch(nil)
		return
	}
	m.command(m.services[m.event.Service], m.event.Kind)
}

// command carries out a command for a service, which may come from a rule or an update, unless
// it comes too late.
func (m *Machine) command(s *service, kind EventKind) {
	m.kind = kind
	start := kind == Start || kind == Restart
	switch {
	case start && s.State != Removed && m.ShuttingDown():
		m.do(s, Action{Kind: Tell, Origin: m.shutdown.origin, Note: Note{Kind: RefusedCommand, Event: kind, Why: ShutdownBegun}})
	case start && s.State != Removed && s.Wanted == Absent:
		m.do(s, Action{Kind: Tell, Origin: s.WantedBy, Note: Note{Kind: RefusedCommand, Event: kind, Why: BeingRemoved}})
	case start:
		m.bring(s)
		m.dispatch(s, kind)
	default:
		m.dispatch(s, kind)
	}
}

// generationReported is for an event about a generation, which must be the last one, unless it
// is about what has remained of another.
func (m *Machine) generationReported() {
	ev := &m.event
	if !m.has(ev.Service) {
		m.noSuch(nil)
		return
	}
	switch s := m.services[ev.Service]; {
	case s.State == Removed:
		m.dispatch(s, ev.Kind)
	case ev.Gen == 0 || ev.Gen > s.Gen:
		m.impossible(s)
	case ev.Gen < s.Gen && ev.Kind != RemnantEnded:
		m.late(s)
	default:
		m.dispatch(s, ev.Kind)
	}
}

// dispatch does what the table says about an event in the state of a service, and then what
// the new state means for the signals that wait.
func (m *Machine) dispatch(s *service, kind EventKind) {
	m.kind = kind
	from := s.State
	table[from][kind].do(m, s)
	m.settle(s)
	if m.watch != nil {
		m.watch(s, kind, from)
	}
}

// ticked handles every timer that is due.
func (m *Machine) ticked() {
	for {
		t := m.timers.first()
		if t == nil || t.at > m.now {
			return
		}
		m.timers.clear(t)
		switch {
		case t.rank >= rankDeadline:
			m.shutdownTicked(t)
		case t.rank%ranks == rankRetry:
			m.settle(m.services[t.rank/ranks])
		case t.rank%ranks == rankRemnant:
			m.remnantTimedOut(m.services[t.rank/ranks])
		case t.rank%ranks == rankReady:
			m.becomeReady(m.services[t.rank/ranks])
		default:
			m.dispatch(m.services[t.rank/ranks], Tick)
		}
	}
}

// act adds an action. Its origin is its cause unless it says otherwise.
func (m *Machine) act(a Action) {
	a.Cause = m.seq
	if a.Origin == 0 {
		a.Origin = m.seq
	}
	m.actions = append(m.actions, a)
}

// do adds an action about a service. Its origin is that of the service's state unless it says
// otherwise.
func (m *Machine) do(s *service, a Action) {
	a.Service, a.Gen = s.id, s.Gen
	if a.Origin == 0 {
		a.Origin = s.Origin
	}
	m.act(a)
}

// note tells something about a service, with the origin of its state.
func (m *Machine) note(s *service, n Note) { m.do(s, Action{Kind: Tell, Note: n}) }

// tell tells something that is about no service in particular.
func (m *Machine) tell(n Note) { m.act(Action{Kind: Tell, Service: NoService, Note: n}) }

// reply tells something about a service, with the present event as origin.
func (m *Machine) reply(s *service, n Note) {
	m.do(s, Action{Kind: Tell, Origin: m.seq, Note: n})
}

// report reports the result of the command that came with the event ticket.
func (m *Machine) report(s *service, ticket Ticket, n Note) {
	m.do(s, Action{Kind: Report, Origin: ticket, Ticket: ticket, Note: n})
}

// manyActions is the capacity up to which the slice of actions is kept for the next step; each
// has about 250 bytes.
const manyActions = 64

func (m *Machine) clearActions() {
	if cap(m.actions) > manyActions {
		m.actions = make([]Action, 0, manyActions)
	}
	m.actions = m.actions[:0]
}

// These handlers of the table do not depend on the state.

// nothing is for an event without any effect.
func (m *Machine) nothing(*service) {}

// already answers a command that asks for what is the case already.
func (m *Machine) already(s *service) { m.reply(s, Note{Kind: Already, Event: m.kind, From: s.State}) }

// noSuch answers an event about a service that is removed, or never existed.
func (m *Machine) noSuch(*service) {
	n := Note{Kind: NoSuchService, Event: m.kind}
	m.tell(n)
	if m.kind.Answered() {
		m.act(Action{Kind: Report, Service: NoService, Ticket: m.seq, Note: n})
	}
}

// late answers an event about a generation that is gone.
func (m *Machine) late(s *service) {
	m.reply(s, Note{Kind: Late, Event: m.kind, From: s.State})
}

// impossible answers an event that cannot happen in this state.
func (m *Machine) impossible(s *service) {
	m.reply(s, Note{Kind: Impossible, Event: m.kind, From: s.State})
}

// invalid answers a command that makes no sense, for a reason.
func (m *Machine) invalid(s *service, reason string) {
	n := Note{Kind: Impossible, Event: m.kind, From: s.State, Reason: reason}
	m.reply(s, n)
	m.report(s, m.seq, n)
}
