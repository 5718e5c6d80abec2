package machine

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"supervise/config"
	"supervise/signals/queue"
)

// Snapshot is all that a machine knows beside its configuration: plain data, which encoding/json
// can write and read back. It does not include what was offered and not applied yet. All times
// are on the clock of Step's now.
type Snapshot struct {
	Now      time.Duration
	Steps    EventID
	Random   []byte // the source of the jitter: rand.PCG as it marshals itself
	Revision Revision
	Booted   bool
	Shutdown ShutdownSnapshot
	Services []ServiceSnapshot // by id

	Open    bool        `json:",omitempty"` // a request has come in part
	Changed []ServiceID `json:",omitempty"` // those of which neighbours are to be told when it has come as a whole
}

// ShutdownSnapshot is the progress of a shutdown.
type ShutdownSnapshot struct {
	Origin   EventID
	Cutting  bool
	Finished bool
	Status   int
	Deadline *time.Duration // nil where none is set, as those below
	Progress *time.Duration
}

// ServiceSnapshot is what a machine knows of one service.
type ServiceSnapshot struct {
	Name     string
	Settings *config.Service `json:",omitempty"` // of one on its way out, which the configuration lacks
	Lifecycle
	Deadline *time.Duration
	Outbox   OutboxSnapshot

	ReadyDeadline   *time.Duration `json:",omitempty"`
	RemnantDeadline *time.Duration `json:",omitempty"`
}

// OutboxSnapshot is what waits to be delivered to a service.
type OutboxSnapshot struct {
	Standard []queue.Item
	Realtime []queue.Item
	Counts   queue.Counts
	Backoff  queue.Backoff
	Retry    *time.Duration
	Stuck    bool
	Noted    int

	Delivery   *queue.Item // nil: none is in flight
	Unanswered bool
	LeaderGone bool
	Holding    bool
}

// Save returns what the machine knows. It shares nothing with the machine.
func (m *Machine) Save() Snapshot {
	random, _ := m.random.MarshalBinary() // never fails
	saved := Snapshot{
		Now: m.now, Steps: m.seq, Random: random, Revision: m.revision, Booted: m.booted, Open: m.open,
		Shutdown: ShutdownSnapshot{
			Origin: m.shutdown.origin, Cutting: m.shutdown.cutting, Finished: m.shutdown.finished, Status: m.shutdown.status,
			Deadline: m.shutdown.deadline.save(), Progress: m.shutdown.progress.save(),
		},
		Services: make([]ServiceSnapshot, len(m.services)),
	}
	inForce := settingsByName(m.file)
	for i, s := range m.services {
		saved.Services[i] = s.save(inForce[s.spec.Name] == s.spec)
	}
	for _, s := range m.neighbours.act {
		saved.Changed = append(saved.Changed, s.id)
	}
	return saved
}

func (s *service) save(inForce bool) ServiceSnapshot {
	saved := ServiceSnapshot{Name: s.spec.Name, Lifecycle: s.Lifecycle, Deadline: s.deadline.save(), Outbox: s.outbox.save(), RemnantDeadline: s.remnant.save(), ReadyDeadline: s.ready.save()}
	saved.Requests = slices.Clone(s.Requests)
	saved.Ladder.Rungs = slices.Clone(s.Ladder.Rungs)
	if !inForce && s.State != Removed {
		saved.Settings = relevant(s.spec)
	}
	return saved
}

func (o *outbox) save() OutboxSnapshot {
	saved := OutboxSnapshot{
		Standard: o.standard.Items(), Realtime: o.realtime.Items(), Counts: o.realtime.Counts(),
		Backoff: o.backoff, Retry: o.retry.save(), Stuck: o.stuck, Noted: o.noted,
		Unanswered: o.unanswered, LeaderGone: o.leaderGone, Holding: o.holding,
	}
	if o.inFlight {
		delivery := o.delivery
		saved.Delivery = &delivery
	}
	return saved
}

func (t *timer) save() *time.Duration {
	if !t.set() {
		return nil
	}
	at := t.at
	return &at
}

// Restore returns a machine that continues where the saved one left off. file, which must not
// be changed any more, is the configuration that was in force then, or what [Relevant] leaves
// of it. It fails if the two do not fit together, or if no machine can have been saved like
// that.
func Restore(file *config.File, saved Snapshot) (*Machine, error) {
	m := newMachine(len(saved.Services))
	if err := m.random.UnmarshalBinary(saved.Random); err != nil {
		return nil, cannotRestore("the source of randomness", err.Error())
	}
	m.file = file
	m.setRules()
	m.now, m.seq, m.revision, m.booted, m.open = saved.Now, saved.Steps, saved.Revision, saved.Booted, saved.Open
	m.restoreShutdown(&saved.Shutdown)
	inForce := settingsByName(file)
	for i := range saved.Services {
		if reason := m.restore(&saved.Services[i], inForce); reason != "" {
			return nil, cannotRestore("service "+strconv.Quote(saved.Services[i].Name), reason)
		}
	}
	for i := range file.Services {
		name := file.Services[i].Name
		if !slices.ContainsFunc(saved.Services, func(s ServiceSnapshot) bool { return s.Name == name }) {
			return nil, cannotRestore("service "+strconv.Quote(name), "nothing is saved of it")
		}
	}
	m.findTargets()
	if reason := m.restoreNeighbours(saved.Changed); reason != "" {
		return nil, cannotRestore("the services that have changed", reason)
	}
	return m, nil
}

