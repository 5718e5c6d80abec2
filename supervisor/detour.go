package supervisor

import (
	"time"

	"supervise/config"
	"supervise/supervisor/logs"
)

// How long is waited before a log file that could not be opened is tried again: first, and
// at the most.
const (
	firstLogRetry = 100 * time.Millisecond
	lastLogRetry  = 5 * time.Second
)

// openLog opens where the output of a service goes. That its file cannot be opened is no
// reason not to run it: until it can, its lines go to our own output, under its name.
func (s *Supervisor) openLog(service *service) {
	pump, err := s.pump(service.spec)
	if err != nil {
		s.detour(service, err)
		return
	}
	service.pump = pump
}

// detour has a service write to our own output.
func (s *Supervisor) detour(service *service, err error) {
	service.pump, service.detoured = s.console, true
	s.log.Error().Err(err).Str(serviceField, service.name()).
		Msg("what it writes goes to the output of supervise until its log file can be opened")
	s.retryLog(service, firstLogRetry)
}

// retryLog tries later whether the log file can be opened. That may be slow, so that it is
// done beside the loop.
func (s *Supervisor) retryLog(service *service, wait time.Duration) {
	spec := service.spec
	time.AfterFunc(wait, func() {
		pump, err := s.pump(spec)
		s.mailbox.post(func() { s.retriedLog(service, spec, pump, err, wait) })
	})
}

// retriedLog takes the file, unless there was an update in the meantime.
func (s *Supervisor) retriedLog(service *service, spec *config.Service, pump *logs.Pump, err error, wait time.Duration) {
	stale := !service.detoured || service.removed || service.spec != spec
	if stale && pump != nil && pump != s.console {
		pump.Close()
	}
	switch {
	case !service.detoured || service.removed:
	case stale:
		s.retryLog(service, firstLogRetry)
	case err != nil:
		s.retryLog(service, min(2*wait, lastLogRetry))
	default:
		s.endDetour(service, pump)
	}
}

// endDetour has what a service writes go where it should: also what it is in the middle of.
func (s *Supervisor) endDetour(service *service, pump *logs.Pump) {
	service.pump, service.detoured = pump, false
	if service.source != nil && pump != nil {
		service.source.Move(pump)
	}
	if service.spec.Log.Mode != config.ToFile {
		return // by an update
	}
	s.log.Info().Str(serviceField, service.name()).Msg("its log file can be opened: what it writes goes there")
}

// detours are the files of the services that make a detour.
func (s *Supervisor) detours() map[string]bool {
	files := map[string]bool{}
	for _, service := range s.listed() {
		if service.detoured {
			files[service.spec.Log.File] = true
		}
	}
	return files
}
