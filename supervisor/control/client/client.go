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

// ErrEnded says that the supervisor ended before it answered.
var ErrEnded = errors.New("supervise ended before it answered")

// Client talks to one supervisor. Several goroutines may use it at once.
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

// Call sends a request and returns the last answer. If that has an error, it is also
// returned, as a [*request.Failure]. Other errors are ctx's, [ErrEnded], and those of the
// queues, such as EACCES without permission. When ctx ends, the request may have been carried
// out.
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

// Stream sends a request and yields every answer as it comes. Errors are those of
// [Client.Call], but an answer's own error is left in the answer. Breaking out of the loop
// tells the supervisor that no more is wanted.
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
			client: c, ctx: ctx, returned: make(chan struct{}),
		}
		if err := call.run(r, yield); err != nil {
			yield(nil, call.explain(err))
		}
	}
}

// numbers are request numbers. They start where no earlier process with our pid can have
// been.
var numbers atomic.Uint64

func init() { numbers.Store(uint64(time.Now().UnixNano())) }

// slots distinguish the calls that this process has open at the same time.
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
	s.next = min(s.next, slot) // the server remembers each client id that it has seen
	s.mu.Unlock()
}
