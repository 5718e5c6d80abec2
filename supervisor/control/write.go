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

// How long things may take when the reply queue is full.
const (
	firstRetry   = time.Millisecond       // then twice as long each time, up to lastRetry
	lastRetry    = 16 * time.Millisecond  // for a client that reads
	evictedRetry = 250 * time.Millisecond // for one that does not
	unreadTime   = 50 * time.Millisecond  // until an unread message is taken back
	giveUp       = 30 * time.Second       // after which the answer to an evicted client is dropped
	flushTime    = 300 * time.Millisecond // when the server closes
)

// write sends what the loop has answered, and what found no room before.
func (q *queueServer) write() {
	delay := firstRetry
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-q.server.closed:
			return
		case <-q.wakeup:
		case <-timer.C:
		}
		q.mu.Lock()
		for len(q.ready) > 0 {
			c := q.ready[0]
			q.ready = q.ready[1:]
			c.advance()
		}
		if q.retry() {
			delay = firstRetry
		}
		switch {
		case len(q.waiting) == 0:
			timer.Stop()
			delay = firstRetry
		case q.onlyEvicted():
			timer.Reset(evictedRetry)
		default:
			timer.Reset(delay)
			delay = min(2*delay, lastRetry)
		}
		q.mu.Unlock()
	}
}

// retry tries all sessions that wait for room, evicted ones last. If one has waited too long,
// unread messages are taken back to make room, so that evicted clients take turns. sent
// reports whether anything was sent.
func (q *queueServer) retry() (sent bool) {
	now := time.Now()
	sent = q.tryWaiting()
	for _, c := range q.waiting {
		limit := unreadTime
		if !c.evictedSince.IsZero() {
			limit = evictedRetry
		}
		if now.Sub(c.waitingSince) >= limit && now.Sub(q.lastSweep) >= limit {
			q.sweep(now)
			return q.tryWaiting() || sent
		}
	}
	return sent
}

func (q *queueServer) tryWaiting() (sent bool) {
	all := q.waiting
	q.waiting = nil
	slices.SortStableFunc(all, func(a, b *clientSession) int { return a.rank() - b.rank() })
	for _, c := range all {
		if c.waitingSince.IsZero() || q.clients[c.client] != c {
			continue
		}
		since := c.waitingSince
		c.waitingSince = time.Time{}
		c.advance()
		switch {
		case c.waitingSince.IsZero():
			sent = true
		case !c.evictedSince.IsZero() && time.Since(c.evictedSince) >= giveUp:
			q.giveUp(c)
		default:
			c.waitingSince = since
		}
	}
	return sent
}

func (q *queueServer) onlyEvicted() bool {
	for _, c := range q.waiting {
		if c.evictedSince.IsZero() {
			return false
		}
	}
	return true
}

// giveUp drops the answer to a client that blocks others and does not read.
func (q *queueServer) giveUp(c *clientSession) {
	q.lost.Add(1)
	q.server.errors.report(fmt.Sprint("client pid ", wire.ClientPID(c.client)), errors.New("its answer is dropped: it does not read it"))
	call := c.end()
	c.abandoned = true
	// On a goroutine, as the loop may be waiting for our lock to answer.
	go q.reportGone(call)
}

// sweep takes back everything that nobody has read, so that those who read have room. Clients
// that have not read for long are evicted; messages that we did not send are discarded.
func (q *queueServer) sweep(now time.Time) {
	q.lastSweep = now
	buffer := make([]byte, sys.MsgHead+q.size)
	for {
		n, err := sys.MsgReceive(q.queues.Reply, buffer, 0, sys.IPCNoWait|sys.MsgNoError)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return
		}
		message := append([]byte(nil), buffer[:sys.MsgHead+n]...)
		frame, err := wire.Parse(message[sys.MsgHead:])
		c := q.clients[uint32(sys.MsgType(message))]
		if err != nil || frame.Kind != wire.Reply || c == nil || c.inQueue == nil || c.number != frame.Request {
			q.lost.Add(1)
			continue
		}
		c.takeBack(message)
		if c.evictedSince.IsZero() && now.Sub(c.sentAt) >= unreadTime {
			c.evictedSince = now
		}
		c.waitForRoom()
	}
}

// hasRoom reports whether the queue would be no more than half full with n more bytes.
func (q *queueServer) hasRoom(n int) bool {
	stat, err := sys.MsgStat(q.queues.Reply)
	return err == nil && stat.Bytes+uint64(n) <= stat.MaxBytes/2
}

// flush waits a moment until the answers are read.
func (q *queueServer) flush() {
	for deadline := time.Now().Add(flushTime); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		q.mu.Lock()
		busy := len(q.ready) > 0
		for _, c := range q.clients {
			busy = busy || len(c.frames) > 0 || len(c.backlog) > 0 || c.encoding
		}
		stat, err := sys.MsgStat(q.queues.Reply)
		q.mu.Unlock()
		if !busy && (err != nil || stat.Messages == 0) {
			return
		}
	}
}

// close removes the queues, which ends the receiver and everybody who waits for an answer.
func (q *queueServer) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closing = true
	for _, c := range q.clients {
		_ = q.forget(c)
	}
	q.queues.remove()
}
