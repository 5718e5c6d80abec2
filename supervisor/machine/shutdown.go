package machine

import "time"

// tellEvery is the time between two notes about what a shutdown still waits for.
const tellEvery = 5 * time.Second

// shutdown is the progress of a shutdown.
type shutdown struct {
	timeout  time.Duration
	origin   EventID // the event that began it, 0 for none
	cutting  bool    // ladders are cut, because time is up or by ShutdownNow
	finished bool

	deadline timer // for all ladders together
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
		down.cutting = true
		m.timers.clear(&down.deadline)
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
}

// shutdownTicked handles a timer of the shutdown that is due.
func (m *Machine) shutdownTicked(t *timer) {
	if t == &m.shutdown.deadline {
		m.shutdownTimedOut()
	} else {
		m.tellProgress()
	}
}

// shutdownTimedOut cuts all ladders.
func (m *Machine) shutdownTimedOut() {
	down := &m.shutdown
	down.cutting = true
	m.act(Action{
		Kind: Tell, Origin: down.origin, Service: NoService,
		Note: Note{Kind: ShutdownTimedOut, For: down.timeout},
	})
	for _, s := range m.services {
		if s.State.climbing() {
			m.cut(s)
		}
	}
}

// tellProgress tells which services the shutdown still waits for.
func (m *Machine) tellProgress() {
	for _, s := range m.services {
		if s.State.atRest() {
			continue
		}
		n := Note{Kind: StillWaiting, From: s.State, Rung: s.Ladder.Rung, Count: s.lastRung()}
		if s.deadline.set() {
			n.For = s.deadline.at - m.now
		}
		if cut := &m.shutdown.deadline; cut.set() && n.Rung < n.Count {
			n.For = min(n.For, cut.at-m.now)
		}
		m.note(s, n)
	}
	m.timers.arm(&m.shutdown.progress, m.now+tellEvery)
}

// finishIfDown ends a shutdown when all services are down.
func (m *Machine) finishIfDown() {
	down := &m.shutdown
	if down.origin == 0 || down.finished || m.active > 0 {
		return
	}
	down.finished = true
	m.timers.clear(&down.deadline)
	m.timers.clear(&down.progress)
	m.act(Action{Kind: Finish, Origin: down.origin, Service: NoService})
}
