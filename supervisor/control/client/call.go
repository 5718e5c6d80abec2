package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
)

// call is one request that is being answered.
type call struct {
	wire.Conversation
	client *Client
	ctx    context.Context

	began     time.Time
	returned  chan struct{}         // closed when run returns
	guardDone chan struct{}         // closed when the guard has ended; nil if there is none
	cause     atomic.Pointer[error] // why the guard has woken us
}

// run sends the request and receives answers until the last one has come or yield returns
// false.
func (c *call) run(r request.Request, yield func(*request.Reply, error) bool) error {
	text, err := request.Marshal(r)
	if err == nil && !c.Resume(text) {
		err = c.send(wire.Request, text)
	}
	if err != nil {
		return err
	}
	done := false
	slow.add(c)
	defer func() {
		guarded := slow.remove(c)
		close(c.returned)
		if guarded != nil {
			<-guarded
		}
		if !done {
			_ = c.send(wire.Cancel, nil)
		}
		if guarded != nil || !done {
			c.Drain()
		}
	}()
	for !done {
		var answer []byte
		if answer, done, err = c.receive(); err != nil {
			return err
		}
		reply := new(request.Reply)
		if err := json.Unmarshal(answer, reply); err != nil {
			return fmt.Errorf("cannot read the answer: %w", err)
		}
		if !yield(reply, nil) {
			return nil
		}
		if !done {
			if err := c.send(wire.Next, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// retry is how long to wait when the request queue is full: the supervisor empties it as fast
// as it can.
const retry = 200 * time.Microsecond

// cancelTries is how often a cancel is tried; nobody waits for it.
const cancelTries = 50

func (c *call) send(kind wire.Kind, payload []byte) error {
	for try := 1; ; try++ {
		err := c.Send(kind, payload)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR):
			return os.NewSyscallError("msgsnd", err)
		case kind == wire.Cancel && try < cancelTries:
		case c.ctx.Err() != nil || kind == wire.Cancel:
			return c.ctx.Err()
		case !c.client.queues.Owner.Alive():
			return ErrEnded
		}
		time.Sleep(retry)
	}
}

// receive returns the next complete answer, and whether it is the last.
func (c *call) receive() (answer []byte, last bool, err error) {
	for {
		answer, whole, last, err := c.Receive()
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, wire.ErrWoken):
			if cause := c.cause.Load(); cause != nil {
				return nil, false, *cause
			}
			continue
		case errors.As(err, new(syscall.Errno)):
			return nil, false, os.NewSyscallError("msgrcv", err)
		case err != nil:
			return nil, false, err
		case whole:
			return answer, last, nil
		}
		if err := c.send(wire.Next, nil); err != nil {
			return nil, false, err
		}
	}
}

// explain says what an error means.
func (c *call) explain(err error) error {
	switch {
	case errors.Is(err, syscall.EINVAL) && c.client.queues.Exist():
		err = fmt.Errorf("the request is too long: %w", err)
	case errors.Is(err, syscall.EIDRM), errors.Is(err, syscall.EINVAL):
		return ErrEnded
	case errors.Is(err, ErrEnded), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return fmt.Errorf("cannot talk to the supervise of %s: %w", c.client.dir, err)
}
