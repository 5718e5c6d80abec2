//go:build linux && (amd64 || arm64)

package process

import (
	"slices"
	"sync"

	"supervise/internal/sys"
	"supervise/signals"
)

// plans are kept for the next start.
var plans planPool

// planPool holds unused plans, up to the length of free. A start does not release its plan before
// it is done: as many are in use as there are starts under way.
type planPool struct {
	mutex     sync.Mutex
	free      [16]*plan
	count     int
	firstUsed bool // firstPlan is or was in use

	// ignored are the signals that this process ignores. They do not change after the first
	// start: the Go runtime keeps some ignored that were when it began.
	ignored signals.Set
}

// firstPlan is the memory of the first plan, large enough for everything usual. Static memory
// costs less than memory allocated during start-up, and supervise init never needs a second
// plan.
var firstPlan struct {
	plan  plan
	steps [96]step // with plain clone 62 dispositions, and more than all other steps of a start
	names [96]string
	limit [8]Limit
	argv  [16]*byte
	env   [128]*byte
	text  [4096]byte
}

func (s *planPool) take() *plan {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case s.count > 0:
		s.count--
		return s.free[s.count]
	case s.firstUsed:
		return &plan{steps: make([]step, 0, usualSteps), names: make([]string, 0, usualSteps)}
	}
	s.firstUsed, s.ignored = true, sys.Ignored()
	firstPlan.plan = plan{
		steps: firstPlan.steps[:0], names: firstPlan.names[:0], limits: firstPlan.limit[:0],
		argv: firstPlan.argv[:0], env: firstPlan.env[:0], text: firstPlan.text[:0],
	}
	return &firstPlan.plan
}

// usualSteps are as many as a start of a service has, or more.
const usualSteps = 24

// Trim gives up the memory that many starts at the same time have needed.
func Trim() {
	plans.mutex.Lock()
	defer plans.mutex.Unlock()
	first := slices.Contains(plans.free[:plans.count], &firstPlan.plan) // otherwise it is in use
	clear(plans.free[:])
	plans.count = 0
	if first {
		plans.free[0], plans.count = &firstPlan.plan, 1
	}
}

func (s *planPool) put(p *plan) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.count < len(s.free) {
		s.free[s.count] = p
		s.count++
	}
}
