package machine

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"supervise/config"
	"supervise/signals"
)

// Whatever the configuration says, no service is restarted in a busy loop. A generation that
// lives for less than shortLife is a short one; after shortLives of them in a row each
// further restart waits for at least firstBrake, which doubles each time, up to the service's
// max-delay, or minLastBrake if that is more.
//
// A SIGKILL comes from outside: from a human, a test, or the kernel that is short of memory.
// After it a service is started again without such a wait, as a delay of 0 promises. Only
// after shortLivesKill of them in a row it must be assumed that the kernel has no memory for
// the service.
const (
	shortLife      = time.Second
	shortLives     = 10
	shortLivesKill = 1000
	firstBrake     = 100 * time.Millisecond
	minLastBrake   = time.Second
)

// Restarts is what the delays of a service depend on.
type Restarts struct {
	Total    int // since New
	Row      int // since the last manual start, or since it was last up for reset-after
	Short    int // short generations in a row that were not ended by SIGKILL
	Killed   int // short generations in a row that were
	Failures int // spawns in a row that failed
}

// forget resets all counts but Total.
func (r *Restarts) forget() { *r = Restarts{Total: r.Total} }

// count counts a generation that ended unasked. One that was ended by SIGKILL neither counts
// as a short one nor ends a row of them.
func (r *Restarts) count(exit signals.Exit, up time.Duration) {
	switch {
	case up >= shortLife:
		r.Short, r.Killed = 0, 0
	case exit.Signal == signals.SIGKILL:
		r.Killed++
	default:
		r.Short, r.Killed = r.Short+1, 0
	}
}

// brake is the least delay of the next restart.
func (r *Restarts) brake(spec *config.Restart) time.Duration {
	return max(brake(r.Short-shortLives+1, spec), brake(r.Killed-shortLivesKill+1, spec))
}

// brake is firstBrake for n = 1, doubling from there, and 0 for n below 1.
func brake(n int, spec *config.Restart) time.Duration {
	last := max(spec.MaxDelay, minLastBrake)
	switch {
	case n < 1:
		return 0
	case n > 32:
		return last
	}
	return min(firstBrake<<(n-1), last)
}

// longest is the longest delay, 73 years. The sum of it and the time does not overflow.
const longest = 1 << 61

// delay is how long the policy has a service wait before its nth restart in a row, from 1:
// each delay is factor times the one before, up to max-delay, plus or minus a random share
// of it, up to jitter.
func delay(spec *config.Restart, n int, random *rand.PCG) time.Duration {
	if spec.Delay <= 0 {
		return 0
	}
	last := float64(spec.MaxDelay)
	d := float64(spec.Delay) * math.Pow(spec.Factor, float64(n-1))
	if !(d < last) {
		d = last
	}
	if spec.Jitter > 0 {
		// 53 random bits make a number from 0 up to 1, as rand.Float64 has it.
		share := float64(random.Uint64()>>11) / (1 << 53)
		d *= 1 + spec.Jitter*(2*share-1)
	}
	return time.Duration(min(max(d, 0), longest))
}

// succeeded reports whether an exit is a success, by the service's settings.
func succeeded(spec *config.Restart, exit signals.Exit) bool {
	return slices.ContainsFunc(spec.Success, func(o config.Outcome) bool {
		if o.Signal != 0 || exit.Signal != 0 {
			return o.Signal == exit.Signal
		}
		return o.Code == exit.Code
	})
}

// startsOnce reports whether the service is not to be started again, by its policy or
// by command.
func (s *service) startsOnce() bool { return s.Once || s.spec.Restart.Policy == config.Never }

func (s *service) whyOnce() Why {
	if s.Once {
		return StartedOnce
	}
	return PolicyNever
}

// judge decides, by the policy, what follows an exit that nobody asked for.
func (m *Machine) judge(s *service) {
	success := succeeded(&s.spec.Restart, s.Exit)
	switch {
	case s.Background != "":
		m.giveUp(s, WentToBackground)
	case success && s.spec.Type == config.Once:
		m.note(s, Note{Kind: Completed, Exit: s.Exit})
		m.enter(s, Done)
		s.Completed, s.Reached = true, true
	case !s.startsOnce() && (s.spec.Restart.Policy == config.Always || !success):
		m.restart(s)
	case success:
		m.want(s, Down)
		n := Note{Kind: Completed, Exit: s.Exit}
		if s.Once {
			n.Why = StartedOnce
		}
		m.note(s, n)
		m.enter(s, Stopped)
		s.Completed = true
	default:
		m.giveUp(s, s.whyOnce())
	}
}

// restart starts the service again, at once or later, unless it has reached its limit.
func (m *Machine) restart(s *service) {
	spec, r := &s.spec.Restart, &s.Restarts
	if s.Up >= spec.ResetAfter {
		r.Row = 0
	}
	if spec.Limit > 0 && r.Row >= spec.Limit {
		m.giveUp(s, LimitReached)
		return
	}
	r.Row++
	m.startAgain(s, max(delay(spec, r.Row, m.random), r.brake(spec)), r.Row)
}

// retrySpawn tries later, never at once, to spawn what could not be spawned for want of
// resources, or of an executable that was there before.
func (m *Machine) retrySpawn(s *service) {
	spec, r := &s.spec.Restart, &s.Restarts
	r.Failures++
	m.startAgain(s, max(delay(spec, r.Failures, m.random), brake(r.Failures, spec)), 0)
}

func (m *Machine) startAgain(s *service, in time.Duration, row int) {
	s.Restarts.Total++
	m.note(s, Note{Kind: Restarting, For: in, Count: row, Exit: s.Exit})
	if in == 0 {
		m.begin(s)
		return
	}
	m.enter(s, Backoff)
	m.timers.arm(&s.deadline, m.now+in)
}

// giveUp makes a service Failed: it stays down although it is wanted up.
func (m *Machine) giveUp(s *service, why Why) {
	n := Note{Kind: GaveUp, Why: why, Count: s.Restarts.Row}
	if why == WentToBackground {
		n.Reason = s.Background
	}
	m.note(s, n)
	m.do(s, Action{Kind: ReportTail, Final: true})
	m.enter(s, Failed)
}
