package sim

import (
	"errors"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
	"supervise/supervisor/process/tree"
)

// unit is one service on the fake system. It implements [kernel.Service].
type unit struct {
	w      *world
	id     machine.ServiceID
	closed bool
}

var _ kernel.Service = (*unit)(nil)

func (u *unit) service() *service { return u.w.services[u.id] }

// begin starts a new generation.
func (u *unit) begin(st kernel.Start) {
	w, s := u.w, u.service()
	w.carriesOut(machine.Spawn, u.id)
	if s.starting() {
		w.fail(s, "a second start while the first is under way")
	}
	s.start = &start{Start: st, service: s}
	w.begin(s.start)
}

// GiveUpStart ends a start.
func (u *unit) GiveUpStart() {
	w, s := u.w, u.service()
	w.carriesOut(machine.GiveUpStart, u.id)
	if !s.starting() {
		w.fail(s, "a start is given up, and there is none")
		return
	}
	w.giveUp(s.start)
}

// Signal lets a signal act on the members of a tree that are in its scope.
func (u *unit) Signal(pid int, scope config.Scope, s signals.Signal) (sent int, err error) {
	w, t := u.w, u.service().tree
	a := w.carriesOut(machine.Send, u.id)
	if pid != 0 && t.reaped {
		w.fail(u.service(), "sends %v to process %d, which was reaped", s, pid)
	}
	from := w.senderOf(a, rung)
	result := machine.Event{Kind: machine.Signalled, Service: u.id, Gen: a.Gen, Ticket: a.Ticket}
	if a.Scope != scope || a.Signal != s {
		w.fail(u.service(), "sends %v to %v, which is not %s", s, scope, a.Text("it"))
	}
	if !w.calm && w.chance(20) {
		err = errors.New("operation not permitted")
		result.Reason = err.Error()
	} else {
		sent = w.signalTree(t, scope, s, from)
		result.Count = sent
	}
	if a.Ticket != 0 {
		if sent > 0 {
			u.service().took[s] = w.now
		}
		w.expectResult(result)
	}
	return sent, err
}

// signalTree returns how many processes there were to take the signal.
func (w *world) signalTree(t *generation, scope config.Scope, s signals.Signal, from sender) (count int) {
	for i, p := range t.members {
		if p.alive && !p.isAside() && (i == 0 || scope == config.Tree || scope == config.Group && p.grouped) {
			count++
			w.send(p, s, from)
		}
	}
	return count
}

// Deliver offers a signal to the leader.
func (u *unit) Deliver(pid int, info signals.Info) send.Result {
	w, s := u.w, u.service()
	a := w.carriesOut(machine.Deliver, u.id)
	if s.tree.leader().pid != pid || a.Info != info {
		w.fail(s, "delivers %v to process %d, which is not %s", info, pid, a.Text("it"))
	}
	result := w.deliver(s.tree, info, w.senderOf(a, asked))
	w.delivered(s, a, result)
	w.expectResult(machine.Event{
		Kind: machine.Sent, Service: u.id, Gen: a.Gen, Ticket: a.Ticket,
		Result: resultOf(result),
	})
	return result
}

func resultOf(result send.Result) machine.Result {
	switch result {
	case send.OK:
		return machine.OK
	case send.Again:
		return machine.Again
	case send.Gone:
		return machine.Gone
	case send.Refused:
	}
	return machine.Refused
}

// Kill sends SIGKILL to all of it.
func (u *unit) Kill(int) error {
	u.w.carriesOut(machine.Kill, u.id)
	u.w.killTree(u.service().tree)
	if u.w.chance(20) {
		return errors.New("cgroup.kill: input/output error")
	}
	return nil
}

