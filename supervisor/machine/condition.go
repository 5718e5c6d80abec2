package machine

import (
	"strconv"
	"strings"

	"supervise/config"
)

// edgeKind says what a service has to do with another one.
type edgeKind uint8

const (
	requires  edgeKind = iota // it cannot do without
	milestone                 // it does not start before the other one has been ready once
	wants                     // the other one is started with it
	after                     // it is the second to start, and the first to stop, if both do
)

// edge is a condition of the service from about the service to, before which it never starts
// and after which it never stops.
type edge struct {
	kind     edgeKind
	until    config.Until
	onLoss   config.OnLoss
	from, to *service
}

func (s *service) isGoing() bool {
	switch s.State {
	case Stopping:
		return true
	case Starting, Running, Clearing:
		return s.Wanted != Up || s.Cycling || s.lost() != nil || s.outdated()
	case Done:
		return s.Wanted != Up || s.Cycling
	case Stopped, Waiting, Backoff, Failed, Removed:
		return false
	}
	return false
}

func (s *service) isAway() bool {
	switch {
	case s.Wanted != Up, s.State == Failed && !s.Due:
		return true
	case s.State == Done:
		return false
	}
	for i := range s.needs {
		e := &s.needs[i]
		if e.to.away && (e.kind == requires || e.kind == milestone && s.State == Waiting && e.unmet()) {
			return true
		}
	}
	return false
}

func (s *service) isStalled() bool {
	if s.State != Waiting {
		return false
	}
	for i := range s.needs {
		e := &s.needs[i]
		if (e.kind == requires || e.kind == milestone) && e.unmet() && !e.to.pending() {
			return true
		}
	}
	return false
}

// present reports whether there are, or may be, processes of a service.
func (s *service) present() bool {
	switch s.State {
	case Starting, Running, Stopping, Clearing:
		return true
	case Stopped, Waiting, Done, Backoff, Failed, Removed:
		return false
	}
	return false
}

// inPlace reports whether a service has come as far as others require.
func (s *service) inPlace(until config.Until) bool {
	switch s.State {
	case Running:
		return !s.going && s.spec.Type == config.Run && (s.Ready || until == config.UntilStarted)
	case Done:
		return !s.going
	case Stopped, Waiting, Starting, Stopping, Clearing, Backoff, Failed, Removed:
		return false
	}
	return false
}

// pending reports whether a service is on its way up, so that those who want it, or start after
// it, wait. One that has failed does not hold them up while it waits for the next try.
func (s *service) pending() bool {
	if s.Wanted != Up {
		return false
	}
	switch s.State {
	case Starting, Stopping:
		return true
	case Running, Done:
		return !s.inPlace(config.UntilReady)
	case Waiting:
		return !s.stalled
	case Clearing:
		return !s.Unasked
	case Stopped, Backoff, Failed:
		return s.Due
	case Removed:
		return false
	}
	return false
}

// unmet reports whether a condition keeps its service from being started.
func (e *edge) unmet() bool {
	switch e.kind {
	case requires:
		return !e.to.inPlace(e.until)
	case milestone:
		return !e.to.Reached
	case wants, after:
		return e.to.pending()
	}
	return false
}

// lost reports whether a service cannot go on, for want of the one that it requires.
func (e *edge) lost() bool {
	return e.kind == requires && (e.to.away || e.onLoss == config.StopIt && !e.to.inPlace(config.UntilStarted))
}

// keepsUp reports whether the service that is needed must not be stopped yet: the one that
// needs it is to be gone first.
func (e *edge) keepsUp() bool { return e.from.present() && (e.from.going || e.lost()) }

// lost is the first condition without which a service cannot go on, nil if there is none.
func (s *service) lost() *edge {
	for i := range s.needs {
		if s.needs[i].lost() {
			return &s.needs[i]
		}
	}
	return nil
}

// outdated reports whether a service runs since before one that it requires has begun anew, and
// can be restarted for that now.
func (s *service) outdated() bool {
	return s.State == Running && s.Stale && s.renewed() != nil && !s.blocked()
}

// blocked reports whether a condition keeps a service from being started.
func (s *service) blocked() bool {
	for i := range s.needs {
		if s.needs[i].unmet() {
			return true
		}
	}
	return false
}

// keptUp reports whether a service must not be stopped yet.
func (s *service) keptUp() bool {
	for i := range s.neededBy {
		if s.neededBy[i].keepsUp() {
			return true
		}
	}
	return false
}

// awaited says which conditions of a service are unmet.
func (s *service) awaited() string {
	var texts []string
	for i := range s.needs {
		if e := &s.needs[i]; e.unmet() {
			texts = append(texts, e.text())
		}
	}
	return strings.Join(texts, ", ")
}

// text names the service of a condition, and what is the matter with it unless it is on its way:
// `"db" (failed)`.
func (e *edge) text() string {
	switch d := e.to; {
	case d.State == Running && d.going:
		return quoted(d) + " (to stop)"
	case d.pending():
		return quoted(d)
	}
	return quoted(e.to) + " (" + e.to.State.String() + ")"
}

// keepers names those that are to be gone before a service is stopped.
func (s *service) keepers() string {
	var names []string
	for i := range s.neededBy {
		if e := &s.neededBy[i]; e.keepsUp() {
			names = append(names, quoted(e.from))
		}
	}
	return strings.Join(names, ", ")
}

func quoted(s *service) string { return strconv.Quote(s.spec.Name) }
