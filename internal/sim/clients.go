package sim

import (
	"slices"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// clients are those who ask the supervisor for something. It implements [supervisor.Commands].
type clients struct {
	w       *world
	queue   fifo[item] // on its way to the loop
	open    []*client  // who wait for an answer
	serving *client    // whose call the loop has taken last
	fifos   []string
}

var _ supervisor.Commands = (*clients)(nil)

// item is news for the loop: a call, or that nobody waits for its answer any more.
type item struct {
	client *client
	ended  bool
}

// client is somebody who has asked for something.
type client struct {
	w       *world
	call    *control.Call
	request request.Request
	asker   machine.Asker

	known   int           // how many services there had been when it asked
	taken   bool          // by the loop
	since   time.Duration // when it was,
	step    int           // and after which step
	targets []machine.ServiceID
	before  []machine.View
	left    bool // it waits no longer,
	dropped bool // and the loop knows
	done    bool // it has its last answer
	follow  follow
}

// Take gives the loop what has come.
func (c *clients) Take() (call *control.Call, ended, ok bool) {
	c.serving = nil
	if c.queue.len() == 0 {
		return nil, false, false
	}
	next := c.queue.take()
	if next.ended {
		next.client.dropped = true
		c.forget(next.client)
	} else {
		c.serving = next.client
		next.client.take()
	}
	return next.client.call, next.ended, true
}

// SetServices takes note of who has a FIFO.
func (c *clients) SetServices(names []string) { c.fifos = names }

// take notes how things are when the loop takes a call.
func (c *client) take() {
	w := c.w
	c.taken, c.since, c.step = true, w.now, w.steps
	names, all := request.Names(c.request), targetsAll(c.request)
	for id, s := range w.services {
		if s.state != machine.Removed && (all || slices.Contains(names, s.spec.Name)) {
			c.targets = append(c.targets, machine.ServiceID(id))
			c.before = append(c.before, w.loop.View(machine.ServiceID(id)))
		}
	}
	if update, ok := c.request.(request.Update); ok && !update.DryRun {
		w.loads = append(w.loads, c.asker)
	}
}

// targetsAll reports whether a request is about all services.
func targetsAll(r request.Request) bool {
	switch r := r.(type) {
	case request.Start:
		return r.All
	case request.Stop:
		return r.All
	case request.Restart:
		return r.All
	case request.Reload:
		return r.All
	case request.Pause:
		return r.All
	case request.Continue:
		return r.All
	case request.Status:
		return len(r.Services) == 0
	}
	return false
}

// ask makes a call: one that only asks is answered beside the loop, if that can be.
func (w *world) ask(r request.Request) *client {
	c := &client{w: w, request: r, known: len(w.services)}
	c.call = control.NewCall(r, w.origin(), c.answer)
	if c.asker = someone(c.call.Origin.PID); !c.asker.Known() {
		c.asker = machine.Asker{Source: c.call.Origin.String()}
	}
	w.clients.open = append(w.clients.open, c)
	w.note(nil, "client asks: %s %+v", r.Verb(), r)
	if !w.loop.AnswerBeside(c.call) {
		w.clients.queue.add(item{client: c})
		w.wakeSoon()
	}
	return c
}

// origin is a client of the queue, which may be gone already, or a FIFO.
func (w *world) origin() control.Origin {
	if w.chance(8) {
		return control.Origin{FIFO: "/run/supervise/all"}
	}
	return control.Origin{PID: w.randomSender()}
}

// leave has a client wait no longer.
func (w *world) leave(c *client) {
	if c.left {
		return
	}
	c.left = true
	c.call.Abandon()
	w.clients.queue.add(item{client: c, ended: true})
	w.note(nil, "client of %s has gone", c.request.Verb())
	w.wakeSoon()
}

func (c *clients) forget(gone *client) {
	if i := slices.Index(c.open, gone); i >= 0 {
		c.open = slices.Delete(c.open, i, i+1)
	}
}

// maxOpen is how many clients wait at once.
const maxOpen = 10

// act has a client ask for something, or go away.
func (w *world) act() {
	open := w.clients.open
	if len(open) > maxOpen || len(open) > 0 && w.chance(6) {
		w.leave(open[w.random.IntN(len(open))])
		return
	}
	w.ask(w.randomRequest())
}

// randomRequest is anything that can be asked for, but a shutdown.
func (w *world) randomRequest() request.Request {
	target, name, await := w.target(), w.name(), !w.chance(3)
	switch w.random.IntN(26) {
	case 0, 1, 2:
		return request.Start{Target: target, Once: w.chance(4), Await: await}
	case 3:
		return request.Start{Target: request.Target{All: true}, Await: await}
	case 4:
		if w.chance(2) { // a little rarer, or nothing would ever be up
			return request.Stop{Target: target, Await: await}
		}
		return request.Ping{}
	case 5, 6:
		return request.Restart{Target: target, Await: await}
	case 7, 8:
		return request.Reload{Target: target}
	case 9, 10:
		return request.Pause{Target: target}
	case 11, 12:
		return request.Continue{Target: target}
	case 13, 14, 15, 16, 17:
		return w.signalRequest(name)
	case 18:
		return request.Update{DryRun: w.chance(4)}
	case 19, 20:
		return request.Wait{
			Service: name, For: []request.Condition{request.Up, request.Ready, request.Down}[w.random.IntN(3)],
			Timeout: w.pick(0, time.Millisecond, time.Second, time.Minute),
		}
	case 21:
		return request.Status{}
	case 22:
		return request.Status{Services: target.Services}
	case 23:
		limit := 1 + w.random.IntN(5)
		if w.chance(40) { // to read them all takes as long as thousands of events
			limit = 0
		}
		return request.Events{Services: target.Services, Limit: limit, Follow: w.chance(2)}
	case 24:
		return request.Why{Service: name}
	}
	return request.Logs{Service: name, Lines: w.random.IntN(3), Follow: w.chance(2)}
}

// signalRequest is a signal for one service: any that there is.
func (w *world) signalRequest(name string) request.Signal {
	r := request.Signal{Service: name, Signal: forwarded[w.random.IntN(len(forwarded))]}
	if w.chance(4) {
		r.Signal = signals.Signal(1 + w.random.IntN(int(signals.Max)))
	}
	if w.chance(2) {
		value := int64(w.steps)
		r.Value = &value
	}
	if w.chance(4) {
		r.Scope = config.Scope(w.random.IntN(3))
	}
	return r
}

// target is one service, or some, or all.
func (w *world) target() request.Target {
	switch w.random.IntN(12) {
	case 0:
		return request.Target{All: true}
	case 1:
		a, b := w.name(), w.name()
		if a != b {
			return request.Target{Services: []string{a, b}}
		}
	}
	return request.Target{Services: []string{w.name()}}
}

// name is that of a service, now and then of one that is no more or never was.
func (w *world) name() string {
	if w.chance(50) {
		return "nobody"
	}
	return w.somebody().spec.Name
}

// Then is part of supervisor.Commands. There are no FIFOs to wait for.
func (*clients) Then(f func()) { f() }
