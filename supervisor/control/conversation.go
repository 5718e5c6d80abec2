package control

import (
	"encoding/json"
	"time"

	"supervise/internal/sys"
	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
)

// maxBacklog is how many answers wait for a client that is slower than they come.
const maxBacklog = 1024

// conversation is what the server keeps of one client, from its first request until its
// process ends. All of it is under the desk's lock.
//
// Answers go backlog -> encoded by one goroutine at a time -> frames -> queue, one frame
// whenever the client has said next.
type conversation struct {
	desk   *desk
	client uint32
	pidfd  int // -1 when there could be none
	key    int64

	call    *Call  // nil once the last frame was sent, and after a cancel
	number  uint64 // of the last request
	credit  bool   // the client waits for a frame
	backlog []answer
	dropped uint64 // since the last answer that was not

	encoding   bool
	frames     [][]byte
	framesLast bool // they end the call

	unread  []byte // the message that may still be in the queue
	sent    time.Time
	waiting time.Time // for room in the queue, since then; zero when it does not
	parked  time.Time // its message is in the way of others, since then; zero when it is not
	lost    bool      // its answer was given up
}

type answer struct {
	reply *request.Reply
	last  bool
}

// begin starts a new call. What belonged to the one before is gone; the caller has taken
// its messages out of the queue.
func (c *conversation) begin(call *Call) {
	c.call, c.number, c.credit = call, call.number, true
	c.clear()
	c.lost = false
}

// clear forgets what was not sent.
func (c *conversation) clear() {
	c.backlog, c.frames, c.unread = nil, nil, nil
	c.dropped, c.framesLast = 0, false
	c.waiting, c.parked = time.Time{}, time.Time{}
}

// end forgets the present call and returns it, if the loop does not think it over.
func (c *conversation) end() *Call {
	call := c.call
	c.call = nil
	c.clear()
	if call == nil || call.final || call.Request == nil {
		return nil
	}
	return call
}

// rank orders those that wait for room.
func (c *conversation) rank() int {
	if !c.parked.IsZero() {
		return 1
	}
	return 0
}

// add takes an answer for the client.
func (c *conversation) add(r *request.Reply, last bool) {
	if len(c.backlog) >= maxBacklog && !last {
		c.dropped++
		return
	}
	if c.dropped > 0 {
		told := *r
		told.Dropped += c.dropped
		r, c.dropped = &told, 0
	}
	c.backlog = append(c.backlog, answer{r, last})
	c.call.final = last
}

// advance sends what can be sent now. It is called with the lock held, and gives it up
// while it encodes.
func (c *conversation) advance() {
	for c.credit && !c.encoding {
		if len(c.frames) == 0 && !c.encode() {
			return
		}
		if len(c.frames) > 0 && !c.put() {
			return
		}
	}
}

// encode makes frames of the next answer. ok is false when there is none.
func (c *conversation) encode() (ok bool) {
	if len(c.backlog) == 0 || c.call == nil {
		return false
	}
	next, call := c.backlog[0], c.call
	c.backlog[0] = answer{}
	c.backlog = c.backlog[1:]
	frame := wire.Frame{Kind: wire.Reply, Client: c.client, Request: c.number}
	if next.last {
		frame.Flags = wire.Last
	}
	c.encoding = true
	c.desk.mu.Unlock()
	frames := wire.Split(encode(next.reply), frame, c.desk.size)
	c.desk.mu.Lock()
	c.encoding = false
	if c.call == call { // and not another request's by now
		c.frames, c.framesLast = frames, next.last
	}
	return true
}

// maxAnswer is how long an answer may be, in bytes.
const maxAnswer = 16 << 20

func encode(r *request.Reply) []byte {
	text, err := json.Marshal(r)
	if err == nil && len(text) <= maxAnswer {
		return text
	}
	failure := &request.Failure{Code: request.Failed, Text: "the answer is too long"}
	if err != nil {
		failure.Text = "cannot write the answer: " + err.Error()
	}
	text, _ = json.Marshal(&request.Reply{Error: failure})
	return text
}

// put puts the next frame into the queue, if there is room.
func (c *conversation) put() (ok bool) {
	message := c.frames[0]
	if !c.parked.IsZero() && !c.desk.roomy(len(message)) {
		return c.wait()
	}
	err := sys.MsgSend(c.desk.queues.Reply, message, sys.IPCNoWait)
	if err != nil {
		// EAGAIN; when the queue is gone, the receiver has seen that too.
		return c.wait()
	}
	c.frames = c.frames[1:]
	c.unread, c.credit, c.waiting = message, false, time.Time{}
	c.sent = time.Now()
	if len(c.frames) == 0 && c.framesLast {
		c.call = nil
	}
	return true
}

// wait has the conversation tried again when there may be room. Who is not the writer has
// to wake it.
func (c *conversation) wait() bool {
	if c.waiting.IsZero() {
		c.waiting = time.Now()
		c.desk.waiting = append(c.desk.waiting, c)
	}
	return false
}

// takeBack undoes a put: message was still in the queue.
func (c *conversation) takeBack(message []byte) {
	if c.unread == nil {
		return
	}
	c.frames = append([][]byte{message}, c.frames...)
	c.unread, c.credit = nil, true
}
