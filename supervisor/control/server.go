package control

import (
	"errors"
	"os"
	"sync"

	"supervise/internal/ipc"
	"supervise/supervisor/control/wire"
)

// Options is what a server needs.
type Options struct {
	Dir      *os.Root // the runtime directory, which belongs to the caller alone
	Services []string // each gets a FIFO
	Mode     uint32   // of FIFOs and queues: 0600, 0660 ...
	Group    int      // of the same; -1 is the process's own

	// Wake is called when [Server.Take] has something, on any goroutine. It must not wait.
	Wake func()

	// Answer is asked to answer each call first, unless it is nil. It is called on the
	// goroutine that receives them all, and must not wait; false leaves the call to [Server.Take].
	Answer func(*Call) bool

	// Report is called with what was wrong, on any goroutine, a few times a second at the
	// most. source is a path or a client.
	Report func(source string, err error)
}

// Left says what was found of a supervisor that was killed.
type Left struct {
	Queues int // message queues, removed
	FIFOs  int // taken over, or removed
}

// inboxSize is how many calls may wait for the loop. Who sends more waits too.
const inboxSize = 64

// Server takes commands.
type Server struct {
	options Options
	perm    ipc.Permission
	inbox   chan item
	report  *reporter
	poller  *poller
	fifos   *fifos
	desk    *desk

	closed chan struct{}
	tasks  sync.WaitGroup
}

// item is one thing for the loop.
type item struct {
	call  *Call
	ended bool
}

// Open makes FIFOs and queues and begins to serve. Without queues, which the system can be
// short of, it serves the FIFOs, and says so through Report; an error is one of the FIFOs.
func Open(options Options) (*Server, Left, error) {
	s := &Server{
		options: options, perm: ipc.Permission{Mode: options.Mode & 0o666, Group: options.Group},
		inbox: make(chan item, inboxSize), report: newReporter(options.Report), closed: make(chan struct{}),
	}
	var left Left
	var err error
	if s.poller, err = newPoller(); err != nil {
		return nil, left, err
	}
	if s.fifos, left.FIFOs, err = openFIFOs(s); err != nil {
		s.poller.close()
		return nil, left, err
	}
	queues, stale, err := openQueues(options.Dir, s.perm)
	left.Queues = stale
	if err != nil {
		s.report.say(wire.FileName, err)
	} else {
		s.desk = newDesk(s, queues)
		s.tasks.Go(s.desk.receive)
		s.tasks.Go(s.desk.write)
	}
	s.tasks.Go(func() { s.poller.run(s.closed) })
	return s, left, nil
}

// Take returns what has come, if something has: a call, or with ended one that was taken
// before, is not answered yet, and will be read by nobody. It never waits.
func (s *Server) Take() (call *Call, ended, ok bool) {
	select {
	case i := <-s.inbox:
		return i.call, i.ended, true
	default:
		return nil, false, false
	}
}

// SetServices has the services' FIFOs follow a change of the configuration. It does not
// wait; what goes wrong is reported.
func (s *Server) SetServices(names []string) {
	s.poller.do(func() {
		if _, err := s.fifos.set(names); err != nil {
			s.report.say(s.options.Dir.Name(), err)
		}
	})
}

// Move has the server serve another directory, to which it is to be found from then on: the
// one that it has is not where it was any more. Calls go on, and the queues stay. It does not
// wait: done is called on another goroutine when the directory before is not needed any
// more. What goes wrong is reported.
func (s *Server) Move(dir *os.Root, done func()) {
	s.poller.do(func() {
		err := s.fifos.move(dir)
		if s.desk != nil {
			err = errors.Join(err, s.desk.move(dir))
		}
		if err != nil {
			s.report.say(dir.Name(), err)
		}
		done()
	})
}

// Counts are numbers for metrics.
type Counts struct {
	Errors uint64 // that Report was told of, or would have been
	Lost   uint64 // answers that were given up, messages of strangers thrown away
}

// Counts returns them.
func (s *Server) Counts() Counts {
	c := Counts{Errors: s.report.count.Load()}
	if s.desk != nil {
		c.Lost = s.desk.lost.Load()
	}
	return c
}

// Close ends the service and removes FIFOs and queues. Answers that are there already have
// a moment to be read. Take must not be relied on from then on.
func (s *Server) Close() {
	if s.desk != nil {
		s.desk.flush()
	}
	close(s.closed)
	if s.desk != nil {
		s.desk.close()
	}
	s.poller.wake()
	s.tasks.Wait()
	s.fifos.close()
	s.poller.close()
}

// answered reports whether a call needed nobody else.
func (s *Server) answered(call *Call) bool { return s.options.Answer != nil && s.options.Answer(call) }

// push hands a call to the loop. It waits while the loop has enough to do, so that who
// floods us is held up by it. It must not be called with a lock held that the loop takes.
func (s *Server) push(i item) {
	select {
	case s.inbox <- i:
		s.options.Wake()
		return
	default:
	}
	select {
	case s.inbox <- i:
		s.options.Wake()
	case <-s.closed:
	}
}
