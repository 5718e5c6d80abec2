package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake"
	"supervise/supervisor/board"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/logs"
	"supervise/supervisor/machine"
	"supervise/supervisor/process/tree"
	"supervise/supervisor/rundir"
)

// Options is how a supervisor is to run.
type Options struct {
	File    *config.File
	Version string // told to those who ask
	Intake  *intake.Intake
	Level   zerolog.Level
	JSON    bool // log lines, and by default those of services, are JSON objects
	Color   bool // standard error is a terminal

	// RuntimeDir takes the place of what File says, unless it is "".
	RuntimeDir string
}

// Supervisor is a running supervisor. All of it but the mailbox belongs to the loop.
type Supervisor struct {
	file     *config.File
	in       *intake.Intake
	machine  *machine.Machine
	services []*service
	leaders  map[int]*service // by the pid of a living main process
	clearing map[*service]struct{}
	began    time.Time
	finished bool

	inherited inheritance
	terminal  bool // there was a controlling terminal at the start

	held     signals.Set // real-time signals that are left in the kernel
	borrowed bool        // it was told that more was taken in than allowed

	starts []machine.Action // to be carried out when the rest of the step is
	events []machine.Event  // results of actions, before anything from outside
	filter filterLock

	log          zerolog.Logger
	logs         *logs.Logs
	console      *logs.Pump
	json         bool
	root         *tree.Root
	dir          *rundir.Dir
	missed       bool // the directory is about to be made anew
	null         int  // /dev/null, for reading
	senders      senders
	orphans      int  // reaped since the last line about them
	orphansLater bool // the next line about them has to wait

	mailbox mailbox

	version   string
	byName    map[string]*service
	control   *control.Server // nil: commands cannot be taken
	asking    asker           // whose request is being carried out
	watch     *watch          // the signal whose way is watched
	journal   *journal.Journal
	turned    map[string]bool // the services whose state has changed in this step
	published uint64          // the number of the first entry that nobody was told of
	waiters   []waiter
	window    window
	followers []follower
	readers   []reader
	hooks     map[int]hook // by pid
	board     *board.Board // nil: nothing is shown
	touched   []*service   // to be shown anew
	oom       *oomWatch
}

// service is what the loop keeps of one service beside the machine's state.
type service struct {
	id   machine.ServiceID
	spec *config.Service
	who  identity
	tree tree.Tree
	pump *logs.Pump // nil: it writes to our own descriptors

	worn     []*logs.Pump // to be released when nothing of it is left
	detoured bool         // pump is the console, as the log file cannot be opened

	gen    machine.Gen
	pid    int          // of the leader, 0 when it has been reaped
	last   int          // of the leader that was reaped last
	source *logs.Source // of the last generation
	ended  bool         // source is being drained, or has been
	drain  *logs.Drained
	report bool // the last lines are to be told once they are there

	blows       blows            // what the last generation was sent
	killer      *request.Process // who ended the one before, if that is known
	blamed      string           // the same in words
	commandedBy machine.EventID  // the last update that commanded it,
	commanded   uint64           // and the entry that tells of that

	fate    string // how it last ended or why it could not be started, and what was decided then
	removed bool   // by an update
	paused  bool   // by a command
	touched bool   // to be shown anew
	pane    pane   // where it is shown
}

func (s *service) name() string { return s.spec.Name }

// grace is how long the end may take that is left when all services are down: writing
// what they have written, and ending what belongs to none of them.
const grace = 5 * time.Second

// Run supervises the services of a file until a shutdown has stopped them all. The
// error says why it could not start; once it has, there is none.
func Run(options Options) error {
	s := &Supervisor{
		file: options.File, in: options.Intake, json: options.JSON,
		version: options.Version, byName: map[string]*service{}, hooks: map[int]hook{},
		turned:  map[string]bool{},
		leaders: map[int]*service{}, clearing: map[*service]struct{}{},
		began: time.Now(), inherited: newInheritance(os.Environ()),
		terminal: hasTerminal(),
	}
	s.mailbox.wake = options.Intake.Wake
	s.window.busy.Store(true)
	s.window.leave = func(call *control.Call) { s.mailbox.post(func() { s.answer(call) }) }
	reserveThreads()
	s.in.MaskThreads()
	if err := s.open(options); err != nil {
		s.abandon()
		return err
	}
	s.machine = machine.New(withoutCommands(options.File), uint64(s.began.UnixNano()))
	s.journal, s.published = journal.New(journalSize, s.began), 1
	s.openControl()
	s.watchDirectory()
	s.greet(options)
	s.oom = newOOMWatch(s.began)
	s.loop()
	s.close()
	return nil
}

