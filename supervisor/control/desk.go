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

// desk serves the message queues. One goroutine receives; answers are sent by whoever
// finds that a client waits for one: the receiver, or the writer when the loop has
// answered.
type desk struct {
	server *Server
	bell   chan struct{} // the writer has something to do
	lost   atomic.Uint64

	mu      sync.Mutex // held for system calls that do not wait, and never while encoding
	queues  *queues
	size    int
	clients map[uint32]*conversation
	ready   []*conversation // the loop has answered
	waiting []*conversation // for room in the queue
	swept   time.Time
	closing bool
}

func newDesk(s *Server, queues *queues) *desk {
	return &desk{
		server: s, queues: queues, size: queues.Size,
		bell: make(chan struct{}, 1), clients: map[uint32]*conversation{},
	}
}

// ring wakes the writer.
func (d *desk) ring() {
	select {
	case d.bell <- struct{}{}:
	default:
	}
}

// told takes an answer of the loop. A short one to a client that waits for it goes out at
// once, which costs a few microseconds; all others are left to the writer.
func (d *desk) told(call *Call, r *request.Reply, last bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := call.client
	if c.call != call {
		return
	}
	c.add(r, last)
	switch {
	case !c.credit:
	case short(r) && len(c.backlog) == 1 && len(c.frames) == 0:
		if c.advance(); len(d.waiting) > 0 {
			d.ring()
		}
	default:
		d.ready = append(d.ready, c)
		d.ring()
	}
}

// short reports whether an answer takes no time to write.
func short(r *request.Reply) bool {
	const few = 8
	return len(r.Services)+len(r.Outcomes)+len(r.Events)+len(r.Plan) <= few && len(r.Lines) == 0
}

// receive takes what clients send, until the queue is removed.
func (d *desk) receive() {
	buffer := make([]byte, sys.MsgHead+64<<10) // more than msgmax usually is
	for {
		n, err := sys.MsgReceive(d.queues.Request, buffer, 0, sys.MsgNoError)
		switch {
		case err == nil:
			d.received(buffer[sys.MsgHead : sys.MsgHead+n])
		case errors.Is(err, syscall.EINTR):
		case !d.renew(err):
			return
		}
	}
}

// renew makes new queues when somebody has removed ours. ok is false when there are none.
func (d *desk) renew(cause error) (ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closing {
		return false
	}
	d.queues.remove()
	queues, _, err := openQueues(d.queues.directory, d.server.perm)
	if err != nil {
		d.server.report.say(wire.FileName, fmt.Errorf("cannot receive from the message queue: msgrcv: %w; %w", cause, err))
		return false
	}
	d.server.report.say(wire.FileName, fmt.Errorf("the message queues were removed by somebody, new ones are made: msgrcv: %w", cause))
	d.queues, d.size = queues, queues.Size
	return true
}

// move has a file in another directory name the queues.
func (d *desk) move(dir *os.Root) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closing {
		return nil
	}
	_ = d.queues.directory.Remove(wire.FileName)
	d.queues.directory = dir
	return d.queues.write()
}

// received works off one message.
func (d *desk) received(message []byte) {
	frame, err := wire.Parse(message)
	if err == nil && (frame.Kind == wire.Reply || frame.Kind == wire.Wake) {
		err = fmt.Errorf("%w that a client sends to a server: kind %d", wire.ErrFrame, frame.Kind)
	}
	if err != nil {
		d.server.report.say(wire.FileName, err)
		return
	}
	switch frame.Kind {
	case wire.Request:
		d.requested(frame)
	case wire.Next:
		d.next(frame)
	case wire.Cancel:
		d.cancelled(frame)
	}
}

// requested begins a call. A request is carried out also when its client is gone already.
func (d *desk) requested(frame wire.Frame) {
	r, err := request.Unmarshal(frame.Payload)
	call := &Call{Request: r, Origin: Origin{PID: wire.ClientPID(frame.Client)}, number: frame.Request}
	var before *Call
	if frame.Flags&wire.Quiet == 0 {
		d.mu.Lock()
		if c := d.meet(frame.Client); c != nil {
			if c.unread != nil {
				d.drain(c.client)
			}
			before = c.end()
			call.desk, call.client = d, c
			c.begin(call)
		}
		d.mu.Unlock()
	}
	d.over(before)
	switch {
	case err == nil && d.server.answered(call):
	case err == nil:
		d.server.push(item{call: call})
	case call.desk != nil:
		var failure *request.Failure
		errors.As(err, &failure)
		call.Reply(&request.Reply{Error: failure})
	default:
		d.server.report.say(call.Origin.String(), err)
	}
}

