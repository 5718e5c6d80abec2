package control

import (
	"strconv"
	"sync/atomic"

	"supervise/supervisor/control/request"
)

// Call is one request, and the way back to who made it. Its methods are for the loop; they
// never wait.
type Call struct {
	Request request.Request
	Origin  Origin

	desk   *desk         // nil: nobody is to be answered
	client *conversation // whose call it is
	number uint64
	report *reporter // of a FIFO's call

	answered bool // for good; the loop's
	final    bool // the same, under the desk's lock
	gone     atomic.Bool
}

// Origin is where a request came from.
type Origin struct {
	FIFO string // its path; "" for the queue
	PID  int    // of the client, as it says; 0 for a FIFO
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

// Tell gives one answer of several. It may be dropped when the client is slow: the next
// that is not says so. The reply must not be changed any more.
func (c *Call) Tell(r *request.Reply) {
	if c.desk != nil && !c.answered {
		c.desk.told(c, r, false)
	}
}

// Reply gives the only answer, or the last one, and ends the call. An error that answers
// a FIFO is reported. The reply must not be changed any more.
func (c *Call) Reply(r *request.Reply) {
	switch {
	case c.answered:
		return
	case c.desk != nil:
		c.desk.told(c, r, true)
	case c.report != nil && r.Error != nil:
		c.report.say(c.Origin.String(), r.Error)
	}
	c.answered = true
}

// Fail is [Call.Reply] with an error alone.
func (c *Call) Fail(code request.Code, text string) {
	c.Reply(&request.Reply{Error: &request.Failure{Code: code, Text: text}})
}
