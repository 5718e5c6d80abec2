package logs

import "slices"

// move asks a pump to give a source to another one.
type move struct {
	source *Source
	to     *Pump
}

// Move makes another pump of the same [Logs] write what the source reads from now on: the
// pump of a log file that could not be opened at first. The current pump first writes what it
// has read, as whole lines. A source that is being drained, or whose pump is being closed,
// does not move. Move returns at once.
func (s *Source) Move(to *Pump) {
	for {
		p := s.pump.Load()
		p.mu.Lock()
		if s.pump.Load() == p {
			if p != to && p.state != ended {
				p.moves = append(p.moves, &move{s, to})
				p.wakeLocked()
			}
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
	}
}

// move carries out the moves at the end of a round, when everything that was read is written.
func (p *Pump) move() {
	p.mu.Lock()
	moves := p.moves
	p.moves = nil
	p.mu.Unlock()
	for _, m := range moves {
		if p.give(m.source, m.to) {
			p.emptied = slices.DeleteFunc(p.emptied, func(s *stream) bool { return s.source == m.source })
		}
	}
}

// give gives a source to another pump, which reads its pipes at once. The poller's entries
// stay: they refer to the source, and so to its pump.
func (p *Pump) give(s *Source, to *Pump) bool {
	p.logs.moving.Lock()
	defer p.logs.moving.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	to.mu.Lock()
	defer to.mu.Unlock()
	if s.pump.Load() != p || s.drained || s.open == 0 || p.closing || to.closing {
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