// open takes hold of everything that the loop needs. What it cannot do without comes
// first.
func (s *Supervisor) open(options Options) (err error) {
	path := cmp.Or(options.RuntimeDir, options.File.Supervisor.RuntimeDir)
	if path == "" {
		path = rundir.Default()
	}
	if s.dir, err = rundir.Open(path); err != nil {
		return fmt.Errorf("cannot start: %w", err)
	}
	if s.null, err = unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("cannot start: open %s: %w", os.DevNull, err)
	}
	if err = s.openLogs(options); err != nil {
		return fmt.Errorf("cannot start: %w", err)
	}
	if err := sys.CloseOnExec(3); err != nil {
		s.log.Debug().Err(err).Msg("cannot keep inherited descriptors from services")
	}
	if err := sys.Subreaper(); err != nil {
		s.log.Warn().Err(err).Msg("cannot become child subreaper: orphans of services cannot be reaped or ended")
	}
	mark := fmt.Sprintf("%s.%d.%d", s.dir.ID(), os.Getpid(), s.began.Unix())
	s.root = tree.Open("supervise-"+s.dir.ID(), mark, func(pid int) bool { return s.leaders[pid] != nil })
	s.buryLeftovers()
	return s.openServices()
}

// abandon gives up what open has taken hold of.
func (s *Supervisor) abandon() {
	if s.root != nil {
		_ = s.root.Close()
	}
	if s.dir != nil {
		_ = s.dir.Close()
	}
}

// buryLeftovers ends what a supervisor of this directory left running when it was killed:
// two copies of a service must never run.
func (s *Supervisor) buryLeftovers() {
	marks := ""
	if s.dir.Killed() {
		marks = s.dir.ID() + "."
	}
	members, err := s.root.Leftovers(marks)
	for _, m := range members {
		s.log.Warn().Int("pid", m.PID).Str("comm", m.Name).Msg("killed: left behind by an earlier supervise in this runtime directory")
	}
	if err != nil {
		s.log.Error().Err(err).Msg("cannot look for what an earlier supervise left behind")
	}
}

// openServices resolves users and opens log destinations, if it can.
func (s *Supervisor) openServices() error {
	for i := range s.file.Services {
		spec := &s.file.Services[i]
		service := &service{id: machine.ServiceID(i), spec: spec, tree: s.root.Service(spec.Name)}
		var err error
		if service.who, err = identify(spec); err != nil {
			return fmt.Errorf("cannot start: service %q: %w", spec.Name, err)
		}
		s.openLog(service)
		s.services = append(s.services, service)
		s.byName[spec.Name] = service
	}
	return nil
}

// close ends what is left when every service is down. It is no longer in a hurry, but it
// does not wait for ever.
func (s *Supervisor) close() {
	s.endCalls()
	s.endRest()
	for _, service := range s.services {
		if err := service.tree.Close(); err != nil {
			s.log.Debug().Err(err).Str(serviceField, service.name()).Msg("cannot remove the cgroup")
		}
	}
	if err := s.root.Close(); err != nil {
		s.log.Debug().Err(err).Msg("cannot remove the cgroup")
	}
	s.show()
	s.window.close()
	if s.control != nil {
		s.control.Close()
	}
	if s.board != nil {
		s.board.Close()
	}
	s.oom.close()
	s.log.Info().Msg("supervise ends")
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := s.logs.Close(ctx); err != nil {
		lastWords("supervise: " + err.Error())
	}
	_ = s.dir.Close()
}

// lastWords writes to standard error without the logs, and goes on when that is stuck.
func lastWords(text string) {
	written := make(chan struct{})
	go func() {
		fmt.Fprintln(os.Stderr, text)
		close(written)
	}()
	select {
	case <-written:
	case <-time.After(100 * time.Millisecond):
	}
}

// endRest kills what belongs to no service any more but is still below us, and reaps it.
func (s *Supervisor) endRest() {
	deadline := time.Now().Add(grace)
	for time.Now().Before(deadline) {
		rest, err := tree.Descendants()
		if err != nil || len(rest) == 0 {
			break
		}
		for _, m := range rest {
			s.log.Warn().Int("pid", m.PID).Str("comm", m.Name).Msg("killed: still there although every service is down")
		}
		if err := tree.KillDescendants(); err != nil {
			s.log.Error().Err(err).Msg("cannot end what is left")
			break
		}
		s.in.Wait(int64(100 * time.Millisecond))
		s.reap()
	}
	s.reap()
	if _, ended, living := sys.Peek(); ended || living { // without /proc they cannot be found
		s.log.Error().Msg("processes that services have started are left: they cannot be found, or not be killed")
	}
}

// mailbox is how other goroutines hand work to the loop.
type mailbox struct {
	wake func()
	mu   sync.Mutex
	work []func()
}

// post has the loop call f soon. It never waits.
func (m *mailbox) post(f func()) {
	m.mu.Lock()
	m.work = append(m.work, f)
	m.mu.Unlock()
	m.wake()
}

func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	work := m.work
	m.work = nil
	return work
}