// over tells the loop that a call that it has not answered, if there is one, will not be
// read any more.
func (d *desk) over(call *Call) {
	if call != nil && !call.gone.Swap(true) {
		d.server.push(item{call: call, ended: true})
	}
}

// next lets the client's next frame go.
func (d *desk) next(frame wire.Frame) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.clients[frame.Client]
	if c == nil || c.number != frame.Request {
		return
	}
	if c.lost {
		c.begin(&Call{number: c.number, desk: d, client: c})
		c.add(&request.Reply{Error: &request.Failure{Code: request.Lost, Text: "the answer was given up: it was not read for too long"}}, true)
	}
	c.unread, c.credit, c.parked = nil, true, time.Time{}
	c.advance()
	if len(d.waiting) > 0 {
		d.ring()
	}
}

func (d *desk) cancelled(frame wire.Frame) {
	d.mu.Lock()
	c := d.clients[frame.Client]
	var call *Call
	if c != nil && c.number == frame.Request {
		call = c.end()
		d.drain(c.client)
	}
	d.mu.Unlock()
	d.over(call)
}

// meet returns the conversation with a client, nil when its process is gone.
func (d *desk) meet(client uint32) *conversation {
	if c := d.clients[client]; c != nil {
		if c.pidfd < 0 || !errors.Is(sys.KillPIDFD(c.pidfd, 0), syscall.ESRCH) {
			return c
		}
		// The pid is another process's by now, and the end of this one on its way to us.
		call := d.forget(c)
		go d.over(call)
	}
	if len(d.clients) >= maxClients && !d.makeRoom() {
		d.lost.Add(1)
		d.server.report.say(wire.FileName, fmt.Errorf("cannot answer pid %d: there are %d clients", wire.ClientPID(client), maxClients))
		return nil
	}
	c := &conversation{desk: d, client: client}
	var err error
	c.pidfd, err = sys.OpenPID(wire.ClientPID(client))
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	if err == nil {
		if c.key, err = d.server.poller.add(c.pidfd, unix.EPOLLIN|unix.EPOLLONESHOT, death{c}); err != nil {
			unix.Close(c.pidfd)
			c.pidfd = -1
		}
	}
	if err != nil {
		d.server.report.say(wire.FileName, fmt.Errorf("cannot watch pid %d: %w", wire.ClientPID(client), os.NewSyscallError("pidfd_open", err)))
	}
	d.clients[client] = c
	return c
}

// makeRoom forgets a client that has no call. It may have left its last answer unread.
func (d *desk) makeRoom() bool {
	for _, c := range d.clients {
		if c.call == nil {
			_ = d.forget(c)
			return true
		}
	}
	return false
}

// forget ends a conversation and takes out of the queue what is left for the client. It
// returns the call that the loop is to be told of.
func (d *desk) forget(c *conversation) *Call {
	if d.clients[c.client] != c {
		return nil
	}
	delete(d.clients, c.client)
	call := c.end()
	if c.pidfd >= 0 {
		d.server.poller.forget(c.key)
		unix.Close(c.pidfd)
		c.pidfd = -1
	}
	d.drain(c.client)
	return call
}

// drain takes all messages for a client out of the queue.
func (d *desk) drain(client uint32) {
	buffer := make([]byte, sys.MsgHead)
	for {
		_, err := sys.MsgReceive(d.queues.Reply, buffer, int64(client), sys.IPCNoWait|sys.MsgNoError)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

// death is the source of a client's end.
type death struct{ c *conversation }

func (e death) ready() bool {
	d := e.c.desk
	d.mu.Lock()
	call := d.forget(e.c)
	if len(d.waiting) > 0 {
		d.ring()
	}
	d.mu.Unlock()
	d.over(call)
	return false
}
