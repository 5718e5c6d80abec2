package logs

import "time"

// hangs is after how long a pump that works on the poller's goroutine is thought to hang, as in
// a write(2) to a disk: twice that at the most.
const hangs = 100 * time.Millisecond

// turns are the pumps that are to work next, on the poller's goroutine: to wake another one, and
// the thread that it takes, costs more than a few lines do. If one hangs, another goroutine
// becomes the poller's. All is under the poller's lock.
type turns struct {
	pumps  []*Pump
	leader int    // number of the poller's goroutine
	busy   bool   // a pump works on it
	taken  uint64 // turns so far
	seen   uint64 // taken, when it was looked at last
	looks  bool   // a timer looks whether one hangs: as long as there are turns
}

// turn has a pump work next. It is called on the poller's goroutine.
func (p *poller) turn(pump *Pump) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turns.pumps = append(p.turns.pumps, pump)
}

// takeTurns has the pumps work. It returns false if another goroutine is the poller's now.
func (p *poller) takeTurns(leader int) bool {
	for {
		pump, ok := p.nextTurn(leader)
		if pump == nil {
			return ok
		}
		if pump.round() { // the rest is too much for a turn
			go pump.run()
		}
	}
}

// nextTurn ends a turn and begins the next, if there is one.
func (p *poller) nextTurn(leader int) (pump *Pump, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &p.turns
	if t.leader != leader {
		return nil, false
	}
	last := len(t.pumps) - 1
	if t.busy = last >= 0; !t.busy {
		return nil, true
	}
	pump, t.pumps[last] = t.pumps[last], nil
	t.pumps = t.pumps[:last]
	t.taken++
	if !t.looks {
		t.looks = true
		time.AfterFunc(hangs, p.look)
	}
	return pump, true
}

// look has another goroutine be the poller's if a turn lasts too long.
func (p *poller) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &p.turns
	same := t.taken == t.seen
	t.seen = t.taken
	switch {
	case !same:
	case !t.busy:
		t.looks = false
		return
	default:
		t.leader++
		t.busy = false
		go p.run(t.leader)
	}
	time.AfterFunc(hangs, p.look)
}
