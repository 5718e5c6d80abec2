package supervisor

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"

	"supervise/config"
	"supervise/internal/safefile"
	"supervise/supervisor/attribution"
	"supervise/supervisor/calls"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/kernel"
	"supervise/supervisor/logger"
	"supervise/supervisor/machine"
)

// loading is a configuration that is being read.
type loading struct {
	call *control.Call // to be answered; that of nobody if a signal asked
	path string
	how  kernel.Loading
	wait bool // for what comes of it
	by   machine.Asker
	step machine.EventID // of the signal that asked, 0 if none did
}

// answerUpdate reads a configuration and applies it.
func (s *Supervisor) answerUpdate(call *control.Call, r request.Update) {
	inForce, _ := filepath.Abs(s.file.Path)
	l := loading{call: call, path: cmp.Or(r.File, s.file.Path), how: kernel.Loading{Dry: r.DryRun}, wait: r.Await, by: s.asker(call)}
	// Who may command services must not say what they are, as root.
	l.how.Confined = call.Origin.Shared && r.File != "" && r.File != inForce
	s.load(l)
}

// loadAsked does the same on behalf of a signal's rule.
func (s *Supervisor) loadAsked(action *machine.Action) {
	s.load(loading{
		call: control.NewCall(nil, control.Origin{}, nil), path: action.Path,
		by: s.journal.By(action.Origin, ""), step: action.Cause,
	})
}

// load reads a configuration beside the loop, as files and user databases may be slow. The
// path "" stands for that of the present one.
func (s *Supervisor) load(l loading) {
	l.path = cmp.Or(l.path, s.file.Path)
	s.log.Info().Str("file", l.path).Bool("dry-run", l.how.Dry).Str("by", l.by.String()).Msg("reads the configuration")
	s.kernel.Beside(func() func() {
		loaded, err := s.kernel.Load(l.path, l.how)
		if err != nil {
			return func() { s.refuse(l, err) }
		}
		return func() { s.loaded(l, loaded) }
	})
}

// refuse answers for a configuration that cannot be applied. Nothing changes.
func (s *Supervisor) refuse(l loading, err error) {
	if l.how.Confined {
		err = s.withhold(l, err)
	}
	if l.how.Dry {
		s.log.Error().Err(err).Str("by", l.by.String()).Msg("the configuration cannot be applied")
	} else {
		s.dispatch(machine.Event{Kind: machine.LoadFailed, Path: l.path, Reason: err.Error(), By: l.by, Ticket: l.step})
	}
	l.call.Fail(request.Failed, err.Error())
}

// withhold keeps from somebody who named a file what is in it, and whether it is there: errors
// of a file of root's quote it. That it is somebody else's is told.
func (s *Supervisor) withhold(l loading, err error) error {
	var refused *safefile.RefusedError
	if errors.As(err, &refused) {
		return fmt.Errorf("cannot apply %q: others than root and the user of supervise may command it (control), "+
			"so that it takes only the file that is in force, without a name, or one that nobody else can change: %w", l.path, refused)
	}
	s.log.Error().Err(err).Str("by", l.by.String()).Msg("the configuration that somebody named cannot be used")
	return fmt.Errorf("cannot use %q as configuration: only the log of supervise says why", l.path)
}

// loaded applies a configuration, or says what it would change.
func (s *Supervisor) loaded(l loading, configuration kernel.Configuration) {
	if s.machine.ShuttingDown() {
		configuration.Release()
		l.call.Fail(request.Refused, "cannot update anything: a shutdown has begun")
		return
	}
	changes := config.Diff(s.file, configuration.File())
	plan := make([]request.Change, len(changes))
	for i, c := range changes {
		plan[i] = request.Change{Action: actionOf(c), Service: c.Service, Text: c.String(), Keys: keysOf(c)}
	}
	reply := &request.Reply{Supervisor: s.supervisor(), Plan: plan}
	if l.how.Dry || !s.update(l, configuration, changes, reply) {
		s.reply(l.call, reply)
	}
}

// actionOf is one word for what happens to a service.
func actionOf(c config.Change) string {
	switch c.Kind {
	case config.Added:
		return "add"
	case config.Removed:
		return "remove"
	case config.Changed:
	}
	switch c.Effect {
	case config.NeedsRestart:
		return "restart"
	case config.NeedsNewStart:
		return "later"
	case config.Live:
	}
	return "change"
}

// keysOf are the keys that a change is about.
func keysOf(c config.Change) []string {
	keys := make([]string, len(c.Keys))
	for i, k := range c.Keys {
		keys[i] = k.Path
	}
	return keys
}

// update applies a configuration: first to what services have on the system, and then the
// machine decides what happens to their processes. It reports whether the client waits for
// that, and has been told of the plan.
func (s *Supervisor) update(l loading, configuration kernel.Configuration, changes []config.Change, plan *request.Reply) (waits bool) {
	s.logUpdate(l, changes)
	s.file = configuration.File()
	s.configure(configuration)
	var restart []string
	for _, c := range changes {
		if c.Kind == config.Changed && c.Effect != config.Live {
			restart = append(restart, c.Service)
		}
	}
	if l.wait {
		waits = s.awaitUpdate(l.call, changes, plan)
	}
	revision := s.machine.Offer(s.file, restart)
	s.journal.Offered(revision, s.file, restart)
	s.dispatch(machine.Event{Kind: machine.Update, Revision: revision, Path: s.file.Path, By: l.by, Ticket: l.step})
	s.relist()
	return waits
}

// awaitUpdate has a client wait for the services that an update is about to start or restart.
// It reports whether there are any.
func (s *Supervisor) awaitUpdate(call *control.Call, changes []config.Change, plan *request.Reply) bool {
	var started []machine.ServiceID
	for _, c := range changes {
		service := s.byName[c.Service]
		switch {
		case service == nil, c.Kind == config.Removed:
		case c.Kind == config.Added && service.spec.Enabled,
			c.Kind == config.Changed && c.Effect == config.NeedsRestart && s.machine.View(service.id).Wanted == machine.Up:
			started = append(started, service.id)
		}
	}
	if started == nil {
		return false
	}
	call.Tell(plan)
	waiting := s.calls.Await(call, calls.Restarted, s.kernel.Now())
	for _, id := range started {
		waiting.Add(id, s.machine.Steps()+1)
	}
	return true
}

func (s *Supervisor) logUpdate(l loading, changes []config.Change) {
	for _, c := range changes {
		line := s.log.Info().Str("change", c.String())
		if len(c.Keys) > 0 {
			line = line.Strs("keys", keysOf(c))
		}
		line.Str("by", l.by.String()).Msg("the configuration is updated")
	}
}

// configure applies a configuration to what its services have on the system.
func (s *Supervisor) configure(loaded kernel.Configuration) {
	file := loaded.File()
	for i := range file.Services {
		spec := &file.Services[i]
		known := s.byName[spec.Name]
		if known == nil {
			known = &service{id: machine.ServiceID(len(s.services)), verdict: &attribution.NoVerdict}
			s.services = append(s.services, known)
			s.byName[spec.Name] = known
		}
		known.spec, known.system = spec, loaded.Service(i, known.system)
	}
	s.giveUpBoard(s.snapshots.Resize(len(s.services)))
}

// forget removes a service that is gone for good.
func (s *Supervisor) forget(service *service) {
	service.removed = true
	if s.byName[service.spec.Name] == service {
		delete(s.byName, service.spec.Name)
	}
	if err := service.system.Close(); err != nil {
		s.log.Debug().Err(err).Str(logger.Service, service.spec.Name).Msg("cannot remove the cgroup")
	}
	s.relist()
}
