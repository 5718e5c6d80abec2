package control

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"supervise/internal/sys"
	"supervise/supervisor/control/wire"
)

// How long things may take when the queue of replies is full.
const (
	firstRetry = time.Millisecond       // then twice as long each time, up to
	lastRetry  = 16 * time.Millisecond  // for a client that reads
	parkRetry  = 250 * time.Millisecond // for one that does not
	patience   = 50 * time.Millisecond  // until what is unread is taken back
	giveUp     = 30 * time.Second       // on a client that was in the way and does not read
	flushTime  = 300 * time.Millisecond // when the server closes
)

// write sends what the loop has answered, and what found no room before.
func (d *desk) write() {
	retry := firstRetry
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-d.server.closed:
			return
		case <-d.bell:
		case <-timer.C:
		}
		d.mu.Lock()
		for len(d.ready) > 0 {
			c := d.ready[0]
			d.ready = d.ready[1:]
			c.advance()
		}
		if d.again() {
			retry = firstRetry
		}
		switch {
		case len(d.waiting) == 0:
			timer.Stop()
			retry = firstRetry
		case d.onlyParked():
			timer.Reset(parkRetry)
		default:
			timer.Reset(retry)
			retry = min(2*retry, lastRetry)
		}
		d.mu.Unlock()
	}
}

// again tries all that wait for room, in their order, those that are parked last. Who has
// waited for too long gets room: what is in the queue is taken back, so that those that
// are parked take turns. sent says that some of it went.
func (d *desk) again() (sent bool) {
	now := time.Now()
	sent = d.tryWaiting()
	for _, c := range d.waiting {
		limit := patience
		if !c.parked.IsZero() {
			limit = parkRetry
		}
		if now.Sub(c.waiting) >= limit && now.Sub(d.swept) >= limit {
			d.sweep(now)
			return d.tryWaiting() || sent
		}
	}
	return sent
}

func (d *desk) tryWaiting() (sent bool) {
	all := d.waiting
	d.waiting = nil
	slices.SortStableFunc(all, func(a, b *conversation) int { return a.rank() - b.rank() })
	for _, c := range all {
		if c.waiting.IsZero() || d.clients[c.client] != c {
			continue
		}
		since := c.waiting
		c.waiting = time.Time{}
		c.advance()
		switch {
		case c.waiting.IsZero():
			sent = true
		case !c.parked.IsZero() && time.Since(c.parked) >= giveUp:
			d.giveUp(c)
		default:
			c.waiting = since
		}
	}
	return sent
}

func (d *desk) onlyParked() bool {
	for _, c := range d.waiting {
		if c.parked.IsZero() {
			return false
		}
	}
	return true
}

// giveUp drops the answer to a client that stands in the way and does not read.
func (d *desk) giveUp(c *conversation) {
	d.lost.Add(1)
	d.server.report.say(fmt.Sprint("pid ", wire.ClientPID(c.client)), errors.New("its answer is given up: it does not read it"))
	call := c.end()
	c.lost = true
	// The loop must be free to answer while it is told.
	go d.over(call)
}

// sweep takes everything back that nobody has read, so that those who read have room.
// What was unread for long is parked; what was not sent by us is thrown away.
func (d *desk) sweep(now time.Time) {
	d.swept = now
	buffer := make([]byte, sys.MsgHead+d.size)
	for {
		n, err := sys.MsgReceive(d.queues.Reply, buffer, 0, sys.IPCNoWait|sys.MsgNoError)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return
		}
		message := append([]byte(nil), buffer[:sys.MsgHead+n]...)
		frame, err := wire.Parse(message[sys.MsgHead:])
		c := d.clients[uint32(sys.MsgType(message))]
		if err != nil || frame.Kind != wire.Reply || c == nil || c.unread == nil || c.number != frame.Request {
			d.lost.Add(1)
			continue
		}
		c.takeBack(message)
		if c.parked.IsZero() && now.Sub(c.sent) >= patience {
			c.parked = now
		}
		c.wait()
	}
}

// roomy reports whether the queue would be no more than half full with n more bytes.
func (d *desk) roomy(n int) bool {
	stat, err := sys.MsgStat(d.queues.Reply)
	return err == nil && stat.Bytes+uint64(n) <= stat.MaxBytes/2
}

// flush waits a moment until the answers that were given are read.
func (d *desk) flush() {
	for deadline := time.Now().Add(flushTime); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		d.mu.Lock()
		busy := len(d.ready) > 0
		for _, c := range d.clients {
			busy = busy || len(c.frames) > 0 || len(c.backlog) > 0 || c.encoding
		}
		stat, err := sys.MsgStat(d.queues.Reply)
		d.mu.Unlock()
		if !busy && (err != nil || stat.Messages == 0) {
			return
		}
	}
}

// close removes the queues, which ends the receiver and whoever waits for an answer.
func (d *desk) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing = true
	for _, c := range d.clients {
		_ = d.forget(c)
	}
	d.queues.remove()
}
