package machine

import "time"

// tellEvery is the time between two notes about what a shutdown still waits for.
const tellEvery = 5 * time.Second

// lastGrace is how long a shutdown waits after it has cut the ladders, which is enough for
// SIGKILL to be sent twice. What is left then is left behind.
const lastGrace = killAgain + time.Second

// shutdown is the progress of a shutdown.
type shutdown struct {
	timeout  time.Duration
	origin   EventID // the event that began it, 0 for none
	cutting  bool    // ladders are cut, because time is up or by ShutdownNow
	finished bool
	status   int // to exit with, when all is down

	deadline timer // for all ladders together; when they are cut, for everything
	progress timer // for the next note about it
}

// shutdownAsked begins a shutdown, or cuts short the one that has begun. If a signal asked
// for it, that is m.event.Info.
func (m *Machine) shutdownAsked(kind EventKind) {
	down := &m.shutdown
	tell := Note{Kind: ShuttingDown, Event: kind, For: down.timeout, Info: m.event.Info}
	switch {
	case down.finished, down.cutting, down.origin != 0 && kind == Shutdown:
		tell.Kind, tell.For = AlreadyShuttingDown, 0
		m.tell(tell)
		return
	case kind == ShutdownNow:
		tell.For = 0
		m.beginCutting()
	default:
		m.timers.arm(&down.deadline, m.now+max(down.timeout, 0))
	}
	down.origin = m.seq
	if !down.progress.set() {
		m.timers.arm(&down.progress, m.now+tellEvery)
	}
	m.tell(tell)
	for _, s := range m.services {
		m.dispatch(s, kind)
	}
	if down.cutting {
		m.killRemnants()
	}
}

// shutdownTicked handles a timer of the shutdown that is due.
func (m *Machine) shutdownTicked(t *timer) {
	switch {
	case t != &m.shutdown.deadline:
		m.tellProgress()
	case m.shutdown.cutting:
		m.leaveBehind()
	default:
		m.shutdownTimedOut()
	}
}

// beginCutting sets how long the rest may take at the longest.
func (m *Machine) beginCutting() {
	m.shutdown.cutting = true
	m.timers.arm(&m.shutdown.deadline, m.now+lastGrace)
}

// shutdownTimedOut cuts all ladders.
func (m *Machine) shutdownTimedOut() {
	down := &m.shutdown
	m.beginCutting()
	m.act(Action{
		Kind: Tell, Origin: down.origin, Service: NoService,
		Note: Note{Kind: ShutdownTimedOut, For: down.timeout},
	})
	for _, s := range m.services {
		if s.State == Running { // others were to stop before it
			m.enter(s, Stopping)
		}
		if s.State.climbing() {
			m.cut(s)
		}
	}
	m.killRemnants()
}

// tellProgress tells which services the shutdown still waits for.
func (m *Machine) tellProgress() {
	for _, s := range m.services {
		m.tellOfRemnant(s)
		if s.State.atRest() {
			continue
		}
		n := Note{Kind: StillWaiting, From: s.State, Rung: s.Ladder.Rung, Count: s.lastRung(), Reason: s.Delay}
		if s.State == Running {
			n.Reason = s.Awaits
		}
		next := m.shutdown.deadline.at
		if s.State.climbing() && s.Ladder.Waits {
			n.Reason = s.Ladder.Dumps
			next = min(next, s.Ladder.Patience)
		} else if s.deadline.set() {
			next = min(next, s.deadline.at)
		}
		n.For = max(next-m.now, 0)
		m.note(s, n)
	}
	m.timers.arm(&m.shutdown.progress, m.now+tellEvery)
}

// leaveBehind ends a shutdown although not all services are down, or not all cores are written: more than SIGKILL cannot be
// done. From then on nothing is decided any more.
func (m *Machine) leaveBehind() {
	for _, s := range m.services {
		if s.State.atRest() && s.Remnant == 0 {
			continue
		}
		s.Origin = m.shutdown.origin
		n := Note{Kind: LeftBehind, From: s.State, Reason: s.Delay}
		if s.State.climbing() {
			n.Count, n.For = s.Ladder.Kills, m.now-s.Ladder.Reached
		}
		m.note(s, n)
		m.takeBack(s)
		m.refuseAll(s)
		m.discard(s)
		m.throttle(s)
		m.timers.clear(&s.outbox.retry)
		m.timers.clear(&s.deadline)
		m.timers.clear(&s.remnant)
	}
	m.finish()
}

// over answers an event that comes when something was left behind.
func (m *Machine) over() {
	kind, id := m.event.Kind, m.event.Service
	n := Note{Kind: Late, Event: kind, Why: ShutdownBegun}
	refused := Note{Kind: RefusedCommand, Event: kind, Why: ShutdownBegun}
	if kind.OfService() && m.has(id) && m.services[id].State != Removed {
		s := m.services[id]
		n.From = s.State
		m.reply(s, n)
		if kind.Answered() {
			m.report(s, m.seq, refused)
		}
		return
	}
	m.tell(n)
	if kind.Answered() {
		m.act(Action{Kind: Report, Service: NoService, Ticket: m.seq, Note: refused})
	}
}

// finishIfDown ends a shutdown when all services are down.
func (m *Machine) finishIfDown() {
	down := &m.shutdown
	if down.origin != 0 && !down.finished && m.Left() == 0 {
		m.finish()
	}
}

func (m *Machine) finish() {
	down := &m.shutdown
	down.finished = true
	m.timers.clear(&down.deadline)
	m.timers.clear(&down.progress)
	m.act(Action{Kind: Finish, Origin: down.origin, Service: NoService, Status: down.status})
}
