package logs

import (
	"fmt"
	"time"
)

// ownLimit bounds the supervisor's own waiting lines, in bytes.
const ownLimit = 256 << 10

// Write takes lines of the supervisor itself, which share a destination with those of its
// services without being mixed with them; on the console they go to standard error. It never
// waits. If 256 KiB are waiting already, b is lost, which is counted and, once there is room
// again, reported as [Trouble]. Write never returns an error: a logger would write that to
// the very descriptor that is stuck. b should be whole lines; a missing final newline is
// added.
func (p *Pump) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(b) == 0 {
		return 0, nil
	}
	if len(p.ownLines)+len(b) >= ownLimit || p.state == ended {
		p.ownLost.Add(1)
		return len(b), nil
	}
	p.ownLines = append(p.ownLines, b...)
	if b[len(b)-1] != '\n' {
		p.ownLines = append(p.ownLines, '\n')
	}
	p.writeOwn()
	return len(b), nil
}

// Hold has lines of the supervisor itself, and requests to drain, wait for each other, until Release or
// for up to two milliseconds: each alone would wake a thread, and at times there are thousands in a
// row. Whoever holds them must go on, or call Release before it waits for anything.
func (p *Pump) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = time.Now()
}

// Release ends Hold.
func (p *Pump) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = time.Time{}
	if len(p.requests) > 0 {
		p.wakeLocked()
	} else if len(p.ownLines) > 0 {
		p.writeOwn()
	}
}

// What is held is written all the same after so long, or when there is so much of it.
const (
	holdTime  = 2 * time.Millisecond
	holdBytes = 32 << 10
)

// writeOwn has the lines that wait written, unless they are held. The lock is held.
func (p *Pump) writeOwn() {
	if p.holds() {
		return
	}
	switch p.state {
	case idle:
		p.start()
	case running:
		p.again = true
	case parked, ended: // trying would be in vain
	}
}

// holds reports whether lines that wait are held. The lock is held.
func (p *Pump) holds() bool {
	if p.held.IsZero() || len(p.ownLines) >= holdBytes {
		return false
	}
	now := time.Now()
	if now.Sub(p.held) >= holdTime {
		p.held = now
		return false
	}
	return true
}

// addOwn adds the supervisor's own lines to the outlet, unless that is stuck.
func (p *Pump) addOwn() {
	o := p.outs[len(p.outs)-1]
	if o.stuck {
		return
	}
	p.mu.Lock()
	if p.holds() && !p.closing {
		p.mu.Unlock()
		return
	}
	own := p.ownLines
	p.ownLines = nil
	p.mu.Unlock()
	if lost := p.ownLost.Load(); lost != p.lostReported {
		p.report(Trouble{
			Destination: p.name, Err: fmt.Errorf("%s was stuck: %d lines of the supervisor's own are lost", p.name, lost-p.lostReported),
		})
		p.lostReported = lost
	}
	if len(own) > 0 {
		o.add(own)
	}
}
