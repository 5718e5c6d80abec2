package machine

import (
	"slices"

	"supervise/config"
	"supervise/signals"
)

// Request is a command to send a signal that waits for an answer from the kernel: what the
// signal would do (Inspected), or how many processes it was sent to (Signalled).
type Request struct {
	Kind   EventKind    // Reload, Pause, Continue or Post
	Ticket Ticket       // of the event that asked
	ByRule bool         // the rule of a signal asked, so no client waits for a Report
	Info   signals.Info // what to send
	Scope  config.Scope // to whom
}

// request returns a request for the present command. The sender of the signal is the one in
// the event's Info: of the signal whose rule asks, or the one that the command names.
func (m *Machine) request(signal signals.Signal, scope config.Scope) Request {
	from := m.event.Info
	return Request{
		Kind: m.kind, Ticket: m.seq, ByRule: m.event.Kind == Signal, Scope: scope,
		Info: signals.Info{Signal: signal, Code: signals.CodeUser, PID: from.PID, UID: from.UID},
	}
}

// reloadAsked first asks the kernel whether the signal would end the service.
func (m *Machine) reloadAsked(s *service) {
	signal := s.spec.Reload
	if !signal.Valid() {
		m.invalid(s, "there is no signal on which it reloads")
		return
	}
	m.inspect(s, m.request(signal, config.Main))
}

// reloadRefused is for a service without a leader.
func (m *Machine) reloadRefused(s *service) {
	m.refuse(s, m.request(s.spec.Reload, config.Main), NotRunning, "")
}

// pauseAsked stops every process of a service.
func (m *Machine) pauseAsked(s *service) { m.sendTo(s, m.request(signals.SIGSTOP, config.Tree)) }

// pauseRefused is for a service without a leader.
func (m *Machine) pauseRefused(s *service) {
	m.refuse(s, m.request(signals.SIGSTOP, config.Tree), NotRunning, "")
}

// continueAsked has every process of a service go on.
func (m *Machine) continueAsked(s *service) { m.sendTo(s, m.request(signals.SIGCONT, config.Tree)) }

// continueRefused is for a service without a leader.
func (m *Machine) continueRefused(s *service) {
	m.refuse(s, m.request(signals.SIGCONT, config.Tree), NotRunning, "")
}

// postAsked sends a signal unchanged: to the leader after those that wait, to its group or
// tree at once.
func (m *Machine) postAsked(s *service) {
	info, scope := m.event.Info, m.event.Scope
	r := m.request(info.Signal, scope)
	r.Info = info
	if !info.Signal.Valid() {
		m.invalid(s, info.Signal.String()+" is no signal")
		return
	}
	switch scope {
	case config.Main:
		m.acceptAsked(s, r)
	case config.Group:
		m.sendIf(s, r, s.State.hasLeader())
	case config.Tree:
		m.sendIf(s, r, s.State.hasLeader() || s.State == Clearing)
	default:
		m.invalid(s, "there is no scope "+scope.String())
	}
}

// sendIf sends a signal at once if there are processes in its scope.
func (m *Machine) sendIf(s *service, r Request, there bool) {
	if there {
		m.sendTo(s, r)
	} else {
		m.refuse(s, r, NotRunning, "")
	}
}

func (m *Machine) inspect(s *service, r Request) {
	s.Requests = append(s.Requests, r)
	m.do(s, Action{Kind: Inspect, Origin: r.Ticket, Signal: r.Info.Signal, Ticket: r.Ticket})
}

func (m *Machine) sendTo(s *service, r Request) {
	s.Requests = append(s.Requests, r)
	m.do(s, Action{Kind: Send, Origin: r.Ticket, Scope: r.Scope, Signal: r.Info.Signal, Ticket: r.Ticket})
}

// take returns the request that an answer is for, and false if none waits for it.
func (s *service) take(ticket Ticket, inspected bool) (Request, bool) {
	i := slices.IndexFunc(s.Requests, func(r Request) bool {
		return r.Ticket == ticket && (r.Kind == Reload) == inspected
	})
	if i < 0 {
		return Request{}, false
	}
	r := s.Requests[i]
	s.Requests = slices.Delete(s.Requests, i, i+1)
	return r, true
}

// inspected reloads a service, unless the signal would end it.
func (m *Machine) inspected(s *service) {
	if m.event.Effect >= numEffects {
		m.impossible(s)
		return
	}
	switch r, ok := s.take(m.event.Ticket, true); {
	case !ok:
		m.impossible(s)
	case m.event.Effect == Fatal:
		m.refuse(s, r, WouldEnd, "")
	default:
		m.acceptAsked(s, r)
	}
}

// signalled says how many processes a request has reached.
func (m *Machine) signalled(s *service) {
	r, ok := s.take(m.event.Ticket, false)
	count, reason := m.event.Count, m.event.Reason
	switch {
	case !ok:
		m.impossible(s)
	case count > 0:
		if r.Kind == Post {
			s.Told = true
		} else {
			s.Paused = r.Kind == Pause
		}
		n := Note{Kind: SentToMany, Event: r.Kind, Scope: r.Scope, Count: count, Info: r.Info}
		m.do(s, Action{Kind: Tell, Origin: r.Ticket, Note: n})
		m.report(s, r.Ticket, n)
	case r.Kind == Post && reason == "":
		m.refuse(s, r, NotRunning, "")
	default:
		m.refuse(s, r, NotSent, reason)
	}
}

// signalledWhileClearing is the same without a leader: then only a signal to the tree can be
// waiting for its answer.
func (m *Machine) signalledWhileClearing(s *service) {
	if slices.ContainsFunc(s.Requests, func(r Request) bool { return r.Ticket == m.event.Ticket }) {
		m.signalled(s)
	} else {
		m.late(s)
	}
}

// refuse reports that a request has failed. If a rule asked, the log has to say it.
func (m *Machine) refuse(s *service, r Request, why Why, reason string) {
	n := Note{Kind: RefusedCommand, Event: r.Kind, Why: why, Info: r.Info, Reason: reason}
	if r.ByRule {
		m.do(s, Action{Kind: Tell, Origin: r.Ticket, Note: n})
	}
	m.report(s, r.Ticket, n)
}

// refuseAll refuses the requests whose answers cannot come any more: their processes are
// gone.
func (m *Machine) refuseAll(s *service) {
	for _, r := range s.Requests {
		m.refuse(s, r, NotRunning, "")
	}
	s.Requests = nil
}
