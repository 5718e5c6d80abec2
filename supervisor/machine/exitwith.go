package machine

import "supervise/config"

// exitIfDone begins a shutdown when the services that the configuration has for it have ended
// by themselves: they have done their work, or have failed. One that a command has stopped
// has done neither.
func (m *Machine) exitIfDone() (begun bool) {
	with := m.file.Supervisor.ExitWith
	if with == "" || !m.booted || m.ShuttingDown() {
		return false
	}
	var s *service
	switch with {
	case config.ExitWithAll:
		s = m.firstIfAllDone()
	case config.ExitWithAnyFailed:
		s = m.firstFailed()
	default:
		if id, ok := m.names[with]; ok && m.services[id].done() {
			s = m.services[id]
		}
	}
	if s == nil {
		return false
	}
	if with != config.ExitWithAll || s.State == Failed {
		m.shutdown.status = s.status()
	}
	m.note(s, Note{Kind: ExitsWith, Exit: s.Exit, Count: m.shutdown.status})
	m.shutdownAsked(Shutdown)
	return true
}

// done reports whether a service has ended by itself, and will not be started again.
func (s *service) done() bool {
	return s.State == Failed && !s.Due || s.State == Done || s.State == Stopped && s.Completed && !s.Due
}

// firstFailed returns the first service in the file that has failed, nil if there is none.
func (m *Machine) firstFailed() *service {
	for i := range m.file.Services {
		if s := m.services[m.names[m.file.Services[i].Name]]; s.State == Failed {
			return s
		}
	}
	return nil
}

// firstIfAllDone returns the first service in the file that has failed, or else the first, when
// all are done but for those that were never started; nil as long as they are not.
func (m *Machine) firstIfAllDone() (first *service) {
	if m.active > 0 {
		return nil
	}
	for i := range m.file.Services {
		s := m.services[m.names[m.file.Services[i].Name]]
		switch {
		case s.Gen == 0, s.State == Waiting: // for one that does nothing any more, as the others
		case !s.done():
			return nil
		case first == nil, s.State == Failed && first.State != Failed:
			first = s
		}
	}
	return first
}

// What a shell says of a program that it cannot execute, and of one that died by a signal:
// POSIX, Shell Command Language, 2.8.2.
const (
	notExecuted = 127
	bySignal    = 128
)

// status is the exit status that stands for the end of a service. That of one which has done
// its work is 0 only if its main process's was; of one that has failed it never is.
func (s *service) status() int {
	status := s.Exit.Code
	switch {
	case s.State == Failed && s.Unspawned:
		return notExecuted
	case s.Exit.Signal != 0:
		return bySignal + int(s.Exit.Signal)
	case s.State == Failed && status == 0:
		return 1
	}
	return status
}
