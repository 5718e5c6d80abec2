package control

import (
	"encoding/json"
	"time"

	"supervise/internal/sys"
	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
)

// maxBacklog is how many answers may wait for a slow client.
const maxBacklog = 1024

// clientSession is what the server knows of one client, from its first request until its
// process ends. All of it is under the queue server's lock.
//
// Answers go backlog -> encoded by one goroutine at a time -> frames -> queue, one frame each
// time the client has sent "next".
type clientSession struct {
	server *queueServer
	client uint32

	watched bool
	pidfd   int // -1 if there is none
	key     uint64

	call    *Call  // nil once the last frame was sent, and after a cancel
	number  uint64 // of the last request
	credit  bool   // the client waits for a frame
	backlog []answer
	dropped uint64 // answers since the last one that was not dropped

	encoding   bool
	frames     [][]byte
	framesLast bool // the frames end the call

	inQueue      []byte // the message that may still be in the queue
	sentAt       time.Time
	waitingSince time.Time // for room in the queue; zero if it does not wait
	evictedSince time.Time // its message blocked others and was taken back; zero if not
	abandoned    bool      // its answer was dropped
}

type answer struct {
	reply *request.Reply
	last  bool
}

// begin starts a new call and forgets the previous one. The caller has removed its messages
// from the queue.
func (c *clientSession) begin(call *Call) {
	c.call, c.number, c.credit = call, call.number, true
	c.discard()
	c.abandoned = false
}

// discard forgets what was not sent.
func (c *clientSession) discard() {
	c.backlog, c.frames, c.inQueue = nil, nil, nil
	c.dropped, c.framesLast = 0, false
	c.waitingSince, c.evictedSince = time.Time{}, time.Time{}
}

// end forgets the current call. It returns the call if the loop has yet to answer it.
func (c *clientSession) end() *Call {
	call := c.call
	c.call = nil
	c.discard()
	if call == nil || call.final || call.Request == nil {
		return nil
	}
	return call
}

// rank orders sessions that wait for room: evicted ones last.
func (c *clientSession) rank() int {
	if !c.evictedSince.IsZero() {
		return 1
	}
	return 0
}

// add takes an answer for the client.
func (c *clientSession) add(r *request.Reply, last bool) {
	if len(c.backlog) >= maxBacklog && !last {
		c.dropped++
		return
	}
	if c.dropped > 0 {
		counted := *r
		counted.Dropped += c.dropped
		r, c.dropped = &counted, 0
	}
	c.backlog = append(c.backlog, answer{r, last})
	c.call.final = last
}

// advance sends what can be sent now. It is called with the lock held, and releases it while
// it encodes.
func (c *clientSession) advance() {
	for c.credit && !c.encoding {
		if len(c.frames) == 0 && !c.encode() {
			return
		}
		if len(c.frames) > 0 && !c.sendFrame() {
			return
		}
	}
}

// encode splits the next answer into frames. ok is false if there is none.
func (c *clientSession) encode() (ok bool) {
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
	c.server.mu.Unlock()
	frames := wire.Split(encode(next.reply), frame, c.server.size)
	c.server.mu.Lock()
	c.encoding = false
	if c.call == call { // not yet another request
		c.frames, c.framesLast = frames, next.last
	}
	return true
}

// maxAnswer is the longest answer in bytes.
const maxAnswer = 16 << 20

func encode(r *request.Reply) []byte {
	text, err := request.MarshalReply(r)
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

// sendFrame puts the next frame into the queue, if there is room.
func (c *clientSession) sendFrame() (ok bool) {
	message := c.frames[0]
	if !c.evictedSince.IsZero() && !c.server.hasRoom(len(message)) {
		return c.waitForRoom()
	}
	err := sys.MsgSend(c.server.queues.Reply, message, sys.IPCNoWait)
	if err != nil {
		// EAGAIN; if the queue is gone, the receiver notices too.
		return c.waitForRoom()
	}
	c.frames = c.frames[1:]
	c.inQueue, c.credit, c.waitingSince = message, false, time.Time{}
	c.sentAt = time.Now()
	if len(c.frames) == 0 && c.framesLast {
		c.call = nil
	}
	return true
}

// waitForRoom queues the session to be tried again when there may be room. Anyone but the
// writer must wake the writer afterwards.
func (c *clientSession) waitForRoom() bool {
	if c.waitingSince.IsZero() {
		c.waitingSince = time.Now()
		c.server.waiting = append(c.server.waiting, c)
	}
	return false
}

// takeBack undoes sendFrame: message was still in the queue.
func (c *clientSession) takeBack(message []byte) {
	if c.inQueue == nil {
		return
	}
	c.frames = append([][]byte{message}, c.frames...)
	c.inQueue, c.credit = nil, true
}
