package collector

// A core is taken at once if it can be, as its process waits for that. What comes after it is
// stored, compressing and the hook, may take long, and nobody waits for it: a handler that does
// only that still is one of a bounded number, but of another one.

// slot is the right to run a handler.
type slot struct {
	c     *Collector
	late  bool // the core is stored
	ended chan struct{}
}

// slot waits until one more handler may run. It is nil if the collector closes first.
func (c *Collector) slot() *slot {
	s := &slot{c: c, ended: make(chan struct{})}
	select {
	case c.slots <- struct{}{}:
		return s
	default:
	}
	select {
	case c.slots <- struct{}{}:
		return s
	case <-c.closing:
		return nil
	}
}

// stored lets another handler run, once there are not too many that have stored their cores.
func (s *slot) stored() {
	if s.late {
		return
	}
	s.late = true
	go func() {
		select {
		case s.c.late <- struct{}{}:
			<-s.c.slots
			<-s.ended
			<-s.c.late
		case <-s.ended:
			<-s.c.slots
		}
	}()
}

// end says that the handler has ended.
func (s *slot) end() {
	close(s.ended)
	if !s.late {
		<-s.c.slots
	}
}
