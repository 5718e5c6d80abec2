package supervisor

import (
	"errors"
	"slices"
	"time"

	"supervise/signals"
	"supervise/supervisor/crashes"
	"supervise/supervisor/journal"
	"supervise/supervisor/logger"
	"supervise/supervisor/machine"
	"supervise/supervisor/process/tree"
)

// maxReaps is how many children are reaped in one iteration: a service that makes orphans
// without end must not hold up everything else.
const maxReaps = 512

// reap reaps all children that have ended: SIGCHLD says only that there may be some. What follows
// the ends of main processes comes after all were reaped, so that what they leave is listed once.
func (s *Supervisor) reap() {
	var ends []func()
	reaped := 0
	for ; reaped < maxReaps; reaped++ {
		child, ok := s.kernel.Reap()
		if !ok {
			break
		}
		switch service := s.leaders[child.PID]; {
		case s.snapshots.Halted(child):
		case service != nil:
			s.recorded() // as long as the pid is its own: it may be given to another now
			delete(s.leaders, child.PID)
			ends = append(ends, func() { s.leaderEnded(service, child.PID, child.Exit, false) })
		case !s.remnantEnded(child.PID) && !s.hookEnded(child.PID, child.Exit):
			s.orphanEnded(child)
		}
	}
	for _, ended := range ends {
		ended()
	}
	if reaped == maxReaps {
		s.kernel.Wake()
	}
	if reaped > 0 {
		s.lookForSurvivors()
		s.tellOrphans()
	}
}

// leaderEnded tells the machine that a main process was reaped. With dumping it was not, and is no
// leader any more.
func (s *Supervisor) leaderEnded(service *service, pid int, exit signals.Exit, dumping bool) {
	service.system.Ended(service.tail.Ended(func(exit uint64, lines journal.Fact) uint64 {
		s.touch(service.id)
		return s.recordFact(journal.Entry{Service: service.name(), Cause: exit, Origin: s.journal.Origin(exit)}, lines)
	}))
	if s.machine.ShuttingDown() && exit.Signal != signals.SIGKILL { // which may be the OOM killer's: that is looked for
		service.system.Retire()
	}
	survivors := !s.empty(service)
	if survivors {
		s.leaving.clearing = append(s.leaving.clearing, service)
	}
	service.verdict = new(service.ledger.Explain(exit, s.kernel.Now()).Witnessed(&service.seen, pid, exit, s.self.PID))
	step, gen := s.machine.Steps()+1, s.machine.View(service.id).Gen
	service.crashes.Ended(crashes.Main{PID: pid, Gen: gen}, exit.Signal, step)
	s.dispatch(machine.Event{
		Kind: machine.Exited, Service: service.id, Gen: gen, Exit: exit, Survivors: survivors, Dumping: dumping,
	})
	if exit.Signal == signals.SIGKILL && service.verdict.Unclear() {
		s.checkOOM(service, pid, step)
	}
	if service.crashes.TellHeld(s.crashLog(service)) {
		s.touch(service.id)
	}
}

// lookForSurvivors checks the services whose main process is gone for other processes. The
// last of these cannot end unnoticed: orphans are our children, and we reap them.
func (s *Supervisor) lookForSurvivors() {
	var emptied []*service
	s.leaving.clearing = slices.DeleteFunc(s.leaving.clearing, func(service *service) bool {
		empty := s.empty(service)
		if empty {
			emptied = append(emptied, service)
		}
		return empty
	})
	for _, service := range emptied {
		s.dispatch(machine.Event{Kind: machine.Emptied, Service: service.id, Gen: s.machine.View(service.id).Gen})
	}
}

// empty reports whether no process is left of a service. On an error it assumes that there
// are some: two copies must never run.
func (s *Supervisor) empty(service *service) bool {
	empty, err := service.system.Empty()
	switch {
	case errors.Is(err, tree.ErrUnsure):
		s.lookAgainIn(unsurePause)
	case err != nil:
		if !s.leaving.unsure[service] {
			s.log.Error().Err(err).Str(logger.Service, service.name()).Msg("cannot tell whether anything of it is left")
		}
		s.leaving.unsure[service] = true
		s.lookAgainIn(failedPause) // who has ended meanwhile has been reaped, and wakes nobody
	default:
		delete(s.leaving.unsure, service)
	}
	if !empty && len(s.leaving.remnants) > 0 {
		s.lookAgainIn(remnantPause) // of what such a process has started, nobody else is told the end
	}
	return empty && err == nil
}

// The times between two looks for survivors.
const (
	unsurePause  = 5 * time.Millisecond   // a process is about to execute its program
	failedPause  = 100 * time.Millisecond // the look has failed, and may have read all of /proc
	remnantPause = 20 * time.Millisecond  // their parent is a main process whose core is being written, and reaps nobody
)

// lookAgainIn looks for survivors again in a moment, though nothing may have ended until then.
func (s *Supervisor) lookAgainIn(pause time.Duration) {
	if s.orphans.lookAgain {
		return
	}
	s.orphans.lookAgain = true
	s.kernel.Later(pause, func() {
		s.orphans.lookAgain = false
		s.lookForSurvivors()
	})
}
