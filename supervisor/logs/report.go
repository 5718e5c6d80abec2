package logs

import "time"

// Trouble reports that a destination fails, or that it has recovered.
type Trouble struct {
	Destination string
	Err         error         // what failed; nil on recovery
	Stuck       bool          // nothing can be written at present; it is retried
	Waiting     int64         // bytes waiting to be written
	Gone        bool          // for ever: later output is discarded
	Over        bool          // it takes lines again
	For         time.Duration // how long it did not

	LostBytes, LostLines uint64 // discarded since the destination is gone

	// Of a service that does not wait: what has been dropped since the last report, and
	// whether there is no room still.
	Service                    string
	Dropping                   bool
	DroppedLines, DroppedBytes uint64
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

// Stats counts what a pump has done and holds.
type Stats struct {
	Sources                    int    // with open pipes
	Bytes                      uint64 // written
	LostBytes, LostLines       uint64 // discarded since the destination is gone
	DroppedBytes, DroppedLines uint64 // of services that do not wait, for want of room
	OwnLost                    uint64 // calls of Write that found no room
	Held, HeldLines            int64  // read, and not yet taken by the destination
	Stuck                      bool   // the destination takes nothing at present
}

// Stats returns the current numbers.
func (p *Pump) Stats() Stats {
	p.mu.Lock()
	s := Stats{Sources: len(p.sources), Stuck: p.state == parked}
	p.mu.Unlock()
	s.OwnLost = p.ownLost.Load()
	for _, o := range p.outs {
		s.Bytes += o.bytes.Load()
		s.LostBytes += o.lostBytes.Load()
		s.LostLines += o.lostLines.Load()
		s.DroppedBytes += o.droppedBytes.Load()
		s.DroppedLines += o.droppedLines.Load()
		s.Held += o.held.Load()
		s.HeldLines += o.heldLines.Load()
	}
	return s
}
