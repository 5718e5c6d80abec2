package snapshot

import (
	"os"
	"sync/atomic"

	"supervise/internal/sys"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// Options say how to make snapshots.
type Options struct {
	// Self is the supervisor, the parent of all main processes.
	Self request.Supervisor

	// Describe describes service i, see [Describe]. It is called on the loop.
	Describe func(i int) status.Service

	// Process reads the state of a process from /proc. It is called on any goroutine.
	Process func(pid int) (sys.SignalState, error)

	// Leave makes the loop answer a call, by [Snapshots.AnswerOnLoop]. It is called on any
	// goroutine, and must not wait.
	Leave func(Call)

	// Go runs a function beside the loop, on a goroutine of its own. It is called on any
	// goroutine, and must not wait.
	Go func(func())
}

// Board shows the snapshots to other processes, which need not ask. A [*board.Board] is one.
type Board interface {
	Resize(n int) error
	Set(i int, s *status.Service)
	Publish() error
	Work(busy bool)
	Move(dir *os.Root) error
	Close()
}

// Snapshots has the snapshots of all services. Its methods are called on the loop, except
// for [Snapshots.Answer].
type Snapshots struct {
	options Options
	busy    atomic.Bool // the loop is at work
	self    atomic.Pointer[request.Supervisor]
	listed  atomic.Pointer[list]
	queue   queue

	all     []*snapshot  // by number
	halted  map[int]bool // children that were stopped by a signal, or have been and go on: by pid
	touched []int
	board   Board // nil: there is none
}

// snapshot is one service as it was last published. Other goroutines read the pointer while
// the loop replaces it; the rest is the loop's.
type snapshot struct {
	atomic.Pointer[status.Service]
	touched bool // the next Publish replaces it
	listed  bool
	paused  bool // by a command
}

// list has the snapshots of the listed services. It is replaced as a whole.
type list struct {
	order  []*snapshot
	byName map[string]*snapshot
}

// New returns snapshots without services. The loop counts as at work.
func New(options Options) *Snapshots {
	s := &Snapshots{options: options, halted: map[int]bool{}}
	s.busy.Store(true)
	s.self.Store(&options.Self)
	s.listed.Store(&list{})
	return s
}

// Show sets a board that shows the services, too. It belongs to the snapshots from now on.
func (s *Snapshots) Show(b Board) {
	s.board = b
	for i := range s.all {
		s.Touch(i)
	}
}

// Resize says how many services there are; their number only grows. After an error, which
// is the board's, there is no board any more.
func (s *Snapshots) Resize(n int) error {
	for i := len(s.all); i < n; i++ {
		s.all = append(s.all, &snapshot{})
		s.Touch(i)
	}
	if s.board == nil {
		return nil
	}
	return s.checked(s.board.Resize(n))
}

// List says which services are shown, and in which order.
func (s *Snapshots) List(order []int) {
	for _, snapshot := range s.all {
		snapshot.listed = false
	}
	l := &list{byName: make(map[string]*snapshot, len(order))}
	for _, i := range order {
		l.order = append(l.order, s.all[i])
		s.all[i].listed = true
		l.byName[s.take(i).Name] = s.all[i]
	}
	s.listed.Store(l)
}

// take replaces a snapshot. Whether a main process is stopped is known from the last command,
// until a signal has stopped or continued it.
func (s *Snapshots) take(i int) *status.Service {
	now := s.options.Describe(i)
	if now.Paused != s.all[i].paused {
		s.all[i].paused = now.Paused
		delete(s.halted, now.PID)
	}
	if stopped, known := s.halted[now.PID]; known {
		now.SetStopped(stopped)
	}
	s.all[i].Store(&now)
	return &now
}

// Halted takes note of a child that was stopped or continued, by whomever, and reports whether
// that is all: it has not ended.
func (s *Snapshots) Halted(child sys.Child) bool {
	if child.Change == sys.HasEnded {
		delete(s.halted, child.PID)
		return false
	}
	s.halted[child.PID] = child.Change == sys.HasStopped
	for i, snapshot := range s.all {
		if now := snapshot.Load(); now != nil && now.PID == child.PID {
			s.Touch(i)
		}
	}
	return true
}

// SetSupervisor sets what can change about the supervisor itself.
func (s *Snapshots) SetSupervisor(file string, stopping bool) {
	if last := s.self.Load(); last.File != file || last.Stopping != stopping {
		self := *last
		self.File, self.Stopping = file, stopping
		s.self.Store(&self)
	}
}

// Touch marks a service whose status may have changed. A number out of range is ignored.
func (s *Snapshots) Touch(i int) {
	if i < 0 || i >= len(s.all) || s.all[i].touched {
		return
	}
	s.all[i].touched = true
	s.touched = append(s.touched, i)
}

// Publish replaces the snapshots of the touched services. With a board, that takes one system
// call for all of them. After an error, which is the board's, there is no board any more.
func (s *Snapshots) Publish() error {
	if len(s.touched) == 0 {
		return nil
	}
	for _, i := range s.touched {
		now := s.take(i)
		s.all[i].touched = false
		if s.board == nil {
			continue
		}
		if !s.all[i].listed {
			now = &status.Service{}
		}
		s.board.Set(i, now)
	}
	s.touched = s.touched[:0]
	if s.board == nil {
		return nil
	}
	return s.checked(s.board.Publish())
}

// Work says whether the loop is at work. While it is, clients may have seen more than the
// snapshots show. It makes no system call.
func (s *Snapshots) Work(busy bool) {
	s.busy.Store(busy)
	if s.board != nil {
		s.board.Work(busy)
	}
}

// Move registers the board in another directory.
func (s *Snapshots) Move(dir *os.Root) error {
	if s.board == nil {
		return nil
	}
	return s.board.Move(dir)
}

// checked closes the board after an error.
func (s *Snapshots) checked(err error) error {
	if err != nil {
		s.board.Close()
		s.board = nil
	}
	return err
}

// Close waits until all calls are answered, and removes the board.
func (s *Snapshots) Close() {
	s.queue.answering.Wait()
	if s.board != nil {
		s.board.Close()
		s.board = nil
	}
}
