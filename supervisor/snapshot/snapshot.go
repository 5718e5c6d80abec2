package snapshot

import (
	"os"
	"sync/atomic"

	"supervise/internal/sys"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// Options is what snapshots need.
type Options struct {
	// Self is who answers. Its pid is that of the parent of all main processes.
	Self request.Supervisor

	// Describe describes service i, see [Describe]. It is called on the loop.
	Describe func(i int) status.Service

	// Process reads what /proc says of a process. It is called on any goroutine.
	Process func(pid int) (sys.SignalState, error)

	// Leave has the loop answer a call, by [Snapshots.AnswerOnLoop]. It is called on any
	// goroutine, and must not wait.
	Leave func(Call)

	// Go runs a function beside the loop, on a goroutine of its own. It is called on any
	// goroutine, and must not wait.
	Go func(func())
}

// Board is where the snapshots are shown to those who do not even ask. A [*board.Board] is
// one.
type Board interface {
	Resize(n int) error
	Set(i int, s *status.Service)
	Publish() error
	Work(busy bool)
	Move(dir *os.Root) error
	Close()
}

// Snapshots is the snapshots of all services. But for [Snapshots.Answer] its methods are
// the loop's.
type Snapshots struct {
	options Options
	busy    atomic.Bool // the loop is at work
	self    atomic.Pointer[request.Supervisor]
	listed  atomic.Pointer[list]
	queue   queue

	all     []*snapshot // by number
	touched []int
	board   Board // nil: there is none
}

// snapshot is one service as it was last published. Others read the pointer while the loop
// replaces it; the rest is the loop's.
type snapshot struct {
	atomic.Pointer[status.Service]
	touched bool // it is to be replaced
	listed  bool
}

// list is the snapshots of the services that are told of. It is replaced as a whole.
type list struct {
	order  []*snapshot
	byName map[string]*snapshot
}

// New returns snapshots of no services, of a loop that is at work.
func New(options Options) *Snapshots {
	s := &Snapshots{options: options}
	s.busy.Store(true)
	s.self.Store(&options.Self)
	s.listed.Store(&list{})
	return s
}

// Show has a board show the services too. It belongs to the snapshots from now on.
func (s *Snapshots) Show(b Board) {
	s.board = b
	for i := range s.all {
		s.Touch(i)
	}
}

// Resize says how many services there are; their number only grows. An error is the
// board's, which is closed then.
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

// List says which services are told of, and in which order. The others are on the board no
// more.
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

// take replaces a snapshot.
func (s *Snapshots) take(i int) *status.Service {
	now := s.options.Describe(i)
	s.all[i].Store(&now)
	return &now
}

// SetSupervisor says what can change of the supervisor itself.
func (s *Snapshots) SetSupervisor(file string, stopping bool) {
	if self := *s.self.Load(); self.File != file || self.Stopping != stopping {
		self.File, self.Stopping = file, stopping
		s.self.Store(&self)
	}
}

// Touch says that a service may have changed. A number that is none is ignored.
func (s *Snapshots) Touch(i int) {
	if i < 0 || i >= len(s.all) || s.all[i].touched {
		return
	}
	s.all[i].touched = true
	s.touched = append(s.touched, i)
}

// Publish replaces the snapshots of what was touched. That costs one system call with a
// board, however many they are. An error is the board's, which is closed then.
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

// Work says whether the loop is at work, so that others may know more than the snapshots
// show. It makes no system call.
func (s *Snapshots) Work(busy bool) {
	s.busy.Store(busy)
	if s.board != nil {
		s.board.Work(busy)
	}
}

// Move has the board named in another directory.
func (s *Snapshots) Move(dir *os.Root) error {
	if s.board == nil {
		return nil
	}
	return s.board.Move(dir)
}

// checked gives the board up after an error.
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
