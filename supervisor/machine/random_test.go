package machine

import (
	"encoding/json"
	"errors"
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
	s.service("spare", []string{"startup=disabled", "reload=SIGRTMIN", "delay=1s", "ladder=SIGTERM:main:0s,SIGCONT:main:1s,SIGKILL:group:1s"})
	s.rule(signals.SIGUSR1, "restart", []string{"always", "spare"})
	s.rule(signals.SIGUSR2, "reload", []string{"by-value"})
	s.rule(signals.SIGWINCH, "pause", []string{"always", "failure", "nobody"})
	s.rule(signals.SIGPWR, "stop", []string{"never"})
	s.rule(signals.SIGURG, "update", nil)
	s.file.HangUp, s.file.Core.Timeout = true, 5*time.Second
	return &s.file
}

// graphFile is the same with conditions between them, of each kind.
func graphFile() *config.File {
	file := byteFile()
	always, failure, never, spare := &file.Services[0], &file.Services[1], &file.Services[2], &file.Services[3]
	never.Type, spare.Type = config.Once, config.Once
	failure.UpAfter = time.Millisecond
	failure.Order.Milestone = []string{"never"}
	always.Order.Requires = []config.Need{{Service: "failure", OnLoss: config.RestartIt}}
	spare.Order.Requires = []config.Need{{Service: "failure", Until: config.UntilStarted, OnLoss: config.StopIt}}
	spare.Order.After = []string{"always"}
	spare.Order.Wants = []string{"never"}
	never.Order.Before = []string{"always"}
	return file
}

// keepNamed leaves out conditions about services that a file does not have.
func keepNamed(file *config.File) {
	has := settingsByName(file)
	gone := func(name string) bool { return has[name] == nil }
	for i := range file.Services {
		o := &file.Services[i].Order
		*o = config.Order{
			Requires: slices.DeleteFunc(slices.Clone(o.Requires), func(n config.Need) bool { return gone(n.Service) }),
			Wants:    slices.DeleteFunc(slices.Clone(o.Wants), gone), Milestone: slices.DeleteFunc(slices.Clone(o.Milestone), gone),
			After: slices.DeleteFunc(slices.Clone(o.After), gone), Before: slices.DeleteFunc(slices.Clone(o.Before), gone),
		}
	}
}

// anotherFile is some of the same services with other settings.
func anotherFile(of *config.File, detail int) *config.File {
	file := testFile()
	file.Commands, file.HangUp, file.Core.Timeout = of.Commands, detail&1 == 0, time.Duration(detail&2)*time.Second
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
		if detail&5 == 5 && spec.Name == "always" {
			spec.Order = config.Order{After: []string{"spare", "never"}}
			file.Services = append(file.Services, spec)
			continue
		}
		if detail&5 == 5 {
			spec.Order = config.Order{}
		}
		file.Services = append(file.Services, spec)
	}
	keepNamed(&file)
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
	kinds := []EventKind{Spawned, Spawned, Exited, Emptied, Start, Sent, Surveyed, Signalled, Inspected, Tick, Signal, DumpsSeen, RemnantEnded}
	if kind %= 41; kind >= numEvents {
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
	ev.More = ev.Kind >= Start && ev.Kind <= Remove && detail&20 == 20
	if int(ev.Service) < len(m.services) {
		b.about(m, &ev)
	}
	if ev.Kind == Signal || ev.Kind == Post {
		b.signal(m, &ev)
	}
	return ev
}

func (b *byteEvents) signal(m *Machine, ev *Event) {
	numbers := []signals.Signal{1, 1, 34, 34, 34, 35, 35, 14, 17, 0, 65, 255, 34, 35, 2, 3, 10, 12, 28, 30, 23}
	ev.Info = signals.Info{Signal: numbers[b.next()%len(numbers)], Code: signals.CodeQueue, Value: uint64(m.seq % 8)}
	detail := b.next()
	ev.TerminalGone = detail%32 == 9
	if (ev.Info.Signal == 2 || ev.Info.Signal == 3 || ev.TerminalGone) && detail%8 != 0 {
		ev.Info.Signal = 1
	}
	if ev.Kind == Post {
		ev.Scope = config.Scope(detail >> 4 % 5)
	}
}

