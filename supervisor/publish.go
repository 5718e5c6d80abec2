package supervisor

import "supervise/supervisor/machine"

// touch marks a service to be republished at the end of this iteration.
func (s *Supervisor) touch(id machine.ServiceID) { s.snapshots.Touch(int(id)) }

// touchAbout marks the services that an event may change even if no action is about them: a
// signal may just be held, and a shutdown wants down what is on its way there already.
func (s *Supervisor) touchAbout(event *machine.Event, shutdownBegins bool) {
	switch {
	case event.Kind.OfService():
		s.touch(event.Service)
	case shutdownBegins:
		for _, id := range s.All() {
			s.touch(id)
		}
	case event.Kind == machine.Signal:
		for _, id := range s.machine.Targets(event.Info.Signal) {
			s.touch(id)
		}
	}
}

// publishSnapshots replaces the snapshots of services that have changed. It comes before any
// answer: a client must never get a status older than something it has already seen.
func (s *Supervisor) publishSnapshots() {
	s.snapshots.SetSupervisor(s.file.Path, s.machine.ShuttingDown())
	s.giveUpBoard(s.snapshots.Publish())
}

func (s *Supervisor) giveUpBoard(err error) {
	if err != nil {
		s.log.Error().Err(err).Msg("the status board is given up")
	}
}

// publish tells clients that wait or follow what has happened.
func (s *Supervisor) publish() {
	s.publishSnapshots()
	s.calls.Publish(s.kernel.Now())
	s.bootIfStarted()
}

// relist updates the snapshots and the FIFOs to the current set of services.
func (s *Supervisor) relist() {
	listed := s.All()
	order := make([]int, len(listed))
	for i, id := range listed {
		order[i] = int(id)
	}
	s.snapshots.List(order)
	s.listFIFOs()
}

// listFIFOs creates and removes FIFOs to match the current set of services.
func (s *Supervisor) listFIFOs() {
	if s.commands == nil {
		return
	}
	var names []string
	for _, id := range s.All() {
		names = append(names, s.Name(id))
	}
	s.commands.SetServices(names)
}