func cannotRestore(what, reason string) error {
	return errors.New("cannot restore " + what + ": " + reason)
}

func (m *Machine) restoreShutdown(saved *ShutdownSnapshot) {
	down := &m.shutdown
	down.timeout = m.file.Supervisor.ShutdownTimeout
	down.origin, down.cutting, down.finished, down.status = saved.Origin, saved.Cutting, saved.Finished, saved.Status
	m.rearm(&down.deadline, saved.Deadline)
	m.rearm(&down.progress, saved.Progress)
}

// restoreNeighbours finds out what services are like for those that need them, and which of them
// have changed without that anybody was told.
func (m *Machine) restoreNeighbours(changed []ServiceID) (reason string) {
	m.ordered = true // whatever the file says: some on their way out may have what it has not
	m.link()
	m.propagate()
	for _, s := range m.neighbours.act {
		s.acting = false
	}
	m.neighbours.act = m.neighbours.act[:0]
	for _, id := range changed {
		if !m.has(id) {
			return "there is no service " + strconv.Itoa(int(id))
		}
		m.enqueue(m.services[id])
	}
	return ""
}

// restore adds a service as it was saved, or says why not.
func (m *Machine) restore(saved *ServiceSnapshot, inForce map[string]*config.Service) (reason string) {
	spec := inForce[saved.Name]
	switch {
	case saved.State == Removed:
		spec = &config.Service{Name: saved.Name}
	case saved.Settings != nil:
		spec = saved.Settings
	}
	if reason := saved.fault(spec); reason != "" {
		return reason
	}
	s := m.add(spec)
	if saved.State == Removed {
		delete(m.names, saved.Name)
	}
	s.Lifecycle = saved.Lifecycle
	s.Requests = slices.Clone(saved.Requests)
	m.rearm(&s.deadline, saved.Deadline)
	m.rearm(&s.outbox.retry, saved.Outbox.Retry)
	m.rearm(&s.remnant, saved.RemnantDeadline)
	m.rearm(&s.ready, saved.ReadyDeadline)
	s.outbox.restore(&saved.Outbox)
	for signal := range s.outbox.heldBack().All() {
		m.holds[signal]++
	}
	if !s.State.atRest() {
		m.active++
	}
	if s.Remnant != 0 {
		m.remnants++
	}
	return ""
}

// fault says why a saved service cannot be restored, "" if it can.
func (saved *ServiceSnapshot) fault(spec *config.Service) string {
	ladder := &saved.Ladder
	switch {
	case spec == nil:
		return "the configuration does not have it"
	case spec.Name != saved.Name:
		return "its settings are those of service " + strconv.Quote(spec.Name)
	case saved.State >= numStates, saved.Wanted >= numWanted:
		return "it is " + saved.State.String() + ", and wanted " + saved.Wanted.String()
	case ladder.Rung < 0 || ladder.Rung > len(ladder.Rungs):
		return "it is at rung " + strconv.Itoa(ladder.Rung+1) + " of " + strconv.Itoa(len(ladder.Rungs))
	}
	return ""
}

// restore fills the outbox of a new service.
func (o *outbox) restore(saved *OutboxSnapshot) {
	for _, item := range saved.Standard {
		o.standard.Add(item)
	}
	o.realtime = queue.Restore(o.bounds.Limit, policyOf(o.bounds.WhenFull), slices.Clone(saved.Realtime), saved.Counts)
	o.backoff, o.stuck, o.noted = saved.Backoff, saved.Stuck, saved.Noted
	if saved.Delivery != nil {
		o.delivery, o.inFlight = *saved.Delivery, true
	}
	o.unanswered, o.leaderGone, o.holding = saved.Unanswered, saved.LeaderGone, saved.Holding
}

// rearm sets a timer as it was saved.
func (m *Machine) rearm(t *timer, at *time.Duration) {
	if at != nil {
		m.timers.arm(t, *at)
	}
}

func settingsByName(file *config.File) map[string]*config.Service {
	settings := make(map[string]*config.Service, len(file.Services))
	for i := range file.Services {
		settings[file.Services[i].Name] = &file.Services[i]
	}
	return settings
}

// Relevant returns the settings in a file that influence the machine, without the others, such
// as commands and environments of services. With them a machine decides the same.
func Relevant(file *config.File) *config.File {
	some := &config.File{
		Supervisor: config.Supervisor{ShutdownTimeout: file.Supervisor.ShutdownTimeout},
		Core:       config.Collection{Timeout: file.Core.Timeout},
		Signals:    file.Signals, Commands: file.Commands, HangUp: file.HangUp,
		Services: make([]config.Service, len(file.Services)),
	}
	for i := range file.Services {
		some.Services[i] = *relevant(&file.Services[i])
	}
	return some
}

func relevant(spec *config.Service) *config.Service {
	return &config.Service{
		Name: spec.Name, Enabled: spec.Enabled, Type: spec.Type, Order: spec.Order, UpAfter: spec.UpAfter, Restart: spec.Restart, Stop: spec.Stop, Reload: spec.Reload,
		Signals: config.Signals{Forward: spec.Signals.Forward, Queue: spec.Signals.Queue},
	}
}
