package sim

import (
	"slices"
	"time"

	"supervise/config"
	"supervise/supervisor/machine"
)

// relate gives the services of a file conditions about those that are numbered lower, so that
// there is no circle. Most have none.
func (w *world) relate(file *config.File) {
	if !w.graph {
		return
	}
	for i := range file.Services {
		s := &file.Services[i]
		gone := func(name string) bool { return !has(file, name) }
		o := s.Order
		s.Order = config.Order{
			Requires: slices.DeleteFunc(slices.Clone(o.Requires), func(n config.Need) bool { return gone(n.Service) }),
			Wants:    slices.DeleteFunc(slices.Clone(o.Wants), gone), Milestone: slices.DeleteFunc(slices.Clone(o.Milestone), gone),
			After: slices.DeleteFunc(slices.Clone(o.After), gone), Before: slices.DeleteFunc(slices.Clone(o.Before), gone),
		}
		for j := range file.Services {
			if other := file.Services[j].Name; less(other, s.Name) && w.chance(3) {
				w.addCondition(s, &file.Services[j])
			}
		}
	}
}

// typeOf is Once for some services, where there is a graph, and always the same for a name: another
// one takes a restart.
func (w *world) typeOf(name string) config.Type {
	if w.graph && name[len(name)-1]%4 == 1 {
		return config.Once
	}
	return config.Run
}

