package logs

import "time"

// Trouble is news of a destination: that it fails, and once when that is over.
type Trouble struct {
	Destination string
	Err         error         // what failed; nil when it is over
	Stuck       bool          // nothing can be written at present; it is tried again
	Waiting     int64         // bytes that wait to be written
	Gone        bool          // for ever: what is written from now on is discarded
	Over        bool          // it takes lines again
	For         time.Duration // how long it did not

	LostBytes, LostLines uint64 // discarded so far
}

func (p *Pump) report(t Trouble) {
	for _, o := range p.outs {
		t.LostBytes += o.lostBytes.Load()
		t.LostLines += o.lostLines.Load()
	}
	if f := p.logs.options.Report; f != nil {
		f(t)
	}
}

// Stats is what a pump has done, and has in hand.
type Stats struct {
	Sources              int    // whose pipes are open
	Bytes, Lines         uint64 // written
	LostBytes, LostLines uint64 // discarded since the destination is gone
	OwnLost              uint64 // calls of Write that found no room
	Held, HeldLines      int64  // read, and not yet taken by the destination
	Stuck                bool   // the destination takes nothing at present
}

// Stats returns the numbers of this moment.
func (p *Pump) Stats() Stats {
	p.mu.Lock()
	s := Stats{Sources: len(p.sources), Stuck: p.state == parked}
	p.mu.Unlock()
	s.OwnLost = p.ownLost.Load()
	s.Held, s.HeldLines = p.pending.Load(), p.pendingLines.Load()
	for _, o := range p.outs {
		s.Bytes += o.bytes.Load()
		s.Lines += o.lines.Load()
		s.LostBytes += o.lostBytes.Load()
		s.LostLines += o.lostLines.Load()
		s.Held += o.held.Load()
		s.HeldLines += o.heldLines.Load()
	}
	return s
}
