package control

import (
	"errors"
	"os"
	"sync"

	"supervise/internal/ipc"
	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
	"supervise/supervisor/machine"
)

// Options configure a server.
type Options struct {
	Dir      *os.Root // the runtime directory, which belongs to the caller alone
	Services []string // each gets a FIFO
	Mode     uint32   // of FIFOs and queues: 0600, 0660 ...; only the queue of answers can be read
	Group    int      // of the same; -1 for the process's own

	// Wake is called when [Server.Take] has something, on any goroutine. It must not wait.
	Wake func()

	// Look, if not nil, describes the process of a client that asks for a change, on the
	// goroutine that receives all requests. It may read /proc, but must not wait for others.
	Look func(pid int) (by machine.Asker, alive bool)

	// Report is called with errors, on any goroutine, at most a few times a second. source is
	// a path or a client.
	Report func(source string, err error)
}

// Leftovers counts what a killed supervisor left behind.
type Leftovers struct {
	Queues int // message queues, removed
	FIFOs  int // taken over, or removed
}

// inboxSize is how many calls may wait for the loop. Whoever sends more waits.
const inboxSize = 64

// Server takes commands.
type Server struct {
	options     Options
	perm        ipc.Permission
	inbox       chan item
	errors      *reporter
	poller      *poller
	fifos       *fifos
	queueServer *queueServer

	// beside answers calls without the loop, or nil: see Serve.
	beside func(*Call) bool

	closed chan struct{}
	tasks  sync.WaitGroup
}

// item is one thing for the loop.
type item struct {
	call  *Call
	ended bool
}

// Open makes FIFOs and queues, which [Server.Serve] serves. If there are no queues, which are a
// limited resource of the system, it serves the FIFOs alone and says so through Report; an
// error is about the FIFOs.
func Open(options Options) (*Server, Leftovers, error) {
	s := &Server{
		options: options, perm: ipc.Permission{Mode: options.Mode & 0o666, Group: options.Group},
		inbox: make(chan item, inboxSize), errors: newReporter(options.Report), closed: make(chan struct{}),
	}
	var left Leftovers
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
		s.errors.report(wire.FileName, err)
	} else {
		s.queueServer = newQueueServer(s, queues)
	}
	return s, left, nil
}

// Serve begins to serve, once. Each call is offered to beside first, unless that is nil, on the
// goroutine that receives them all. It must not wait; false leaves the call to [Server.Take].
func (s *Server) Serve(beside func(*Call) bool) {
	s.beside = beside
	if s.queueServer != nil {
		s.tasks.Go(s.queueServer.receive)
		s.tasks.Go(s.queueServer.write)
	}
	s.tasks.Go(func() { s.poller.run(s.closed) })
}

// shared reports whether others than our user and root may command.
func (s *Server) shared() bool { return s.perm.Mode&0o022 != 0 }

// intoPermission is that of what others write into and only we read: who could read too,
// could take commands of others away.
func intoPermission(perm ipc.Permission) ipc.Permission {
	perm.Mode &^= 0o044
	return perm
}

// Take returns what has come, if anything: a new call, or with ended an earlier one that is
// not answered yet and that nobody will read. It never waits.
func (s *Server) Take() (call *Call, ended, ok bool) {
	select {
	case i := <-s.inbox:
		return i.call, i.ended, true
	default:
		return nil, false, false
	}
}

// SetServices opens and closes FIFOs to match a changed configuration. It does not wait;
// errors are reported.
func (s *Server) SetServices(names []string) {
	s.poller.do(func() {
		if _, err := s.fifos.set(names); err != nil {
			s.errors.report(s.options.Dir.Name(), err)
		}
	})
}

// Then calls f on another goroutine when all that was asked before, by SetServices or Move,
// is done.
func (s *Server) Then(f func()) { s.poller.do(f) }

// Move serves another directory from now on, because the current one is no longer where
// clients look. Calls go on and the queues stay. It does not wait: done is called on another
// goroutine when the previous directory is no longer needed. Errors are reported.
func (s *Server) Move(dir *os.Root, done func()) {
	s.poller.do(func() {
		err := s.fifos.move(dir)
		if s.queueServer != nil {
			err = errors.Join(err, s.queueServer.move(dir))
		}
		if err != nil {
			s.errors.report(dir.Name(), err)
		}
		done()
	})
}

// Counts are numbers for metrics.
type Counts struct {
	Errors uint64 // reported, or suppressed because there were too many
	Lost   uint64 // dropped answers, and discarded messages of strangers
}

// Counts returns them.
func (s *Server) Counts() Counts {
	c := Counts{Errors: s.errors.count.Load()}
	if s.queueServer != nil {
		c.Lost = s.queueServer.lost.Load()
	}
	return c
}

// Close stops serving and removes FIFOs and queues. Answers that exist already get a moment
// to be read. Take must not be relied on afterwards.
func (s *Server) Close() {
	if s.queueServer != nil {
		s.queueServer.flush()
	}
	close(s.closed)
	if s.queueServer != nil {
		s.queueServer.close()
	}
	s.poller.wake()
	s.tasks.Wait()
	s.fifos.close()
	s.poller.close()
}

// answer reports whether the call was answered beside the loop.
func (s *Server) answer(call *Call) bool { return s.beside != nil && s.beside(call) }

// origin is where a request in a queue comes from; r is nil for one that is none.
func (s *Server) origin(pid int, r request.Request) Origin {
	o := Origin{PID: pid, Shared: s.shared()}
	if s.options.Look != nil && r != nil && request.Changes(r) {
		o.By, _ = s.options.Look(pid)
	}
	return o
}

// push hands a call to the loop. It waits while the loop is busy, which slows down whoever
// floods us. It must not be called with a lock held that the loop takes.
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