// less is the order in which conditions may be: s2 before s10.
func less(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// addCondition makes up a condition of a service about another one.
func (w *world) addCondition(s, other *config.Service) {
	o := &s.Order
	for _, need := range o.Requires {
		if need.Service == other.Name {
			return
		}
	}
	add := func(names *[]string, name string) {
		if !slices.Contains(*names, name) {
			*names = append(slices.Clone(*names), name)
		}
	}
	switch w.random.IntN(7) {
	case 0, 1, 2:
		need := config.Need{Service: other.Name, Until: config.Until(w.random.IntN(2)), OnLoss: config.OnLoss(w.random.IntN(3))}
		o.Requires = append(slices.Clone(o.Requires), need)
	case 3:
		add(&o.Wants, other.Name)
	case 4:
		add(&o.Milestone, other.Name)
	case 5:
		add(&o.After, other.Name)
	case 6:
		add(&other.Order.Before, s.Name)
	}
}

// condition is one of a service about another one.
type condition struct {
	kind     string // as the key of the file has it
	need     config.Need
	from, to *service
}

// String tells what the condition is, and how the other service is.
func (c condition) String() string {
	return c.kind + " " + c.to.spec.Name + " (" + c.to.state.String() + ")"
}

// conditions are those that a service has. What stands as "before" in the settings of another one
// counts as long as those are in force.
func (w *world) conditions(s *service) []condition {
	var list []condition
	add := func(kind string, need config.Need) {
		if to := w.named(need.Service); to != nil {
			list = append(list, condition{kind, need, s, to})
		}
	}
	for _, need := range s.spec.Order.Requires {
		add("requires", need)
	}
	addAll := func(kind string, names []string) {
		for _, name := range names {
			add(kind, config.Need{Service: name})
		}
	}
	addAll("milestone", s.spec.Order.Milestone)
	addAll("wants", s.spec.Order.Wants)
	addAll("after", s.spec.Order.After)
	for i := range w.spec.Services {
		if spec := &w.spec.Services[i]; slices.Contains(spec.Order.Before, s.spec.Name) && w.named(s.spec.Name) == s {
			add("after", config.Need{Service: spec.Name})
		}
	}
	return list
}

// become takes note of another state.
func (s *service) become(state machine.State, now time.Duration) {
	s.noteReady(now)
	switch {
	case state == machine.Stopping, state == machine.Clearing && s.cycles:
		s.asked, s.cycles = true, s.cycles && state == machine.Clearing
	case state == machine.Starting:
		s.stale, s.asked, s.cycles = false, false, false
	case state == machine.Running && s.state == machine.Starting:
		s.upSince = now
	case state == machine.Done:
		s.reached, s.mayHaveReached = true, true
	}
	s.mayBeReady = s.mayBeReady && state == machine.Running && s.state == machine.Running
	s.state = state
}

// noteReady takes note of what has run for so long that it is ready: for sure, or perhaps, as the
// machine has looked at another time. Later settings do not change that.
func (s *service) noteReady(now time.Duration) {
	s.reached = s.reached || s.hasRun(now-slack)
	s.mayHaveReached = s.mayHaveReached || s.hasRun(now+slack)
	s.mayBeReady = s.state == machine.Running && s.mayBeReady || s.hasRun(now+slack)
}

// hasRun reports whether a service has run for as long as its settings have it be ready.
func (s *service) hasRun(now time.Duration) bool {
	return s.state == machine.Running && s.spec.Type == config.Run && now >= s.upSince+s.spec.UpAfter
}

// isReady reports whether a service is ready: for sure; or if that is doubted, perhaps.
func (w *world) isReady(s *service) bool {
	if w.doubt {
		s.noteReady(w.now)
		return s.mayBeReady
	}
	return s.hasRun(w.now - slack)
}

// wantedUp reports whether the last command wants a service up.
func (w *world) wantedUp(s *service) bool { return w.twin.View(s.id).Wanted == machine.Up }

// away reports whether a service does not come up, or come back, without a command.
func (w *world) away(s *service) bool {
	switch {
	case !w.wantedUp(s), s.state == machine.Failed:
		return true
	case s.state == machine.Done:
		return false
	}
	for _, c := range w.conditions(s) {
		switch {
		case c.kind == "requires" && w.away(c.to):
			return true
		case c.kind == "milestone" && s.state == machine.Waiting && !w.isMet(c) && w.away(c.to):
			return true
		}
	}
	return false
}

// stands reports whether a service is there as far as another one requires.
func (w *world) stands(s *service, until config.Until) bool {
	if !w.wantedUp(s) {
		return false
	}
	if w.isHeld(s) {
		return false
	}
	return s.state == machine.Done || s.state == machine.Running && s.spec.Type == config.Run && (until == config.UntilStarted || w.isReady(s))
}

// comes reports whether a service is on its way up.
func (w *world) comes(s *service) bool {
	if !w.wantedUp(s) {
		return false
	}
	switch s.state {
	case machine.Starting:
		return true
	case machine.Running:
		return !w.isReady(s) || w.isHeld(s)
	case machine.Done:
		return w.isHeld(s)
	case machine.Waiting:
		return !w.stuck(s)
	case machine.Stopping:
		return true
	case machine.Clearing:
		return s.asked || s.startsNext
	case machine.Stopped, machine.Backoff, machine.Failed, machine.Removed:
	}
	return false
}

// isMet reports whether a condition lets its service start.
func (w *world) isMet(c condition) bool {
	switch c.kind {
	case "requires":
		return w.stands(c.to, c.need.Until)
	case "milestone":
		return c.to.reached || w.doubt && c.to.mayHaveReached || w.isReady(c.to)
	}
	return !w.comes(c.to)
}

// stuck reports whether a service waits for one that is not on its way.
func (w *world) stuck(s *service) bool {
	for _, c := range w.conditions(s) {
		if (c.kind == "requires" || c.kind == "milestone") && !w.isMet(c) && !w.comes(c.to) {
			return true
		}
	}
	return false
}

// waitsForGood reports whether a service waits for one that does not come, or is at work for as long
// as it likes.
func (w *world) waitsForGood(s *service) bool {
	return slices.ContainsFunc(w.conditions(s), func(c condition) bool {
		works := c.to.state == machine.Running && c.to.spec.Type == config.Once
		return !w.isMet(c) && (works || !w.comes(c.to) || c.to.state == machine.Waiting && w.waitsForGood(c.to))
	})
}

// checkStarts finds what is started too early.
func (w *world) checkStarts(s *service) {
	w.doubt = true
	for _, c := range w.conditions(s) {
		if !w.isMet(c) {
			w.fail(s, "spawned, and what it %s, %s, is %v", c.kind, c.to.spec.Name, c.to.state)
		}
	}
	for _, other := range w.services {
		for _, c := range w.conditionsAbout(other, s) {
			if c.kind == "requires" && c.need.OnLoss == config.RestartIt && present(other) {
				other.stale = true
			}
		}
	}
}

func (w *world) conditionsAbout(s, to *service) []condition {
	if s.state == machine.Removed {
		return nil
	}
	return slices.DeleteFunc(w.conditions(s), func(c condition) bool { return c.to != to })
}

// present reports whether there may be processes of a service.
func present(s *service) bool {
	return s.state == machine.Starting || s.state == machine.Running || s.state == machine.Stopping || s.state == machine.Clearing
}

// keeper is a service that is to be gone before another one is stopped, nil if there is none.
func (w *world) keeper(s *service) *service {
	for _, other := range w.services {
		for _, c := range w.conditionsAbout(other, s) {
			stops := other.state == machine.Stopping || !w.wantedUp(other) || c.kind == "requires" && !w.wantedUp(s)
			if present(other) && stops {
				return other
			}
		}
	}
	return nil
}

// checkStops finds what is stopped too early: before somebody is gone who needs it, or who is
// stopped as well. That its leader has ended by itself comes another way.
func (w *world) checkStops(s *service) {
	if w.cutting {
		return
	}
	if other := w.keeper(s); other != nil {
		w.fail(s, "it is stopped, and %s, which is to stop before it, is %v", other.spec.Name, other.state)
	}
}

// checkRests finds who could start and does not, and who should stop and does not.
func (w *world) checkRests() {
	if w.finished {
		return
	}
	w.doubt = false // it may be ready, and the loop not awake yet
	doubtful := slices.ContainsFunc(w.services, func(s *service) bool { return s.reached != s.mayHaveReached })
	for _, s := range w.services {
		s.noteReady(w.now)
		switch {
		case s.state == machine.Stopped && w.wantedUp(s):
			w.fail(s, "it is wanted up, and rests")
		case s.state == machine.Waiting && !doubtful && !slices.ContainsFunc(w.conditions(s), func(c condition) bool { return !w.isMet(c) }):
			w.fail(s, "it waits for %s, and all its conditions are met: %v", w.twin.View(s.id).Awaits, w.conditions(s))
		case w.isHeld(s) && !w.keptUp(s):
			w.fail(s, "it is to stop after %s, and that is not there", w.twin.View(s.id).Awaits)
		case s.state == machine.Running && w.mustGo(s) && !w.keptUp(s):
			w.fail(s, "it is to stop, and nobody is left who needs it, but it runs")
		}
	}
}

// mustGo reports whether a service that runs must stop: by command, or for want of another one.
func (w *world) mustGo(s *service) bool {
	if !w.wantedUp(s) {
		return true
	}
	for _, c := range w.conditions(s) {
		if c.kind == "requires" && (w.away(c.to) || c.need.OnLoss == config.StopIt && !w.stands(c.to, config.UntilStarted)) {
			return true
		}
	}
	return s.stale && w.wantsRestart(s) && !slices.ContainsFunc(w.conditions(s), func(c condition) bool { return !w.isMet(c) })
}

func (w *world) wantsRestart(s *service) bool {
	return slices.ContainsFunc(w.conditions(s), func(c condition) bool { return c.kind == "requires" && c.need.OnLoss == config.RestartIt })
}

// keptUp reports whether somebody is there who is to be gone before a service may stop. Here that
// is anybody with a condition about it who must go as well.
func (w *world) keptUp(s *service) bool {
	for _, other := range w.services {
		if len(w.conditionsAbout(other, s)) > 0 && present(other) && (other.state != machine.Running || w.mustGo(other) || w.isHeld(other)) {
			return true
		}
	}
	return false
}

// isHeld reports whether a service is up, and is to go when it may: the machine says for whom it
// waits, who must be there.
func (w *world) isHeld(s *service) bool {
	return (s.state == machine.Running || s.state == machine.Done) && w.twin.View(s.id).Awaits != ""
}

// soonReady reports whether somebody waits for a service to be ready.
func (w *world) soonReady(s *service) bool {
	return w.linked()[s.spec.Name] && s.state == machine.Running && s.spec.Type == config.Run && !s.hasRun(w.now-slack)
}

// waits reports whether a service goes on to wait for another one.
func (w *world) waits(actions []machine.Action, id machine.ServiceID) bool {
	return slices.ContainsFunc(actions, func(a machine.Action) bool {
		return a.Service == id && a.Kind == machine.Tell && a.Note.Kind == machine.Waits
	})
}

// linked has the names of services with conditions, or that others have any about.
func (w *world) linked() map[string]bool {
	names := map[string]bool{}
	for _, s := range w.services {
		if s.state == machine.Removed {
			continue
		}
		for _, c := range w.conditions(s) {
			names[s.spec.Name], names[c.to.spec.Name] = true, true
		}
	}
	return names
}

// orders are the conditions that services have by their settings.
func (w *world) orders() []config.Order {
	var list []config.Order
	for _, s := range w.services {
		list = append(list, s.spec.Order)
	}
	return list
}

// newNeeds are the services that others which are wanted up need since an update, and not before.
func (w *world) newNeeds(old []config.Order, before []machine.View) map[string]bool {
	needs := map[string]bool{}
	for i := range old {
		s := w.services[i]
		if before[i].Wanted != machine.Up || !has(w.spec, s.spec.Name) {
			continue
		}
		for _, name := range needed(&s.spec.Order) {
			if !slices.Contains(needed(&old[i]), name) {
				needs[name] = true
			}
		}
	}
	return needs
}

func needed(o *config.Order) []string {
	var names []string
	for _, need := range o.Requires {
		names = append(names, need.Service)
	}
	return slices.Concat(names, o.Milestone, o.Wants)
}

// dropBrought forgets of what an update has commanded those starts that were not due, but follow
// from what others need that are started, or wait.
func (w *world) dropBrought(needs map[string]bool, d due) {
	for changed := true; changed; {
		changed = false
		for _, s := range w.services {
			kind, commanded := w.commanded[s.id]
			if !(commanded && kind != machine.Remove || s.state == machine.Waiting && needs[s.spec.Name]) {
				continue
			}
			for _, name := range needed(&s.spec.Order) {
				changed = changed || !needs[name]
				needs[name] = true
			}
		}
	}
	for id, kind := range w.commanded {
		name := w.services[id].spec.Name
		brought := needs[name] && (kind == machine.Start || kind == machine.Restart && slices.Contains(d.restart, name))
		if _, isDue := d.commands[id]; !isDue && brought {
			delete(w.commanded, id)
		}
	}
}
