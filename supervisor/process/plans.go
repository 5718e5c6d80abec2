//go:build linux && (amd64 || arm64)

package process

import (
	"sync"
)

// plans are kept for the next start.
var plans shelf

// shelf holds plans that nobody uses. As many as there are processors can be in use at the
// same time, since a start does not let go of its own; more than most are not kept.
type shelf struct {
	mutex sync.Mutex
	free  [16]*plan
	count int
	begun bool // the first plan is or was in use
}

// first is the memory of the first plan, for all that is usual. What the kernel has laid
// out for the program costs less than what is asked for while it starts, and for supervise
// init there is no second plan.
var first struct {
	plan  plan
	steps [96]step // the 62 dispositions, and more than all others that one start has
	names [96]string
	limit [8]Limit
	argv  [16]*byte
	env   [128]*byte
	text  [4096]byte
}

func (s *shelf) take() *plan {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case s.count > 0:
		s.count--
		return s.free[s.count]
	case s.begun:
		return new(plan)
	}
	s.begun = true
	first.plan = plan{
		steps: first.steps[:0], names: first.names[:0], limits: first.limit[:0],
		argv: first.argv[:0], env: first.env[:0], text: first.text[:0],
	}
	return &first.plan
}

func (s *shelf) put(p *plan) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.count < len(s.free) {
		s.free[s.count] = p
		s.count++
	}
}
