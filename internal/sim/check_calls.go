package sim

import (
	"strconv"
	"strings"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/calls"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// answer is told each answer to a call.
func (c *client) answer(r *request.Reply, last bool) {
	w := c.w
	w.note(nil, "client of %s is told: %s", c.request.Verb(), textOf(r))
	switch {
	case c.done:
		w.fail(nil, "%s is answered after its last answer", c.request.Verb())
	case c.dropped && !c.isBeside():
		w.fail(nil, "%s is answered although its client has gone, as the loop knows", c.request.Verb())
	case last:
		c.done = true
		w.clients.forget(c)
		c.checkLast(r)
	case c.left:
	default:
		c.checkOnTheWay(r)
	}
}

// isBeside reports whether what a call asks for is done beside the loop, so that its client may
// go meanwhile, and the loop end.
func (c *client) isBeside() bool {
	switch c.request.(type) {
	case request.Status, request.Update:
		return true
	}
	return false
}

// textOf is an answer in words.
func textOf(r *request.Reply) string {
	switch {
	case r.Error != nil:
		return string(r.Error.Code) + ": " + r.Error.Text
	case r.Outcomes != nil:
		text := ""
		for _, o := range r.Outcomes {
			text += o.Service + " " + o.Text + "; "
		}
		return text
	case r.Events != nil:
		return strconv.Itoa(len(r.Events)) + " events"
	}
	return r.Text
}

// checkLast holds that what a last answer says is true now.
func (c *client) checkLast(r *request.Reply) {
	c.checkServices(r)
	if r.Error != nil {
		c.checkError(r.Error)
		return
	}
	w := c.w
	switch q := c.request.(type) {
	case request.Ping, request.Status, request.Update, request.Logs:
	case request.Wait:
		c.checkWaited(q, r)
	case request.Events:
		c.follow.events(c, r.Events)
	case request.Why:
		w.checkWhy(q.Service, r.Events)
	case request.Shutdown:
		if w.shutdown == never {
			w.fail(nil, "%q, and it does not", r.Text)
		}
	default:
		c.follow.onTheWay(c, r.Events)
		c.checkOutcomes(r)
	}
}

// checkOnTheWay looks at one of several answers.
func (c *client) checkOnTheWay(r *request.Reply) {
	switch q := c.request.(type) {
	case request.Logs:
		if !q.Follow || len(r.Lines) != 1 || r.Lines[0].Service != q.Service {
			c.w.fail(nil, "a reader of %q is told %v", q.Service, r.Lines)
		}
	case request.Events:
		c.follow.events(c, r.Events)
	default:
		c.follow.onTheWay(c, r.Events)
	}
}

// checkError holds that there is a reason for an error.
func (c *client) checkError(e *request.Failure) {
	w := c.w
	switch e.Code {
	case request.UnknownService:
		for _, name := range request.Names(c.request) {
			if _, known := w.loop.Find(name); !known {
				return
			}
		}
		w.fail(nil, "%s: %s, and there is", c.request.Verb(), e.Text)
	case request.Refused:
		if w.shutdown == never {
			w.fail(nil, "%s is refused: %s", c.request.Verb(), e.Text)
		}
	case request.TimedOut:
		limit, limited := c.limit()
		if late := w.now - c.since - limit; !limited || late < 0 || late > slack {
			w.fail(nil, "%s is given up after %v: %s", c.request.Verb(), w.now-c.since, e.Text)
		}
	case request.Failed:
		c.checkFailed(e)
	case request.NotSupported:
		if id, ok := w.loop.Find(request.Names(c.request)[0]); !ok || w.services[id].spec.Log.Mode != config.Inherit {
			w.fail(w.of(id), "%s: %s", c.request.Verb(), e.Text)
		}
	case request.Usage, request.Lost:
		w.fail(nil, "%s: %s", c.request.Verb(), e.Text)
	}
}

// checkFailed holds that what is said to have failed has.
func (c *client) checkFailed(e *request.Failure) {
	switch c.request.(type) {
	case request.Update:
	case request.Wait:
		if s := c.w.services[c.targets[0]]; s.state != machine.Removed {
			c.w.fail(s, "%q, and it is %v", e.Text, s.state)
		}
	default:
		c.w.fail(nil, "%s: %s", c.request.Verb(), e.Text)
	}
}

// limit is how long a call may take.
func (c *client) limit() (limit time.Duration, limited bool) {
	switch q := c.request.(type) {
	case request.Wait:
		return q.Timeout, q.Timeout > 0
	case request.Reload, request.Pause, request.Continue, request.Signal:
		return calls.PromptTime, true
	}
	return 0, false
}

// met reports whether a service is as somebody waits for.
func (w *world) met(condition request.Condition, id machine.ServiceID) bool {
	s, view := w.services[id], w.loop.View(id)
	runs, stopped := view.State == machine.Running && s.leader() != nil, s.leader() != nil && s.leader().isStopped()
	up := runs && view.Since+s.spec.UpAfter <= w.now && s.spec.Type == config.Run
	if view.State == machine.Done {
		return condition != request.Down || s.tree.gone()
	}
	switch condition {
	case request.Up:
		return up
	case request.Ready:
		return up && !stopped
	case request.Down:
		return s.tree.gone() && (s.state == machine.Stopped || s.state == machine.Failed || s.state == machine.Removed)
	}
	return false
}

func (c *client) checkWaited(q request.Wait, r *request.Reply) {
	id := c.targets[0]
	if len(r.Services) != 1 || r.Services[0].Name != q.Service || !c.w.met(q.For, id) {
		c.w.fail(c.w.services[id], "somebody is told that it is %s", q.For)
	}
}

// checkOutcomes holds that there is one outcome of each service, and that it is true.
func (c *client) checkOutcomes(r *request.Reply) {
	if r.Outcomes == nil {
		if c.awaits() {
			c.w.fail(nil, "%s is answered without an outcome", c.request.Verb())
		}
		return
	}
	if len(r.Outcomes) != len(c.targets) {
		c.w.fail(nil, "%s of %v has the outcomes %v", c.request.Verb(), c.targets, r.Outcomes)
		return
	}
	for _, o := range r.Outcomes {
		i := c.target(o.Service)
		if i < 0 {
			c.w.fail(nil, "an outcome for %q, which nobody has asked for", o.Service)
			return
		}
		if len(c.targets) == 1 { // of several, some may be past when the last one comes
			c.checkOutcome(c.w.services[c.targets[i]], c.before[i], o)
		}
	}
}

// checkOutcome holds that an outcome is true now.
func (c *client) checkOutcome(s *service, before machine.View, o request.Outcome) {
	if o.OK && !c.achieved(s, before, o) {
		c.w.fail(s, "%s %q, which is not so", c.request.Verb(), o.Text)
	}
	view := c.w.loop.View(s.id)
	for state := machine.Stopped; state <= machine.Removed; state++ {
		if !o.OK && o.Result == state.String() && view.State != state {
			c.w.fail(s, "%s %q, and it is %v", c.request.Verb(), o.Text, view.State)
		}
	}
}

// target is the place of a service among those that were asked for.
func (c *client) target(name string) int {
	for i, id := range c.targets {
		if c.w.services[id].spec.Name == name {
			return i
		}
	}
	return -1
}

// awaits reports whether a call is answered with outcomes.
func (c *client) awaits() bool {
	switch q := c.request.(type) {
	case request.Start:
		return q.Await
	case request.Stop:
		return q.Await
	case request.Restart:
		return q.Await
	}
	return true
}

// achieved reports whether a good outcome is true.
func (c *client) achieved(s *service, before machine.View, o request.Outcome) bool {
	view := c.w.loop.View(s.id)
	next := view.Gen > before.Gen || before.State == machine.Starting
	switch q := c.request.(type) {
	case request.Start:
		if o.Result == "ended" {
			return view.State == machine.Stopped && next
		}
		return c.w.isUp(s, o) && c.w.met(request.Up, s.id) || view.State == machine.Done
	case request.Stop:
		return s.tree.gone() && (s.state == machine.Stopped || s.state == machine.Removed)
	case request.Restart:
		if o.Result == "ended" {
			return view.State == machine.Stopped && next
		}
		return next && (c.w.isUp(s, o) && c.w.met(request.Up, s.id) || view.State == machine.Done)
	case request.Pause:
		return !s.tree.reaped && s.tree.leader().stopped
	case request.Continue:
		return !s.tree.reaped && (!s.tree.leader().stopped || !s.tree.leader().alive)
	case request.Reload:
		return c.sent(s, s.spec.Reload, o)
	case request.Signal:
		return c.sent(s, q.Signal, o)
	}
	return true
}

// isUp reports whether an outcome has the pid of the present leader.
func (w *world) isUp(s *service, o request.Outcome) bool {
	return w.loop.View(s.id).State == machine.Running && s.leader() != nil &&
		strings.Contains(o.Text, "pid "+strconv.Itoa(s.leader().pid))
}

// sent reports whether an outcome of a signal is true: the fake kernel has taken it since, or
// it waits.
func (c *client) sent(s *service, signal signals.Signal, o request.Outcome) bool {
	p, took := s.leader(), s.took[signal] >= c.since && s.took[signal] != 0
	switch o.Result {
	case "held":
		return s.heldAt >= c.step
	case "coalesced":
		return true
	case "ignored":
		return took && (p == nil || !p.alive || p.ignored.Has(signal))
	case "pending":
		goesOn := s.continued >= c.step // meanwhile
		return took && (p == nil || !p.alive || p.stopped || p.blocked.Has(signal) || goesOn)
	}
	return took
}

// firstTimeout is when the first of those who wait gives up.
func (w *world) firstTimeout() time.Duration {
	first := never
	for _, c := range w.clients.open {
		if limit, limited := c.limit(); limited && c.taken {
			first = min(first, c.since+limit)
		}
	}
	return first
}

// mayBeUp reports whether a service may be up at a time, for somebody who waits for that.
func (w *world) mayBeUp(at time.Duration) bool {
	for _, c := range w.clients.open {
		for _, id := range c.targets {
			upAt := w.loop.View(id).Since + w.services[id].spec.UpAfter
			if w.loop.View(id).State == machine.Running && upAt-slack <= at && at <= upAt+slack {
				return true
			}
		}
	}
	return false
}

// checkCalls finds calls that should have been answered.
func (w *world) checkCalls() {
	for _, c := range w.clients.open {
		if !c.taken || c.left {
			continue
		}
		if limit, limited := c.limit(); limited && w.now > c.since+limit+slack {
			w.fail(nil, "%s is not answered within %v", c.request.Verb(), limit)
		}
		if c.overdue() {
			w.fail(w.of(c.targets[0]), "%s %v is not answered, although it is so", c.request.Verb(), request.Names(c.request))
		}
		c.follow.checkAll(c)
	}
}

// untilRead is how long it may take until the output of a leader that has ended is read. Who
// waits for a service that starts again meanwhile is told with the last lines of it.
const untilRead = time.Second

// overdue reports whether a call for one service should have been answered by now.
func (c *client) overdue() bool {
	if len(c.targets) != 1 {
		return false
	}
	id := c.targets[0]
	switch q := c.request.(type) {
	case request.Wait:
		p := c.w.services[id].leader()
		upAt := c.w.loop.View(id).Since + c.w.services[id].spec.UpAfter
		return c.w.met(q.For, id) && (p == nil) == (q.For == request.Down) && (p == nil || p.alive && upAt+slack < c.w.now)
	case request.Stop:
		return q.Await && c.w.met(request.Down, id) && c.w.services[id].state != machine.Failed && c.w.services[id].state != machine.Done
	case request.Start:
		return q.Await && c.w.met(request.Up, id) && c.w.loop.View(id).Since+c.w.services[id].spec.UpAfter+untilRead < c.w.now
	case request.Ping, request.Why, request.Shutdown:
		return true
	}
	return false
}

// checkUnanswered finds who is still without an answer when the loop has ended. Those whose
// call it has not even taken, or whose configuration it has not read, learn it when the
// queue is removed.
func (w *world) checkUnanswered() {
	for _, c := range w.clients.open {
		if c.taken && !c.left && !c.isBeside() {
			w.fail(nil, "%s %v was never answered", c.request.Verb(), request.Names(c.request))
		}
	}
}
