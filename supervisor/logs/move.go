package logs

import "slices"

// Move makes another pump of the same [Logs] write what the source reads from now on: the
// pump of a log file that could not be opened at first. The current pump finishes a read that
// is under way, and writes what it has read, as whole lines; while it is stuck, the source
// stays with it. The last of several moves counts. A source that is being drained, or one of
// whose pumps is being closed, does not move. Move returns at once.
func (s *Source) Move(to *Pump) {
	for !s.pump.Load().askMove(s, to) {
	}
}

// askMove has the pump give s away. It returns false if s has moved to another pump.
func (p *Pump) askMove(s *Source, to *Pump) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.pump.Load() != p {
		return false
	}
	if p.closing {
		return true
	}
	if p.moves == nil {
		p.moves = map[*Source]*Pump{}
	}
	p.moves[s] = to
	p.wakeLocked()
	return true
}

// move carries out the moves. It comes before the reads of a round, so that what is written
// after a move was asked for is not read here, and when no chunk is left: the rest of a line
// goes with its stream.
func (p *Pump) move() {
	p.mu.Lock()
	none := len(p.moves) == 0
	p.mu.Unlock()
	if none {
		return
	}
	p.logs.moving.Lock()
	defer p.logs.moving.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	for s, to := range p.moves {
		if to != p && p.give(s, to) {
			p.emptied = slices.DeleteFunc(p.emptied, func(st *stream) bool { return st.source == s })
		}
	}
	p.moves = nil
}

// give gives a source to another pump, which reads its pipes at once, under the lock of p.
// The poller's entries stay: they refer to the source, and so to its pump.
func (p *Pump) give(s *Source, to *Pump) bool {
	to.mu.Lock()
	defer to.mu.Unlock()
	if s.drains > 0 || s.open == 0 || p.closing || to.closing {
		return false
	}
	p.ready.drop(s)
	delete(p.sources, s)
	to.sources[s] = struct{}{}
	s.color = to.known(s.service).color
	to.newLayout.width = max(to.newLayout.width, len(s.service))
	s.pump.Store(to)
	for i := range s.streams {
		if st := &s.streams[i]; st.fd >= 0 {
			to.ready.push(st)
		}
	}
	to.wakeLocked()
	return true
}
