package control

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
)

// maxClients is how many clients are known at a time.
const maxClients = 1024

// queueServer serves the message queues. One goroutine receives. Answers are sent by whoever
// finds a client waiting for one: the receiver, or the writer once the loop has answered.
type queueServer struct {
	server *Server
	wakeup chan struct{} // wakes the writer
	lost   atomic.Uint64

	mu        sync.Mutex // held for system calls that do not wait, but not while encoding
	queues    *queues
	size      int
	clients   map[uint32]*clientSession
	ready     []*clientSession // the loop has answered them
	waiting   []*clientSession // for room in the queue
	lastSweep time.Time
	closing   bool
}

func newQueueServer(s *Server, queues *queues) *queueServer {
	return &queueServer{
		server: s, queues: queues, size: queues.Size,
		wakeup: make(chan struct{}, 1), clients: map[uint32]*clientSession{},
	}
}

// wake wakes the writer.
func (q *queueServer) wake() {
	select {
	case q.wakeup <- struct{}{}:
	default:
	}
}

// enqueue takes an answer from the loop. A short one for a waiting client is sent at once,
// which takes a few microseconds; all others are left to the writer.
func (q *queueServer) enqueue(call *Call, r *request.Reply, last bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := call.session
	if c.call != call {
		return
	}
	c.add(r, last)
	switch {
	case !c.credit:
	case short(r) && len(c.backlog) == 1 && len(c.frames) == 0:
		if c.advance(); len(q.waiting) > 0 {
			q.wake()
		}
	default:
		q.ready = append(q.ready, c)
		q.wake()
	}
}

// short reports whether encoding an answer takes next to no time.
func short(r *request.Reply) bool {
	const few = 8
	return len(r.Services)+len(r.Outcomes)+len(r.Events)+len(r.Plan) <= few && len(r.Lines) == 0
}

// receive receives what clients send, until the queue is removed.
func (q *queueServer) receive() {
	buffer := make([]byte, sys.MsgHead+64<<10) // more than msgmax usually is
	for {
		n, err := sys.MsgReceive(q.queues.Request, buffer, 0, sys.MsgNoError)
		switch {
		case err == nil:
			q.received(buffer[sys.MsgHead : sys.MsgHead+n])
		case errors.Is(err, syscall.EINTR):
		case !q.renew(err):
			return
		}
	}
}

// renew makes new queues when somebody has removed ours. ok is false if that failed.
func (q *queueServer) renew(cause error) (ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing {
		return false
	}
	q.queues.remove()
	queues, _, err := openQueues(q.queues.directory, q.server.perm)
	if err != nil {
		q.server.errors.report(wire.FileName, fmt.Errorf("cannot receive from the message queue: msgrcv: %w; %w", cause, err))
		return false
	}
	q.server.errors.report(wire.FileName, fmt.Errorf("somebody removed the message queues, new ones are made: msgrcv: %w", cause))
	q.queues, q.size = queues, queues.Size
	return true
}

// move writes the file that names the queues into another directory.
func (q *queueServer) move(dir *os.Root) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing {
		return nil
	}
	_ = q.queues.directory.Remove(wire.FileName)
	q.queues.directory = dir
	return q.queues.write()
}

// received handles one message.
func (q *queueServer) received(message []byte) {
	frame, err := wire.Parse(message)
	if err != nil {
		q.server.errors.report(wire.FileName, err)
		return
	}
	switch frame.Kind {
	case wire.Request:
		q.requested(frame)
	case wire.Next:
		q.next(frame)
	case wire.Cancel:
		q.cancelled(frame)
	case wire.Reply, wire.Wake:
		q.server.errors.report(wire.FileName, fmt.Errorf("%w that a client sends to a server: kind %d", wire.ErrFrame, frame.Kind))
	}
}

// requested begins a call. A request is carried out even if its client is already gone.
func (q *queueServer) requested(frame wire.Frame) {
	r, err := request.Unmarshal(frame.Payload)
	call := &Call{Request: r, Origin: q.server.origin(wire.ClientPID(frame.Client), r), number: frame.Request}
	var before *Call
	if frame.Flags&wire.Quiet == 0 {
		defer q.watch(frame.Client) // when the loop is at work
		q.mu.Lock()
		if c := q.session(frame.Client); c != nil {
			if c.inQueue != nil {
				q.drain(c.client)
			}
			before = c.end()
			call.server, call.session = q, c
			c.begin(call)
		}
		q.mu.Unlock()
	}
	q.reportGone(before)
	switch {
	case err == nil && q.server.answer(call):
	case err == nil:
		q.server.push(item{call: call})
	case call.server != nil:
		var failure *request.Failure
		errors.As(err, &failure)
		call.Reply(&request.Reply{Error: failure})
	default:
		q.server.errors.report(call.Origin.String(), err)
	}
}

