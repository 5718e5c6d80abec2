package machine

import (
	"math/rand/v2"
	"time"

	"supervise/config"
	"supervise/signals"
)

// Machine decides for all services of a configuration. It belongs to one goroutine.
type Machine struct {
	services []*service
	names    map[string]ServiceID // of those that are not removed
	rules    [signals.Max + 1]config.Rule
	targets  [signals.Max + 1][]ServiceID // who forwards a signal
	random   rand.Source

	now     time.Duration
	seq     EventID // of the present event
	event   Event
	kind    EventKind       // what the present event is for the service that it is dispatched to
	spec    *config.Service // what the present Update has for it
	actions []Action
	timers  timers
	active  int // services that are not at rest

	offered  *config.File // for an Update to come; nil if it came
	revision Revision     // of the configuration offered last

	booted   bool
	shutdown shutdown
	holds    [signals.Max + 1]int // how many services want the intake of a signal held
}

// New returns a machine with every service stopped. It keeps file, which must not be
// changed any more, and takes its rules as they are, defaults included. The seed
// decides the jitter of restarts: a machine made with the same file and seed, and
// offered the same files, answers the same steps with the same actions.
func New(file *config.File, seed uint64) *Machine {
	m := &Machine{
		names:  make(map[string]ServiceID, len(file.Services)),
		random: rand.NewPCG(seed, 0),
		shutdown: shutdown{
			deadline: timer{rank: rankDeadline},
			progress: timer{rank: rankProgress},
		},
		revision: 1,
	}
	m.take(file)
	return m
}

// Step takes one event, at the monotonic time now, and returns what is to be done,
// in this order. A time before that of an earlier step counts as that time. The
// slice is used again by the next Step: whoever keeps actions copies them. Step
// never fails; what makes no sense is answered with a [Tell].
func (m *Machine) Step(now time.Duration, ev Event) []Action {
	m.now = max(m.now, now)
	m.seq++
	m.event, m.kind = ev, ev.Kind
	m.clearActions()
	switch {
	case ev.Kind >= numEvents:
		m.tell(Note{Kind: Impossible, Event: ev.Kind, Reason: "there is no event " + ev.Kind.String()})
	case ev.Kind == Boot:
		m.boot()
	case ev.Kind == Signal:
		m.signalled(ev.Info)
	case ev.Kind == Tick:
		m.ticked()
	case ev.Kind == Update:
		m.updateAsked(ev.Revision)
	case ev.Kind == Shutdown, ev.Kind == ShutdownNow:
		m.shutdownAsked(ev.Kind)
	default:
		m.serviceEvent(ev)
	}
	m.finishIfDown()
	return m.actions
}

// Deadline returns the time, on the clock of Step's now, at which the machine wants
// a Tick, and false when it waits for events alone: always so while every service
// just runs. It costs nothing to ask.
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
	for _, s := range m.services {
		if s.spec.Enabled {
			m.dispatch(s, Boot)
		}
	}
}

// serviceEvent passes an event on to its service, if that and its generation exist.
func (m *Machine) serviceEvent(ev Event) {
	if !m.has(ev.Service) {
		m.tell(Note{Kind: NoSuchService, Event: ev.Kind})
		return
	}
	s := m.services[ev.Service]
	start := ev.Kind == Start || ev.Kind == Restart
	switch {
	case s.state == Removed:
		m.dispatch(s, ev.Kind)
	case ev.Kind.ofGeneration() && (ev.Gen == 0 || ev.Gen > s.gen):
		m.impossible(s)
	case ev.Kind.ofGeneration() && ev.Gen < s.gen:
		m.late(s)
	case ev.Kind == Post && !ev.Info.Signal.Valid():
		m.reply(s, Note{Kind: Impossible, Event: Post, From: s.state, Reason: ev.Info.Signal.String() + " is no signal"})
	case start && m.ShuttingDown():
		m.do(s, Action{Kind: Tell, Origin: m.shutdown.origin, Note: Note{Kind: RefusedCommand, Event: ev.Kind, Why: ShutdownBegun}})
	case start && s.wanted == Absent:
		m.do(s, Action{Kind: Tell, Origin: s.wish, Note: Note{Kind: RefusedCommand, Event: ev.Kind, Why: BeingRemoved}})
	default:
		m.dispatch(s, ev.Kind)
	}
}

// dispatch does what the table says for a service upon an event, and then what its
// new state means for the signals that wait for it.
func (m *Machine) dispatch(s *service, kind EventKind) {
	m.kind = kind
	table[s.state][kind].do(m, s)
	m.settle(s)
}

// ticked serves every timer that is due.
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

// do adds an action about a service, whose state's origin is its own unless it says
// otherwise.
func (m *Machine) do(s *service, a Action) {
	a.Service, a.Gen = s.id, s.gen
	if a.Origin == 0 {
		a.Origin = s.origin
	}
	m.act(a)
}

// note tells about a service what goes back to the same event as its state.
func (m *Machine) note(s *service, n Note) { m.do(s, Action{Kind: Tell, Note: n}) }

// tell tells of what is about no service in particular.
func (m *Machine) tell(n Note) { m.act(Action{Kind: Tell, Service: NoService, Note: n}) }

// reply tells about a service what the present event alone has brought about.
func (m *Machine) reply(s *service, n Note) {
	m.do(s, Action{Kind: Tell, Origin: m.seq, Note: n})
}

// manyActions is how many actions a step may return without its slice being given
// back to the collector afterwards; each has about 250 bytes.
const manyActions = 64

func (m *Machine) clearActions() {
	if cap(m.actions) > manyActions {
		m.actions = make([]Action, 0, manyActions)
	}
	m.actions = m.actions[:0]
}

// The handlers of the table that do not depend on the state:

// nothing is for what has no effect and is worth no word.
func (m *Machine) nothing(*service) {}

// already answers a command that asks for what is there.
func (m *Machine) already(s *service) { m.reply(s, Note{Kind: Already, Event: m.kind, From: s.state}) }

// noSuch answers what is about a service that is removed.
func (m *Machine) noSuch(*service) { m.tell(Note{Kind: NoSuchService, Event: m.kind}) }

// late answers an event about a generation that is gone.
func (m *Machine) late(s *service) {
	m.reply(s, Note{Kind: Late, Event: m.kind, From: s.state})
}

// impossible answers an event that cannot happen in this state.
func (m *Machine) impossible(s *service) {
	m.reply(s, Note{Kind: Impossible, Event: m.kind, From: s.state})
}
