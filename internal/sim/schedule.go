package sim

import "time"

// never is a time that does not come.
const never = time.Duration(1 << 62)

// occurrence is something that is going to happen: the end of a process, or whatever do does.
type occurrence struct {
	at      time.Duration
	order   int // of two at the same time
	process *process
	do      func()
}

// schedule is a binary heap of occurrences, the earliest first.
type schedule struct {
	heap  []occurrence
	count int
}

func (s *schedule) before(i, j int) bool {
	x, y := &s.heap[i], &s.heap[j]
	return x.at < y.at || x.at == y.at && x.order < y.order
}

func (s *schedule) add(o occurrence) {
	s.count++
	o.order = s.count
	s.heap = append(s.heap, o)
	for i := len(s.heap) - 1; i > 0 && s.before(i, (i-1)/2); i = (i - 1) / 2 {
		s.heap[i], s.heap[(i-1)/2] = s.heap[(i-1)/2], s.heap[i]
	}
}

// next is when the next occurrence is due.
func (s *schedule) next() time.Duration {
	if len(s.heap) == 0 {
		return never
	}
	return s.heap[0].at
}

func (s *schedule) take() occurrence {
	first, last := s.heap[0], len(s.heap)-1
	s.heap[0], s.heap[last] = s.heap[last], occurrence{}
	s.heap = s.heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return first
		}
		if child+1 < last && s.before(child+1, child) {
			child++
		}
		if !s.before(child, i) {
			return first
		}
		s.heap[i], s.heap[child] = s.heap[child], s.heap[i]
		i = child
	}
}