// reportGone tells the loop that nobody will read the answer to a call that it has not
// answered; call may be nil.
func (q *queueServer) reportGone(call *Call) {
	if call != nil && call.Abandon() {
		q.server.push(item{call: call, ended: true})
	}
}

// next sends the client's next frame.
func (q *queueServer) next(frame wire.Frame) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.clients[frame.Client]
	if c == nil || c.number != frame.Request {
		return
	}
	if c.abandoned {
		c.begin(&Call{number: c.number, server: q, session: c})
		c.add(&request.Reply{Error: &request.Failure{Code: request.Lost, Text: "the answer was dropped: it was not read for too long"}}, true)
	}
	c.inQueue, c.credit, c.evictedSince = nil, true, time.Time{}
	c.advance()
	if len(q.waiting) > 0 {
		q.wake()
	}
}

func (q *queueServer) cancelled(frame wire.Frame) {
	q.mu.Lock()
	c := q.clients[frame.Client]
	var call *Call
	if c != nil && c.number == frame.Request {
		call = c.end()
		q.drain(c.client)
	}
	q.mu.Unlock()
	q.reportGone(call)
}

// session returns the session of a client, which is to be watched, or nil if there are too many.
func (q *queueServer) session(client uint32) *clientSession {
	if c := q.clients[client]; c != nil {
		if c.pidfd < 0 || !errors.Is(sys.KillPIDFD(c.pidfd, 0), syscall.ESRCH) {
			return c
		}
		// Another process has the pid by now, and its end is about to be reported.
		call := q.forget(c)
		go q.reportGone(call)
	}
	if len(q.clients) >= maxClients && !q.forgetIdle() {
		q.lost.Add(1)
		q.server.errors.report(wire.FileName, fmt.Errorf("cannot answer client pid %d: there are %d clients already", wire.ClientPID(client), maxClients))
		return nil
	}
	c := &clientSession{server: q, client: client, pidfd: -1}
	q.clients[client] = c
	return c
}

// watch waits for the end of a client's process, or forgets the client if that has come.
func (q *queueServer) watch(client uint32) {
	var call *Call
	defer func() { q.reportGone(call) }()
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.clients[client]
	if c == nil || c.watched {
		return
	}
	c.watched = true
	pidfd, err := sys.OpenPID(wire.ClientPID(client))
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EINVAL) {
		call = q.forget(c)
		return
	}
	if err == nil {
		if c.key, err = q.server.poller.add(pidfd, unix.EPOLLIN|unix.EPOLLONESHOT, clientExit{c}); err != nil {
			unix.Close(pidfd)
		} else {
			c.pidfd = pidfd
		}
	}
	if err != nil {
		q.server.errors.report(wire.FileName, fmt.Errorf("cannot watch client pid %d: %w", wire.ClientPID(client), os.NewSyscallError("pidfd_open", err)))
	}
}

// forgetIdle forgets a client that has no call. It may not have read its last answer.
func (q *queueServer) forgetIdle() bool {
	for _, c := range q.clients {
		if c.call == nil {
			_ = q.forget(c)
			return true
		}
	}
	return false
}

// forget ends a session and removes its messages from the queue. It returns the call that the
// loop must hear of.
func (q *queueServer) forget(c *clientSession) *Call {
	if q.clients[c.client] != c {
		return nil
	}
	delete(q.clients, c.client)
	call := c.end()
	if c.pidfd >= 0 {
		q.server.poller.forget(c.key)
		unix.Close(c.pidfd)
		c.pidfd = -1
	}
	q.drain(c.client)
	return call
}

// drain removes all messages for a client from the queue.
func (q *queueServer) drain(client uint32) {
	buffer := make([]byte, sys.MsgHead)
	for {
		_, err := sys.MsgReceive(q.queues.Reply, buffer, int64(client), sys.IPCNoWait|sys.MsgNoError)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

// clientExit is the poller's source for the end of a client's process.
type clientExit struct{ c *clientSession }

func (e clientExit) ready() bool {
	q := e.c.server
	q.mu.Lock()
	call := q.forget(e.c)
	if len(q.waiting) > 0 {
		q.wake()
	}
	q.mu.Unlock()
	q.reportGone(call)
	return false
}
