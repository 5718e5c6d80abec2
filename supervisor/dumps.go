package supervisor

import (
	"strconv"
	"strings"

	"supervise/coredump/order"
	"supervise/internal/text/escape"
	"supervise/signals"
	"supervise/supervisor/journal"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
)

// remnant is a former main process whose core is being written.
type remnant struct {
	service *service
	gen     machine.Gen
}

// maxLooked is at how many processes of a service is looked: one that forks all the time must
// not hold up everything else.
const maxLooked = 512

// lookForDumps answers whether the core of a process of the service is being written.
func (s *Supervisor) lookForDumps(action *machine.Action) {
	service := s.services[action.Service]
	var names []string
	members, err := service.system.Members()
	if err != nil {
		s.log.Debug().Err(err).Str(serviceField, service.name()).Msg("cannot tell whether a core is being written")
	}
	for _, m := range members[:min(len(members), maxLooked)] {
		if state, err := s.kernel.SignalState(m.PID); err == nil && state.Dumping {
			names = append(names, strconv.Itoa(m.PID)+" ("+escape.Name(m.Name)+")")
		}
	}
	event := machine.Event{
		Kind: machine.DumpsSeen, Service: action.Service, Gen: action.Gen, Count: len(names),
		Reason: strings.Join(names[:min(len(names), maxNamed)], ", "),
	}
	s.result(event)
}

// released lets a service go on whose main process has crashed, while its core is still being
// written. Where that cannot be it goes on when the process is reaped.
func (s *Supervisor) released(service *service, c *kernel.Crash) {
	if s.leaders[c.PID] != service || s.machine.View(service.id).Gen != c.Gen || c.Report == nil || !s.machine.CanLeave(service.id) {
		return
	}
	signal, err := signals.Parse(c.Report.Signal)
	if state, failed := s.kernel.SignalState(c.PID); err != nil || failed != nil || !state.Dumping {
		return // it ends just now
	}
	if err := service.system.SetAside(c.PID); err != nil {
		s.log.Debug().Err(err).Str(serviceField, service.name()).Msg("it is not started again before its core is written")
		return
	}
	s.leaving.remnants[c.PID] = remnant{service, c.Gen}
	s.leaderEnded(service, c.PID, signals.Exit{Signal: signal, Core: true}, true)
}

// remnantEnded reports whether a child that was reaped was a former main process.
func (s *Supervisor) remnantEnded(pid int) bool {
	r, ok := s.leaving.remnants[pid]
	if !ok {
		return false
	}
	delete(s.leaving.remnants, pid)
	s.dispatch(machine.Event{Kind: machine.RemnantEnded, Service: r.service.id, Gen: r.gen, PID: int32(pid)})
	return true
}

// killRemnant ends a former main process, whose core takes too long.
func (s *Supervisor) killRemnant(action *machine.Action) {
	pid := int(action.PID)
	if _, ok := s.leaving.remnants[pid]; !ok {
		return
	}
	s.record(journal.Entry{Action: action, PID: pid})
	s.kernel.KillAside(pid)
}

// findGen finds out whether a process was a main one that had crashed before anybody knew of it.
func (s *Supervisor) findGen(service *service, c *kernel.Crash) {
	switch {
	case c.Gen != 0:
	case s.leaders[c.PID] == service:
		c.Gen = s.machine.View(service.id).Gen
	case service.crashes.pid == c.PID:
		c.Gen = service.crashes.gen
	}
}

// Crashed takes what is told of a process that has crashed.
func (s *Supervisor) Crashed(c kernel.Crash) {
	service := s.byName[c.Service]
	if service != nil {
		s.findGen(service, &c)
	}
	switch {
	case service == nil:
		s.tellStranger(&c)
		return
	case c.Stage == order.Released:
		s.released(service, &c)
		return
	case c.Report == nil:
		return
	}
	if s.leaders[c.PID] == service && s.machine.View(service.id).Gen == c.Gen {
		service.crashes.held = append(service.crashes.held, c) // it is told below the end
		return
	}
	s.tellCrash(service, &c)
}