func (b *byteEvents) about(m *Machine, ev *Event) {
	s := m.services[ev.Service]
	if !ofGeneration(ev.Kind) {
		return
	}
	detail := b.next()
	ev.Gen = s.Gen
	if detail&0xf0 == 0 {
		ev.Gen += Gen(detail&3) - 1
	}
	// Only reports on a generation come here.
	//exhaustive:ignore
	switch ev.Kind {
	case Spawned:
		ev.PID = int32(detail)
	case SpawnFailed:
		ev.Permanent, ev.Reason = detail&1 != 0, "reason"
	case Delayed:
		ev.Reason = "chdir /net"
	case Exited:
		ev.Survivors, ev.Dumping = detail&1 != 0, detail&0x88 == 0x88
		switch detail & 6 {
		case 2:
			ev.Exit.Code = 1
		case 4:
			ev.Exit.Signal = signals.SIGKILL
		}
	case DumpsSeen:
		ev.Count, ev.Reason = detail&2-detail&1, "7 (it)"
	case RemnantEnded:
		if ev.PID = s.Remnant; detail&0xf0 == 0x10 {
			ev.PID++
		}
	case Surveyed:
		ev.PID, ev.Reason = int32(detail&8)*100, "pid 7 (it)"
	case Sent:
		ev.Result = []Result{OK, OK, OK, Again, Gone, Refused, OK, Result(detail)}[detail&7]
		ev.Ticket = Ticket(s.outbox.delivery.Ticket)
		if detail&0xf0 == 0x10 {
			ev.Ticket++
		}
	case Inspected, Signalled:
		ev.Effect, ev.Count = Effect(detail%(numEffects+1)), detail%3
		if detail&0x40 != 0 {
			ev.Reason = "operation not permitted"
		}
		if len(s.Requests) > 0 && detail&0xf0 != 0x10 {
			ev.Ticket = s.Requests[0].Ticket
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
	left     bool // something was left behind
	held     signals.Set
	asked    map[question]bool // that nobody has reported on
}

// question is a command that a Report is to answer.
type question struct {
	ticket  Ticket
	service ServiceID
}

type guarded struct {
	removed bool
	pid     int32 // of the leader
	remnant int32 // a former one
	gen     Gen
	leader  bool // spawned, or about to be
	others  bool // survivors
	pending bool // the spawn's result is awaited
	left    bool // it was said to be left behind
	sent    Ticket
	open    bool
}

// event takes note of what an event asks or reports, if the machine may believe it.
func (g *guard) event(number EventID, ev Event) {
	if ev.Kind.Answered() {
		if ev.Service < 0 || int(ev.Service) >= len(g.services) || g.services[ev.Service].removed {
			ev.Service = NoService
		}
		g.asked[question{number, ev.Service}] = true
	}
	if ev.Service < 0 || int(ev.Service) >= len(g.services) || !ofGeneration(ev.Kind) {
		return
	}
	s := &g.services[ev.Service]
	if ev.Kind == RemnantEnded && ev.PID == s.remnant && (s.removed || ev.Gen > 0 && ev.Gen <= s.gen) {
		s.remnant = 0
	}
	if ev.Gen != s.gen || s.gen == 0 {
		return
	}
	switch {
	case ev.Kind == Spawned && s.pending:
		s.pending, s.pid = false, ev.PID
	case ev.Kind == SpawnFailed && s.pending:
		s.pending, s.leader = false, false
	case ev.Kind == Exited && s.leader && !s.pending:
		s.leader, s.others, s.open = false, ev.Survivors, false
		if ev.Dumping {
			s.remnant = s.pid
		}
	case ev.Kind == Emptied && !s.leader:
		s.others = false
	case ev.Kind == Sent && s.open && ev.Ticket == s.sent && ev.Result < numResults:
		s.open = false
	}
}

// action checks one action.
func (g *guard) action(a Action) error {
	if g.left && g.finished && a.Kind != Tell && a.Kind != Report && a.Kind != Finish {
		return fmt.Errorf("decided after the end")
	}
	var s guarded
	if a.Service != NoService {
		if s = g.services[a.Service]; s.removed && a.Kind != Forget && s.remnant == 0 {
			return fmt.Errorf("something about a service that is removed")
		}
	}
	alive := a.Gen == s.gen && s.leader && !s.pending
	remains := a.Gen == s.gen && s.others
	switch a.Kind {
	case Spawn:
		return g.spawn(a)
	case Send:
		return require(alive || remains && a.Scope == config.Tree, "signal to a generation that is gone")
	case GiveUpStart:
		return require(a.Gen == s.gen && s.pending, "gives up a start that is over")
	case Kill:
		return require(alive || remains, "signal to a generation that is gone")
	case LookForDumps:
		return require(alive || remains, "looks at a generation that is gone")
	case KillRemnant:
		return require(a.PID == s.remnant && s.remnant != 0, "kills what has not remained")
	case Survey:
		return require(!s.leader && remains, "asks what is left of what is alive, or gone")
	case Follow:
		g.services[a.Service].leader, g.services[a.Service].pid = true, a.PID
		return require(!s.leader && remains && a.PID != 0, "follows nobody, or in the place of the living")
	case Inspect:
		return require(alive, "inspects what is not alive")
	case Deliver:
		g.services[a.Service].sent, g.services[a.Service].open = a.Ticket, true
		return require(alive && !s.open && a.Info.Signal.Valid(), "delivery of no signal, to a generation that is gone, or a second one")
	case Hold, Release:
		return g.hold(a)
	case Report:
		q := question{a.Ticket, a.Service}
		defer delete(g.asked, q)
		return require(g.asked[q], "reported twice, or unasked")
	case Finish:
		return g.finish()
	case Tell:
		return g.tell(a)
	case Forget:
		return require(s.removed, "forgotten, and not removed")
	case ReportTail, Load, RunHook, ReopenLog:
	}
	return nil
}

func require(ok bool, otherwise string) error {
	if ok {
		return nil
	}
	return errors.New(otherwise)
}

func (g *guard) spawn(a Action) error {
	s := &g.services[a.Service]
	switch {
	case s.leader || s.others:
		return fmt.Errorf("spawned a second one")
	case a.Gen != s.gen+1:
		return fmt.Errorf("generation %d after %d", a.Gen, s.gen)
	case g.down:
		return fmt.Errorf("spawned during a shutdown")
	}
	*s = guarded{gen: a.Gen, leader: true, pending: true, remnant: s.remnant}
	return nil
}

func (g *guard) hold(a Action) error {
	if a.Kind == Hold {
		defer func() { g.held |= a.Set }()
		return require(g.held&a.Set == 0, "held twice")
	}
	defer func() { g.held &^= a.Set }()
	return require(g.held&a.Set == a.Set, "released, but not held")
}

func (g *guard) finish() error {
	if g.finished || !g.down {
		return fmt.Errorf("finished twice, or unasked")
	}
	g.finished = true
	for i, s := range g.services {
		if alive := s.leader || s.others || s.remnant != 0; alive != s.left {
			return fmt.Errorf("finished with %d alive: %v, left behind: %v", i, alive, s.left)
		}
	}
	return require(g.held == 0, "finished with signals held")
}

func (g *guard) tell(a Action) error {
	n := &a.Note
	switch {
	case n.Kind == LeftBehind:
		g.left, g.services[a.Service].left = true, true
	case n.Kind == ShuttingDown:
		g.down = true
	case n.Kind == Commanded && n.Event.Answered():
		g.asked[question{a.Cause, a.Service}] = true
	case n.Kind == Changed && n.To == Removed:
		s := &g.services[a.Service]
		s.removed = true
		return require(!s.leader && !s.others, "removed, and alive")
	}
	return nil
}

// answered checks that what nobody has reported on is what the machine has no word of yet.
func (g *guard) answered(m *Machine) error {
	waiting := 0
	for _, s := range m.services {
		waiting += len(s.Requests)
		if s.outbox.unanswered {
			waiting++
		}
	}
	if waiting != len(g.asked) {
		return fmt.Errorf("%d commands are not reported on, %d wait for word", len(g.asked), waiting)
	}
	return nil
}

// idle checks that there is a deadline only if something is under way.
func (g *guard) idle(m *Machine) error {
	_, timed := m.Deadline()
	busy := m.ShuttingDown() && !g.finished
	for i := range m.services {
		s := m.services[i]
		busy = busy || s.ready.set() || !g.finished && (s.State == Stopping || s.State == Clearing || s.State == Backoff) || s.outbox.retry.set() || s.remnant.set()
		if s.outbox.retry.set() && (!s.delivers() || s.outbox.waiting() == 0) {
			return fmt.Errorf("a retry of nothing for service %d", i)
		}
	}
	if busy != timed {
		return fmt.Errorf("busy is %v, and a deadline %v", busy, timed)
	}
	return nil
}

// related checks that everybody has drawn the conclusions of what its neighbours are like.
func related(m *Machine) error {
	for _, s := range m.services {
		switch {
		case !s.linked() && !s.Due:
		case s.going != s.isGoing(), s.away != s.isAway(), s.stalled != s.isStalled():
			return fmt.Errorf("%s has changed, and was not appraised", s.spec.Name)
		case s.spreading, s.acting, s.Due:
			return fmt.Errorf("%s has not been decided", s.spec.Name)
		case s.State == Waiting && (s.Wanted != Up || !s.blocked()):
			return fmt.Errorf("%s waits for nothing", s.spec.Name)
		case s.State == Stopped && s.Wanted == Up:
			return fmt.Errorf("%s is wanted up, and rests", s.spec.Name)
		case (s.State == Running || s.State == Done) && s.going && !s.keptUp():
			return fmt.Errorf("%s is to go, and stays", s.spec.Name)
		}
	}
	return nil
}

// copyOf saves a machine as JSON and restores it.
func copyOf(m *Machine) (*Machine, error) {
	text, err := json.Marshal(m.Save())
	if err != nil {
		return nil, err
	}
	var saved Snapshot
	if err := json.Unmarshal(text, &saved); err != nil {
		return nil, err
	}
	return Restore(m.file, saved)
}

// playBytes drives a machine, and its twin, by arbitrary bytes, and calls seen with a service's
// state before and after each time that the table was asked, and with the column that decided it.
func playBytes(data []byte, seen func(before, after State, kind EventKind)) error {
	file := byteFile()
	switch len(data) % 3 {
	case 1:
		file = graphFile()
	case 2:
		file.Services[2].Type, file.Services[3].Type = config.Once, config.Once
	}
	m, twin := New(file, 7), New(file, 7)
	g := guard{services: make([]guarded, m.Len()), asked: map[question]bool{}}
	events := byteEvents{data: data}
	if seen != nil {
		m.watch = func(s *service, kind EventKind, from State) { seen(from, s.State, kind) }
	}
	for len(events.data) > 0 {
		ev := events.event(m)
		if ev.Kind == Update {
			detail := events.next()
			another, restart := anotherFile(file, detail), []string{"always", "failure"}[:detail%3]
			ev.Revision = m.Offer(another, restart) - Revision(detail>>7&events.next())
			twin.Offer(another, restart)
		}
		g.event(m.seq+1, ev)
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
		if err := errors.Join(g.idle(m), g.answered(m)); err != nil {
			return fmt.Errorf("event %d, %s: %w", m.seq, ev.Text("it"), err)
		}
		if err := related(m); err != nil && !m.open && !(g.left && g.finished) {
			return fmt.Errorf("event %d, %s: %w", m.seq, ev.Text("it"), err)
		}
		if m.seq%61 == 0 {
			var err error
			if twin, err = copyOf(m); err != nil {
				return fmt.Errorf("event %d, %s: %w", m.seq, ev.Text("it"), err)
			}
		}
	}
	return nil
}
