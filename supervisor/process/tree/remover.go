package tree

import "sync"

// remover removes cgroups that are empty beside the loop, one after the other: each takes longer
// than all else that follows the end of a service.
type remover struct {
	mu    sync.Mutex
	queue []*cgroup
	busy  bool // a goroutine takes from the queue

	work sync.WaitGroup
}

func (r *remover) add(c *cgroup) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, c)
	if !r.busy {
		r.busy = true
		r.work.Go(r.run)
	}
}

func (r *remover) run() {
	for c := r.next(); c != nil; c = r.next() {
		_ = c.remove() // one that cannot be removed stays
	}
}

func (r *remover) next() *cgroup {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 {
		r.busy = false
		return nil
	}
	c := r.queue[0]
	r.queue = r.queue[1:]
	return c
}
