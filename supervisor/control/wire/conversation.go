package wire

import (
	"errors"
	"syscall"

	"supervise/internal/sys"
)

// Conversation is the client's side of one request, common to all clients of this program.
// How they wait, and for how long, is up to them.
type Conversation struct {
	Queues *Queues
	Client uint32 // see [ClientID]
	Number uint64 // of the request: one that no earlier process with this pid has used

	parts  Assembler
	buffer []byte
	first  []byte // a message that was received already
	asked  bool   // the next one was asked for already
}

// ErrWoken says that a message of the kind [Wake] came.
const ErrWoken = constant("woken")

// Send sends a frame of the request, and never waits: EAGAIN says that the queue is full,
// EINTR to try again; for others see msgsnd(2).
func (c *Conversation) Send(kind Kind, payload []byte) error {
	if c.asked && kind == Next {
		c.asked = false
		return nil
	}
	frame := Frame{Kind: kind, Client: c.Client, Request: c.Number, Parts: 1, Payload: payload}
	return sys.MsgSend(c.Queues.Request, frame.Append(nil, ToServer), sys.IPCNoWait)
}

// Receive waits for a frame of the answer. whole says that the frame completes an answer,
// which is valid until the next call; last, that no other follows. After each frame but the
// very last the client sends [Next]. Frames of other requests are skipped. EINTR says that a
// signal came; [ErrWoken] that a [Wake] did; for others see msgrcv(2).
func (c *Conversation) Receive() (answer []byte, whole, last bool, err error) {
	if c.buffer == nil {
		c.buffer = make([]byte, sys.MsgHead+c.Queues.Size)
	}
	for {
		message, err := c.next()
		if err != nil {
			return nil, false, false, err
		}
		frame, err := Parse(message)
		if err != nil || frame.Request != c.Number {
			continue // of an earlier process with our pid, or nobody's
		}
		if frame.Kind == Wake {
			return nil, false, false, ErrWoken
		}
		answer, whole, err := c.parts.Add(frame)
		return answer, whole, frame.Flags&Last != 0, err
	}
}

// next waits for a message.
func (c *Conversation) next() (message []byte, err error) {
	if message = c.first; message != nil {
		c.first = nil
		return message, nil
	}
	n, err := sys.MsgReceive(c.Queues.Reply, c.buffer, int64(c.Client), sys.MsgNoError)
	return c.buffer[sys.MsgHead : sys.MsgHead+n], err
}

// Drain removes messages that may have come for a request that is over.
func (c *Conversation) Drain() {
	for buffer := make([]byte, sys.MsgHead+c.Queues.Size); ; {
		_, err := sys.MsgReceive(c.Queues.Reply, buffer, int64(c.Client), sys.IPCNoWait|sys.MsgNoError)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}
