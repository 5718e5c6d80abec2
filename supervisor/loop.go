package supervisor

import (
	"time"

	"supervise/signals"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
)

// iterate waits for something to happen, and handles it.
func (s *Supervisor) iterate() {
	timeout := s.timeout()
	s.snapshots.Work(false)
	info, ok := s.kernel.Wait(timeout)
	s.snapshots.Work(true)
	if ok {
		s.signalled(info)
	} else {
		s.recorded() // before there is no room for more
		s.reap()
		s.takePosted()
		s.serve()
	}
	s.expire()
	s.publish()
}

// timeout is how long to wait for something to happen: until the next deadline.
func (s *Supervisor) timeout() time.Duration {
	deadline, ok := s.machine.Deadline()
	if next, some := s.calls.NextTimeout(); some && (!ok || next < deadline) {
		deadline, ok = next, true
	}
	if !ok {
		return kernel.Forever
	}
	return max(0, deadline-s.kernel.Now())
}

// expire tells the machine that its deadline has passed, if it has.
func (s *Supervisor) expire() {
	if deadline, ok := s.machine.Deadline(); ok && deadline <= s.kernel.Now() {
		s.dispatch(machine.Event{Kind: machine.Tick})
		// Who was moved into a service from elsewhere is reaped by others, and wakes nobody.
		s.lookForSurvivors()
	}
}

// signalled hands a signal to the machine, together with its sender.
func (s *Supervisor) signalled(info signals.Info) {
	s.names.Arrived(info, s.kernel.Now())
	s.dispatch(machine.Event{
		Kind: machine.Signal, Info: info, By: s.names.Asker(info),
		TerminalGone: s.file.HangUp && s.kernel.TerminalGone(info),
	})
}

// takePosted does what others have posted.
func (s *Supervisor) takePosted() {
	for _, f := range s.kernel.Posted() {
		f()
	}
}
