package calls

import (
	"strconv"
	"strings"

	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// Condition is what a call waits for of a service.
type Condition uint8

// The conditions. The first three are those of [request.Wait] and answered with the status,
// the others are the outcomes of commands.
const (
	Up    Condition = iota // its main process runs
	Ready                  // its status says that it is ready
	Down                   // none of its processes is left, and none will be started

	Started   // it runs, or it is known why not
	Stopped   // none of its processes is left
	Restarted // a new generation runs, or it is known why not
	Reported  // the machine has reported the result
	Paused    // the same, and its main process is stopped
	Continued // the same, and its main process is not stopped

	numConditions = iota
)

// conditionFor is the condition of a [request.Wait].
func conditionFor(c request.Condition) (Condition, bool) {
	switch c {
	case request.Up:
		return Up, true
	case request.Ready:
		return Ready, true
	case request.Down:
		return Down, true
	}
	return 0, false
}

func (c Condition) answersStatus() bool { return c <= Down }

// prompt reports whether a call waits for a condition no longer than [PromptTime].
func (c Condition) prompt() bool { return c >= Reported }

// pending is the result of a check whose condition is not met yet.
func pending() (request.Outcome, bool) { return request.Outcome{}, false }

// check returns the outcome of a condition for a service, and true once it is known.
func (p *Pending) check(c Condition, t *target) (request.Outcome, bool) {
	now := p.services.View(t.service)
	switch c {
	case Up:
		return up(now)
	case Ready:
		outcome, done := up(now)
		if outcome.OK && !p.services.Status(t.service).Ready {
			return pending()
		}
		return outcome, done
	case Down:
		return down(now)
	case Started:
		return p.started(t, now)
	case Stopped:
		return stopped(t.before, now)
	case Restarted:
		return p.restarted(t, now)
	case Reported: // Report says more, if it comes
		if now.State == machine.Removed {
			return removed()
		}
		return pending()
	case Paused:
		return p.paused(t, now, true)
	case Continued:
		return p.paused(t, now, false)
	}
	return unknown("condition", int(c))
}

// removed is the outcome for a service that no longer exists.
func removed() (request.Outcome, bool) {
	return request.Outcome{Result: "removed", Text: "has been removed"}, true
}

// unknown is the outcome for values that do not exist: an answer that says so is better than
// a client that waits for ever.
func unknown(what string, value int) (request.Outcome, bool) {
	return request.Outcome{Result: "failed", Text: "cannot be waited for: there is no " + what + " " + strconv.Itoa(value)}, true
}

func up(now machine.View) (request.Outcome, bool) {
	switch now.State {
	case machine.Running:
		return request.Outcome{OK: true, Result: "up", Text: "is up"}, true
	case machine.Stopped, machine.Starting, machine.Stopping, machine.Clearing, machine.Backoff, machine.Failed:
		return pending()
	case machine.Removed:
		return removed()
	}
	return unknown("state", int(now.State))
}

func down(now machine.View) (request.Outcome, bool) {
	switch now.State {
	case machine.Stopped, machine.Failed, machine.Removed:
		return request.Outcome{OK: true, Result: "down", Text: "is down"}, true
	case machine.Starting, machine.Running, machine.Stopping, machine.Clearing, machine.Backoff:
		return pending()
	}
	return unknown("state", int(now.State))
}

func (p *Pending) started(t *target, now machine.View) (request.Outcome, bool) {
	switch now.State {
	case machine.Running:
		return p.isUp(t, now, t.before.Gen == now.Gen), true
	case machine.Stopped:
		if now.Gen > t.before.Gen {
			return request.Outcome{OK: true, Result: "ended", Text: "has ended: " + now.Exit.String()}, true
		}
		return p.whyDown(t, "down"), true
	case machine.Failed, machine.Backoff:
		return p.lastOutcome(t, now), true
	case machine.Starting, machine.Stopping, machine.Clearing:
		return pending()
	case machine.Removed:
		return removed()
	}
	return unknown("state", int(now.State))
}

func stopped(before, now machine.View) (request.Outcome, bool) {
	isDown := request.Outcome{OK: true, Result: "down", Text: "is down"}
	switch now.State {
	case machine.Stopped:
		switch {
		case before.State == machine.Stopped:
			isDown.Text = "was down already"
		case before.PID != 0:
			isDown.Text += ": " + now.Exit.String()
		}
		return isDown, true
	case machine.Removed:
		return isDown, true
	case machine.Starting, machine.Running, machine.Stopping, machine.Clearing, machine.Backoff, machine.Failed:
		if now.Wanted == machine.Up {
			return request.Outcome{Result: now.State.String(), Text: "was started again in the meantime"}, true
		}
		return pending()
	}
	return unknown("state", int(now.State))
}

func (p *Pending) restarted(t *target, now machine.View) (request.Outcome, bool) {
	switch now.State {
	case machine.Running:
		if now.Gen > t.before.Gen {
			return p.isUp(t, now, false), true
		}
		return pending()
	case machine.Stopped:
		return p.whyDown(t, now.State.String()), true
	case machine.Failed, machine.Backoff:
		return p.lastOutcome(t, now), true
	case machine.Starting, machine.Stopping, machine.Clearing:
		return pending()
	case machine.Removed:
		return removed()
	}
	return unknown("state", int(now.State))
}

// paused checks whether /proc shows the effect of the SIGSTOP or SIGCONT that was sent.
func (p *Pending) paused(t *target, now machine.View, paused bool) (request.Outcome, bool) {
	switch {
	case now.State == machine.Removed:
		return removed()
	case !t.sent:
		return pending()
	case now.PID == 0:
		return request.Outcome{Result: "down", Text: "has ended"}, true
	case p.services.Stopped(t.service) != paused:
		return pending()
	case paused:
		return request.Outcome{OK: true, Result: "paused", Text: "is paused: " + processes(t.count) + " stopped"}, true
	}
	return request.Outcome{OK: true, Result: "up", Text: "goes on"}, true
}

func (p *Pending) isUp(t *target, now machine.View, already bool) request.Outcome {
	text := "is up, pid "
	if already {
		text = "was up already, pid "
	}
	text += strconv.Itoa(int(now.PID))
	if p.services.Paused(t.service) {
		text += ", and is paused"
	}
	return request.Outcome{OK: true, Result: "up", Text: text}
}

// lastOutcome is the outcome for a service that does not run because it failed.
func (p *Pending) lastOutcome(t *target, now machine.View) request.Outcome {
	state := now.State.String()
	return request.Outcome{Result: state, Text: "is " + state + ": " + p.services.LastOutcome(t.service)}
}

// whyDown is the outcome for a service that does not run although nothing has failed. It
// says what happened last.
func (p *Pending) whyDown(t *target, result string) request.Outcome {
	name := p.services.Name(t.service)
	var last []string
	for _, e := range p.journal.Last([]string{name}, 2) {
		if e.Service == name {
			last = append(last, e.Text)
		}
	}
	text := "is " + result
	if last != nil {
		text += ": " + strings.Join(last, "; ")
	}
	return request.Outcome{Result: result, Text: text}
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return strconv.Itoa(n) + " processes"
}