// Empty is asked only of what has lost its leader, and is not known to be empty yet.
func (u *unit) Empty() (bool, error) {
	w, s := u.w, u.service()
	if s.tree == nil || !s.tree.reaped || s.empty == s.tree.gen {
		w.fail(s, "asks whether something of it is left, for no reason")
		return false, nil
	}
	s.isEmpty = false
	if !w.calm && w.chance(12) {
		s.unsure, s.unsureAt = s.tree.gen, w.now
		w.note(s.tree, "whether anything is left cannot be told")
		if w.chance(2) {
			return false, tree.ErrUnsure
		}
		return false, errors.New("cgroup.events: input/output error")
	}
	if s.isEmpty = s.tree.gone(); s.isEmpty {
		s.empty = s.tree.gen
	}
	return s.isEmpty, nil
}

// Members are its living processes.
func (u *unit) Members() (members []tree.Member, err error) {
	s := u.service()
	if s.unlisted = u.w.chance(10); s.unlisted {
		return nil, errors.New("cgroup.procs: input/output error")
	}
	t := s.tree
	if t == nil { // its first start is under way
		return nil, nil
	}
	for _, p := range t.members {
		if p.alive && !p.isAside() {
			members = append(members, tree.Member{PID: p.pid, Name: "process"})
		}
	}
	return members, nil
}

// MemoryEvents is none: the OOM killer is not suspected.
func (u *unit) MemoryEvents() string { return "" }

// Retire changes nothing here.
func (u *unit) Retire() {}

// Survey says to whom a leader that has ended has handed over, if it has. The heir may be
// known late, or never.
func (u *unit) Survey() kernel.Survey {
	w, s := u.w, u.service()
	a := w.carriesOut(machine.Survey, u.id)
	survey := kernel.Survey{Reason: "others"}
	if heir := s.tree.heir; heir != nil && heir.alive && !w.chance(3) {
		survey = kernel.Survey{Heir: heir.pid, Reason: heir.String()}
	}
	w.expectResult(machine.Event{
		Kind: machine.Surveyed, Service: u.id, Gen: a.Gen, PID: int32(survey.Heir), Reason: survey.Reason,
	})
	return survey
}

// Follow comes when a survey has found an heir.
func (u *unit) Follow(pid int) {
	w, s := u.w, u.service()
	a := w.carriesOut(machine.Follow, u.id)
	if s.tree.heir == nil || s.tree.heir.pid != pid || int(a.PID) != pid {
		w.fail(s, "follows process %d, which is not %s", pid, a.Text("it"))
		return
	}
	w.inherit(s.tree)
	s.reportedGone, s.ended = 0, 0
}

// Ended comes once for each leader. What it wrote is read some time later.
func (u *unit) Ended(read func(lines []string)) {
	s := u.service()
	if s.tree == nil || !s.tree.reaped || s.ended == s.tree.gen {
		u.w.fail(s, "the output of a leader ends that has not ended, or has before")
		return
	}
	s.ended = s.tree.gen
	k := u.w.system
	k.after(k.soon(), func() { k.post(func() { read([]string{"the last line"}) }) })
}

// ReportTail does nothing.
func (u *unit) ReportTail(bool) { u.w.carriesOut(machine.ReportTail, u.id) }

// ReopenLog takes a while, unless there is no log file, and may fail.
func (u *unit) ReopenLog(done func(error)) bool {
	u.w.carriesOut(machine.ReopenLog, u.id)
	if u.w.chance(4) {
		return false
	}
	var err error
	if u.w.chance(4) {
		err = errors.New("open: no such file or directory")
	}
	u.w.system.Later(u.w.pick(0, time.Millisecond, time.Minute), func() { done(err) })
	return true
}

// Close comes once.
func (u *unit) Close() error {
	s := u.service()
	switch {
	case u.closed:
		u.w.fail(s, "closed twice")
	case !s.tree.gone() && !s.left:
		u.w.fail(s, "closed while something of it is there")
	}
	if !u.w.over {
		u.w.carriesOut(machine.Forget, u.id)
	}
	u.closed = true
	if u.w.chance(10) {
		return errors.New("rmdir: device or resource busy")
	}
	return nil
}
