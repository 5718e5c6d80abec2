package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
)

// NotRunningError says that no supervisor runs in a directory.
type NotRunningError = wire.NotRunningError

// ErrEnded says that the supervisor ended before its answer was there.
var ErrEnded = errors.New("supervise ended before it answered")

// Client asks one supervisor. It may be used by several goroutines at once.
type Client struct {
	queues *wire.Queues
	dir    string
}

// Dial finds the supervisor that runs in a runtime directory. A [*NotRunningError] says
// that none does.
func Dial(dir string) (*Client, error) {
	queues, err := wire.Find(dir)
	if err != nil {
		return nil, err
	}
	return &Client{queues: queues, dir: dir}, nil
}

// PID returns the supervisor's pid.
func (c *Client) PID() int { return c.queues.Owner.PID }

// Call asks and returns the last answer. Its error is then also the call's, as a
// [*request.Failure]. Others are ctx's, [ErrEnded], and errors of the queues, such as
// EACCES for want of permission. When ctx ends, what was asked for may have been done.
func (c *Client) Call(ctx context.Context, r request.Request) (reply *request.Reply, err error) {
	for reply, err = range c.Stream(ctx, r) {
		if err != nil {
			return nil, err
		}
	}
	if reply.Error != nil {
		return reply, reply.Error
	}
	return reply, nil
}

// Stream asks and yields every answer as it comes; the errors are those of [Client.Call],
// but an answer's own error is left in it. To break out of the loop tells the supervisor
// that no more is wanted.
func (c *Client) Stream(ctx context.Context, r request.Request) iter.Seq2[*request.Reply, error] {
	return func(yield func(*request.Reply, error) bool) {
		slot, err := slots.take()
		if err != nil {
			yield(nil, err)
			return
		}
		defer slots.give(slot)
		call := &call{
			Conversation: wire.Conversation{
				Queues: c.queues, Client: wire.ClientID(os.Getpid(), slot), Number: numbers.Add(1),
			},
			client: c, ctx: ctx, left: make(chan struct{}),
		}
		if err := call.run(r, yield); err != nil {
			yield(nil, call.explain(err))
		}
	}
}

// numbers are those of requests. They begin where no earlier process with our pid has been.
var numbers atomic.Uint64

func init() { numbers.Store(uint64(time.Now().UnixNano())) }

// slots tell the calls apart that the process has under way.
var slots slotSet

type slotSet struct {
	mu   sync.Mutex
	used [1 << wire.SlotBits]bool
	next int
}

func (s *slotSet) take() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range s.used {
		slot := s.next
		s.next = (s.next + 1) % len(s.used)
		if !s.used[slot] {
			s.used[slot] = true
			return slot, nil
		}
	}
	return 0, fmt.Errorf("there are %d calls to supervise under way", len(s.used))
}

func (s *slotSet) give(slot int) {
	s.mu.Lock()
	s.used[slot] = false
	s.next = min(s.next, slot) // the server keeps something of each client id that it met
	s.mu.Unlock()
}
