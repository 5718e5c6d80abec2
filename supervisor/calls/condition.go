package calls

import (
	"strconv"
	"strings"
	"time"

	"supervise/config"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// Condition is what a call waits for of a service.
type Condition uint8

// The conditions. The first three are those of [request.Wait] and answered with the status,
// the others are the outcomes of commands.
const (
	Up    Condition = iota // its main process has run for a moment: Services.UpAfter
	Ready                  // its status says that it is ready
	Down                   // none of its processes is left, and none will be started

	Started   // it has run for a moment, or it is known why not
	Stopped   // none of its processes is left
	Restarted // a new generation has, or it is known why not
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

// check returns the outcome of a condition for a service, and true once it is known. at is
// the time.
func (p *Pending) check(c Condition, t *target, at time.Duration) (request.Outcome, bool) {
	now := p.services.View(t.service)
	switch c {
	case Up:
		return p.up(t, now, at)
	case Ready:
		outcome, done := p.up(t, now, at)
		if outcome.OK && now.State == machine.Running && !p.services.Status(t.service).Ready {
			t.upAt = 0 // a time that is past would keep the loop awake
			return pending()
		}
		return outcome, done
	case Down:
		return down(now)
	case Started:
		return p.started(t, now, t.firstGen(true), at)
	case Stopped:
		return stopped(t.before, now)
	case Restarted:
		return p.started(t, now, t.firstGen(false), at)
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

// hasRun reports whether a service has run for so long that it can be said to be up, and
// notes when it will have.
func (p *Pending) hasRun(t *target, now machine.View, at time.Duration) bool {
	upAt := now.Since + p.services.UpAfter(t.service)
	if upAt <= at {
		return true
	}
	t.upAt = upAt
	return false
}

func (p *Pending) up(t *target, now machine.View, at time.Duration) (request.Outcome, bool) {
	t.upAt = 0
	switch now.State {
	case machine.Running:
		if now.Type == config.Once || !p.hasRun(t, now, at) {
			return pending()
		}
		return request.Outcome{OK: true, Result: "up", Text: "is up"}, true
	case machine.Done:
		return isDone(), true
	case machine.Waiting, machine.Stopped, machine.Starting, machine.Stopping, machine.Clearing, machine.Backoff, machine.Failed:
		return pending()
	case machine.Removed:
		return removed()
	}
	return unknown("state", int(now.State))
}

// isDone is the outcome for a service that has done its work, which counts as up.
func isDone() request.Outcome {
	return request.Outcome{OK: true, Result: "done", Text: "has done its work"}
}

func down(now machine.View) (request.Outcome, bool) {
	switch now.State {
	case machine.Stopped, machine.Done, machine.Failed, machine.Removed:
		return request.Outcome{OK: true, Result: "down", Text: "is down"}, true
	case machine.Waiting, machine.Starting, machine.Running, machine.Stopping, machine.Clearing, machine.Backoff:
		return pending()
	}
	return unknown("state", int(now.State))
}

// firstGen is the generation that a command is about: the one that ran before it, if that
// will do, or else the next.
func (t *target) firstGen(same bool) machine.Gen {
	switch t.before.State {
	case machine.Starting:
		return t.before.Gen
	case machine.Running, machine.Done:
		if same {
			return t.before.Gen
		}
	case machine.Stopped, machine.Waiting, machine.Stopping, machine.Clearing, machine.Backoff, machine.Failed, machine.Removed:
	}
	return t.before.Gen + 1
}

// hasEnded reports whether a generation that the command is about has ended.
func (t *target) hasEnded(now machine.View) bool {
	return now.Gen > t.before.Gen || t.before.State == machine.Starting && now.ExitedAt > t.before.ExitedAt
}

// started is the outcome of starting a generation.
func (p *Pending) started(t *target, now machine.View, first machine.Gen, at time.Duration) (request.Outcome, bool) {
	t.upAt = 0
	if now.Gen > first && now.State != machine.Removed {
		return p.ended(t, now)
	}
	switch now.State {
	case machine.Running:
		if now.Gen < first || now.Type == config.Once || !p.hasRun(t, now, at) {
			return pending()
		}
		return p.isUp(t, now, t.before.Gen == now.Gen && t.before.State == machine.Running), true
	case machine.Stopped:
		if t.hasEnded(now) {
			return request.Outcome{OK: true, Result: "ended", Text: "has ended: " + now.Exit.String()}, true
		}
		return p.whyDown(t), true
	case machine.Done:
		if now.Gen < first {
			return pending()
		}
		return isDone(), true
	case machine.Waiting:
		if !now.Stuck {
			return pending()
		}
		return request.Outcome{Result: "waiting", Text: "waits for " + now.Awaits}, true
	case machine.Failed, machine.Backoff:
		return p.ended(t, now)
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
	case machine.Waiting, machine.Starting, machine.Running, machine.Done, machine.Stopping, machine.Clearing, machine.Backoff, machine.Failed:
		if now.Wanted == machine.Up {
			return request.Outcome{Result: now.State.String(), Text: "was started again in the meantime"}, true
		}
		return pending()
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

// ended is the outcome for a service that could not be started, or whose new main process
// has ended too soon: how it ended, and what it wrote last.
func (p *Pending) ended(t *target, now machine.View) (request.Outcome, bool) {
	lines, read := p.services.LastLines(t.service)
	if !read {
		return pending()
	}
	result, text := now.State.String(), "is "+now.State.String()+": "
	switch now.State {
	case machine.Running, machine.Starting:
		result, text = "restarted", "does not stay up: "
	case machine.Stopped, machine.Waiting, machine.Done, machine.Stopping, machine.Clearing, machine.Backoff, machine.Failed, machine.Removed:
	}
	return request.Outcome{Result: result, Text: text + p.services.LastOutcome(t.service), Lines: lines}, true
}

// whyDown is the outcome for a service that does not run although nothing has failed. It
// says what happened last.
func (p *Pending) whyDown(t *target) request.Outcome {
	name := p.services.Name(t.service)
	var last []string
	for _, e := range p.journal.Last([]string{name}, 3) {
		if e.Service == name && len(e.Lines) == 0 { // or it is only what it wrote
			last = append(last, e.Text)
		}
	}
	last = last[max(0, len(last)-2):]
	text := "is down"
	if last != nil {
		text += ": " + strings.Join(last, "; ")
	}
	return request.Outcome{Result: "down", Text: text}
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return strconv.Itoa(n) + " processes"
}
