package control

import (
	"strconv"
	"sync/atomic"

	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// Call is one request and the way back to its client. Its methods are for the loop and never
// wait.
type Call struct {
	Request request.Request
	Origin  Origin

	server  answerer       // nil: nobody is answered
	session *clientSession // whose call it is
	number  uint64
	errors  *reporter // where a FIFO's call reports its error

	answered bool // it had its last answer; for the loop alone
	final    bool // the same, under the queue server's lock
	gone     atomic.Bool
}

// answerer takes the answers of a call to who made it.
type answerer interface {
	enqueue(call *Call, r *request.Reply, last bool)
}

// answerFunc is an answerer that is a function.
type answerFunc func(r *request.Reply, last bool)

func (f answerFunc) enqueue(_ *Call, r *request.Reply, last bool) { f(r, last) }

// NewCall returns a call that does not come through a [Server]. answer is given its
// answers, the last one as such, and must not wait; nil is for a call that nobody answers.
func NewCall(r request.Request, origin Origin, answer func(r *request.Reply, last bool)) *Call {
	c := &Call{Request: r, Origin: origin}
	if answer != nil {
		c.server = answerFunc(answer)
	}
	return c
}

// Origin is where a request came from.
type Origin struct {
	FIFO string // its path; "" for the queue
	PID  int    // of the client, as it says; 0 for a FIFO

	// By is that process, with who is behind it, if it lived when its request came that may
	// change something.
	By machine.Asker

	// Shared says that it may be anybody's who may command: neither FIFOs nor queues tell who
	// has written.
	Shared bool
}

// String names the origin in a few words.
func (o Origin) String() string {
	if o.FIFO != "" {
		return o.FIFO
	}
	return "pid " + strconv.Itoa(o.PID)
}

// Gone reports whether nobody reads the answer any more.
func (c *Call) Gone() bool { return c.gone.Load() }

// Abandon says that nobody does. It reports whether that is news. It may be called on any
// goroutine.
func (c *Call) Abandon() bool { return !c.gone.Swap(true) }

// Tell sends one of several answers. It may be dropped when the client is slow; the next one
// that is not dropped counts those that were. The reply must not be changed afterwards.
func (c *Call) Tell(r *request.Reply) {
	if c.server != nil && !c.answered {
		c.server.enqueue(c, r, false)
	}
}

// Reply sends the only answer, or the last one, and ends the call. If the call came by a
// FIFO, an error is reported instead. The reply must not be changed afterwards.
func (c *Call) Reply(r *request.Reply) {
	switch {
	case c.answered:
		return
	case c.server != nil:
		c.server.enqueue(c, r, true)
	case c.errors != nil && r.Error != nil:
		c.errors.report(c.Origin.String(), r.Error)
	}
	c.answered = true
}

// Fail calls [Call.Reply] with nothing but an error.
func (c *Call) Fail(code request.Code, text string) {
	c.Reply(&request.Reply{Error: &request.Failure{Code: code, Text: text}})
}
