package supervisor

import (
	"fmt"

	"supervise/config"
	"supervise/config/accounts"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/logs"
	"supervise/supervisor/machine"
)

// prepared is a configuration that can be put in force: all that could go wrong, or take
// its time, is behind it.
type prepared struct {
	file    *config.File
	who     []identity // by the place in file.Services
	pumps   []*logs.Pump
	lacking []error // the log files that still cannot be opened
	changes []config.Change
}

// update reads a configuration and puts it in force. The files and the databases of users
// may be slow, so that they are read beside the loop. What fails changes nothing.
func (s *Supervisor) update(call *control.Call, r request.Update) {
	path, asking, detours := r.File, s.asking, s.detours()
	if path == "" {
		path = s.file.Path
	}
	s.log.Info().Str("file", path).Bool("dry-run", r.DryRun).Str("by", asking.String()).Msg("reads the configuration")
	go func() {
		p, err := s.prepare(path, r.DryRun, detours)
		s.mailbox.post(func() {
			s.asking = asking
			defer func() { s.asking = asker{} }()
			s.updated(call, p, err, r.DryRun)
		})
	}()
}

// prepare reads a configuration. A log file that cannot be opened is an error, unless that
// is so already. A dry run makes none.
func (s *Supervisor) prepare(path string, dry bool, detours map[string]bool) (p prepared, err error) {
	if p.file, err = config.Load(path, accounts.Host{}); err != nil {
		return p, err
	}
	for i := range p.file.Services {
		spec := &p.file.Services[i]
		who, err := identify(spec)
		if err != nil {
			return p, fmt.Errorf("service %q: %w", spec.Name, err)
		}
		var pump *logs.Pump
		lacking := couldLog(spec)
		if !dry {
			pump, lacking = s.pump(spec)
		}
		if lacking != nil && !detours[spec.Log.File] {
			return p, fmt.Errorf("service %q: %w", spec.Name, lacking)
		}
		p.who, p.pumps, p.lacking = append(p.who, who), append(p.pumps, pump), append(p.lacking, lacking)
	}
	return p, nil
}

// updated puts in force what was prepared, unless it is only to be said what that changes.
func (s *Supervisor) updated(call *control.Call, p prepared, err error, dry bool) {
	switch {
	case err != nil:
		s.release(p.pumps...)
		s.refuseUpdate(err, dry)
		call.Fail(request.Failed, err.Error())
		return
	case s.machine.ShuttingDown():
		s.release(p.pumps...)
		call.Fail(request.Refused, "cannot update anything: a shutdown has begun")
		return
	}
	p.changes = config.Diff(s.file, p.file)
	reply := &request.Reply{Supervisor: s.self(), Plan: make([]request.Change, len(p.changes))}
	for i, c := range p.changes {
		reply.Plan[i] = request.Change{Action: actionOf(c), Service: c.Service, Text: c.String(), Keys: keysOf(c)}
	}
	if !dry {
		s.apply(p)
	}
	s.reply(call, reply)
}

// updateKind is the kind of the entries of the journal that tell of updates.
const updateKind = "update"

// refuseUpdate tells of a configuration that cannot be put in force.
func (s *Supervisor) refuseUpdate(err error, dry bool) {
	const text = "the configuration is not updated: nothing is changed"
	s.log.Error().Err(err).Str("by", s.asking.String()).Msg(text)
	if !dry {
		s.add(journal.Entry{Kind: updateKind, By: s.asking.who, Cause: s.asking.entry, Text: text}, 0)
	}
}

// actionOf is one word for what becomes of a service.
func actionOf(c config.Change) string {
	switch {
	case c.Kind == config.Added:
		return "add"
	case c.Kind == config.Removed:
		return "remove"
	case c.Effect == config.NeedsRestart:
		return "restart"
	case c.Effect == config.NeedsNewStart:
		return "later"
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

// apply puts a configuration in force.
func (s *Supervisor) apply(p prepared) {
	s.asking.entry = s.journal.Add(journal.Entry{
		Kind: updateKind, By: s.asking.who, Cause: s.asking.entry, Time: s.now(), Step: uint64(s.machine.Steps() + 1),
		Text: "update to " + p.file.Path + " asked for by " + s.asking.String(),
	})
	for _, c := range p.changes {
		line := s.log.Info().Str("change", c.String())
		if len(c.Keys) > 0 {
			line = line.Strs("keys", keysOf(c))
		}
		line.Str("by", s.asking.String()).Msg("the configuration is updated")
	}
	s.file = p.file
	for i := range p.file.Services {
		spec := &p.file.Services[i]
		known := s.byName[spec.Name]
		if known == nil {
			known = &service{id: machine.ServiceID(len(s.services)), tree: s.root.Service(spec.Name)}
			s.services = append(s.services, known)
			s.byName[spec.Name] = known
		}
		known.spec, known.who = spec, p.who[i]
		switch {
		case p.lacking[i] == nil && known.detoured:
			s.endDetour(known, p.pumps[i])
		case p.lacking[i] == nil:
			s.redirect(known, p.pumps[i])
		case !known.detoured:
			s.detour(known, p.lacking[i])
		}
	}
	if s.board != nil {
		if err := s.board.Resize(len(s.services)); err != nil {
			s.log.Error().Err(err).Msg("the status board is given up")
			s.board.Close()
			s.board = nil
		}
	}
	var restart []string
	for _, c := range p.changes {
		if c.Kind == config.Changed && c.Effect != config.Live {
			restart = append(restart, c.Service)
		}
	}
	s.dispatch(machine.Event{Kind: machine.Update, Revision: s.machine.Offer(withoutCommands(p.file), restart)})
	for _, c := range p.changes {
		if service := s.byName[c.Service]; service != nil && c.Kind == config.Added {
			s.touch(service.id)
		}
	}
	s.relist()
}

// withoutCommands is what the machine is to know of a file as long as obey carries out
// the rules that command.
func withoutCommands(file *config.File) *config.File {
	without := *file
	without.Commands, without.HangUp = nil, false
	return &without
}

// remove forgets a service of which nothing is left.
func (s *Supervisor) remove(service *service) {
	service.removed = true
	if s.byName[service.name()] == service {
		delete(s.byName, service.name())
	}
	s.release(append(service.worn, service.pump)...)
	service.worn, service.pump = nil, s.console
	s.logs.Forget(service.name())
	if err := service.tree.Close(); err != nil {
		s.log.Debug().Err(err).Str(serviceField, service.name()).Msg("cannot remove the cgroup")
	}
	s.relist()
}

// relist has everything follow what services there are.
func (s *Supervisor) relist() {
	s.arrange()
	s.serviceFIFOs()
}

// serviceFIFOs has the FIFOs of services follow what services there are.
func (s *Supervisor) serviceFIFOs() {
	if s.control == nil {
		return
	}
	var names []string
	for _, service := range s.listed() {
		names = append(names, service.name())
	}
	s.control.SetServices(names)
}
