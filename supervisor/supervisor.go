package supervisor

import (
	"os"

	"github.com/rs/zerolog"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/attribution"
	"supervise/supervisor/calls"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
	"supervise/supervisor/snapshot"
	"supervise/supervisor/status"
)

// Supervisor is the loop. All of it belongs to one goroutine.
type Supervisor struct {
	kernel  kernel.Kernel
	machine *machine.Machine
	journal *journal.Journal
	log     zerolog.Logger
	file    *config.File // in force
	self    request.Supervisor

	services []*service          // by id, the removed ones too
	byName   map[string]*service // those that are not removed
	leaders  map[int]*service    // by the pid of a living main process
	leaving  leaving
	hooks    map[int]hook // by pid

	names *attribution.Names
	oom   *attribution.OOM // nil: the OOM killer is not looked for

	commands  Commands // nil: commands cannot be taken
	calls     *calls.Pending
	snapshots *snapshot.Snapshots

	pending  pending
	held     heldSignals
	orphans  orphans
	finished *ending // nil: not yet
}

// leaving is what is left of generations whose main process has ended.
type leaving struct {
	clearing []*service      // whose main process is gone, and others are not
	remnants map[int]remnant // former main processes whose cores are being written, by pid
}

// ending is how it is to end.
type ending struct{ status int }

// pending is what remains to be done for the present event.
type pending struct {
	events []machine.Event  // results of actions; they come before events from outside
	starts []machine.Action // carried out together, after the other actions of a step

	starting bool   // the kernel begins starts, and may have results at once
	booted   func() // to be called when booting is 0; nil: it has been
	booting  int    // starts without a result, but for those that take long
}

// heldSignals are the real-time signals that are left in the kernel.
type heldSignals struct {
	set       signals.Set
	overdrawn bool // the queue-overflow warning has been logged
}

// Setup is what a loop needs.
type Setup struct {
	Kernel        kernel.Kernel
	Configuration kernel.Configuration // the first
	Self          request.Supervisor   // how clients see us; Since is the beginning of the kernel's time
	Log           zerolog.Logger
	Logs          calls.Logs
	OOM           *attribution.OOM // nil: the OOM killer is not looked for
	Recorder      journal.Recorder // writes the journal to disk; nil: it is not written
	Earlier       []journal.Record // the journal of earlier runs
}

// journalSize is how many entries the journal keeps in memory, of about 120 bytes each.
const journalSize = 4096

// New returns a loop. [Supervisor.Run] starts it.
func New(setup Setup) *Supervisor {
	s := &Supervisor{
		kernel: setup.Kernel, log: setup.Log, self: setup.Self, file: setup.Configuration.File(), oom: setup.OOM,
		byName: map[string]*service{}, leaders: map[int]*service{}, leaving: leaving{remnants: map[int]remnant{}}, hooks: map[int]hook{},
	}
	s.names = attribution.NewNames(setup.Self.PID, s.comm)
	s.machine = machine.New(s.file, s.seed())
	s.journal = journal.New(journalSize, setup.Self.Since, s.Name)
	s.journal.Resume(setup.Earlier)
	if setup.Recorder != nil {
		s.journal.RecordTo(setup.Recorder, s.journalHeader)
	}
	s.calls = calls.New(s, s.journal, setup.Logs)
	s.snapshots = snapshot.New(snapshot.Options{
		Self: setup.Self, Process: s.kernel.SignalState,
		Describe: func(i int) status.Service { return s.describe(s.services[i]) },
		Leave: func(call snapshot.Call) {
			s.kernel.Beside(func() func() { return func() { s.answer(call.(*control.Call)) } })
		},
		Go: func(f func()) {
			s.kernel.Beside(func() func() {
				f()
				return nil
			})
		},
	})
	s.configure(setup.Configuration)
	s.relist()
	return s
}

// journalHeader is all that a replay needs to continue from the present state.
func (s *Supervisor) journalHeader() journal.Header {
	saved := s.machine.Save()
	return journal.Header{
		Version: s.self.Version, PID: s.self.PID, Seed: s.seed(), Configuration: s.file, Machine: &saved,
	}
}

// seed is the seed of the machine, different in each run.
func (s *Supervisor) seed() uint64 { return uint64(s.self.Since.UnixNano()) }

// comm is the kernel's name of a process, "" if there is no such process.
func (s *Supervisor) comm(pid int) string {
	by, _ := s.kernel.Process(pid)
	return by.Name
}

// Take sets where the loop takes the calls of clients from.
func (s *Supervisor) Take(commands Commands) { s.commands = commands }

// Show sets the board that shows the status. It belongs to the loop from now on.
func (s *Supervisor) Show(b snapshot.Board) { s.snapshots.Show(b) }

// AnswerBeside answers a read-only call, if that is possible without the loop. It may be
// called on any goroutine.
func (s *Supervisor) AnswerBeside(call *control.Call) bool {
	return s.snapshots.Answer(call, call.Request)
}

// Run begins, and returns when everything is down, or when the shutdown gives up: left is how
// many services are not down, and status what to exit with. booted is called, on any
// goroutine, when what is to be started at the start has been, and takes commands.
func (s *Supervisor) Run(booted func()) (status, left int) {
	s.pending.booted = booted
	s.dispatch(machine.Event{Kind: machine.Boot, PID: int32(s.self.PID)})
	s.publish()
	for s.finished == nil {
		s.iterate()
	}
	return s.finished.status, s.machine.Left()
}

// MoveBoard registers the board in another runtime directory.
func (s *Supervisor) MoveBoard(dir *os.Root) {
	if err := s.snapshots.Move(dir); err != nil {
		s.log.Error().Err(err).Msg("the status board cannot be found any more")
	}
}

// End answers all calls that still wait: nothing more will happen.
func (s *Supervisor) End() {
	s.publishSnapshots()
	s.calls.End(s.kernel.Now())
}

// Close releases all that the loop holds, after the last child was reaped.
func (s *Supervisor) Close() {
	for _, service := range s.services {
		if service.removed {
			continue
		}
		if err := service.system.Close(); err != nil {
			s.log.Debug().Err(err).Str(serviceField, service.name()).Msg("cannot remove the cgroup")
		}
	}
	s.publishSnapshots()
	s.snapshots.Close()
	if s.oom != nil {
		s.oom.Close()
	}
}
