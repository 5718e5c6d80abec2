package logs

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// flushSize is how much is collected, in bytes, before it is written although there is
// more to come; directSize is from which size a block is written from where it lies.
const (
	flushSize  = 64 << 10
	directSize = 8 << 10
)

// How long a pump waits before it tries a destination again that failed: first, and at
// the most.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// outlet is one destination of a pump with what is to be written to it. It belongs to the
// pump's goroutine, except for the atomic numbers.
type outlet struct {
	pump *Pump
	name string
	dst  destination
	buf  []byte // lines; buf[:off] is written
	off  int
	line unfinished

	stuck bool  // in this round
	watch watch // for room to write
	err   error // why nothing can be written at present; nil if unknown
	since time.Time
	wait  time.Duration // before the next try
	timer *time.Timer
	gone  bool // for ever: everything is discarded and counted

	bytes                      atomic.Uint64 // written
	lostBytes, lostLines       atomic.Uint64
	droppedBytes, droppedLines atomic.Uint64 // for want of room
	held, heldLines            atomic.Int64  // not yet taken by the destination; the lines only if it is stuck
}

// add takes lines, and writes them at once if they are many.
func (o *outlet) add(block []byte) {
	if len(o.buf) == 0 && len(block) >= directSize && !o.stuck {
		n, _ := o.push(block)
		o.buf = append(o.buf, block[n:]...)
		return
	}
	o.buf = append(o.buf, block...)
	if len(o.buf) >= flushSize {
		o.flush()
	}
}

// flush writes what was collected, and reports whether it could. If not, ready or the retry
// timer will wake the pump, and it is not tried again in this round.
func (o *outlet) flush() bool {
	if o.stuck {
		return false
	}
	n, ok := o.push(o.buf[o.off:])
	o.off += n
	if ok {
		o.buf, o.off = o.buf[:0], 0
	}
	return ok
}

func (o *outlet) push(b []byte) (n int, ok bool) {
	if len(b) == 0 {
		return 0, true
	}
	if o.gone {
		o.lose(b)
		return len(b), true
	}
	o.forget()
	o.hold(b)
	for n < len(b) {
		m, err := o.dst.write(b[n:])
		if m > 0 {
			o.took(b[n : n+m])
			n += m
		}
		switch {
		case err == nil || errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			o.stuck = true
			o.await(err)
			return n, false
		case errors.Is(err, errRemoved):
			o.stuck = true
			if f := o.dst.(*file); f.goneSince.IsZero() { // otherwise it will be looked at again
				o.pump.touch(false)
			}
			return n, false
		case o.dst.gone(err):
			o.lose(b[n:])
			o.hold(nil)
			o.end(err)
			return len(b), true
		default:
			o.stuck = true
			o.fail(err)
			return n, false
		}
	}
	o.recovered()
	return n, true
}

// took counts what the destination took.
func (o *outlet) took(b []byte) {
	o.bytes.Add(uint64(len(b)))
	o.held.Add(int64(-len(b)))
	if f, ok := o.dst.(*file); ok && f.rotated {
		f.rotated = false
		o.pump.logs.tend(f)
	}
	if err := o.dst.takeError(); err != nil {
		o.pump.report(Trouble{Destination: o.name, Err: err})
	}
}

var newline = []byte{'\n'}

// hold records what is being written.
func (o *outlet) hold(b []byte) {
	o.held.Store(int64(len(b)))
	o.heldLines.Store(0)
}

// count records what is held. Lines are not counted in hold, where it would cost.
func (o *outlet) count() {
	b := o.buf[o.off:]
	o.held.Store(int64(len(b)))
	o.heldLines.Store(int64(bytes.Count(b, newline)))
}

func (o *outlet) lose(b []byte) {
	o.lostBytes.Add(uint64(len(b)))
	o.lostLines.Add(uint64(bytes.Count(b, newline)))
}

// ready is called by the poller when there is room to write.
func (o *outlet) ready() { o.pump.wake() }

// await makes the poller, or else the timer, wait for room.
func (o *outlet) await(err error) {
	w, e := o.pump.logs.poll.add(o.dst.fd(), writable, o)
	if e != nil {
		o.fail(err)
		return
	}
	o.watch = w
}

// forget ends the wait for room. It must come before anything that may close the descriptor.
func (o *outlet) forget() {
	o.pump.logs.poll.remove(o.watch)
	o.watch = watch{}
}

// fail records that nothing can be written, reports it once, and schedules a retry.
func (o *outlet) fail(err error) {
	if o.err == nil {
		o.since = time.Now()
		o.wait = firstRetry
	}
	if o.err == nil || o.err.Error() != err.Error() {
		o.pump.report(Trouble{
			Destination: o.name, Err: fmt.Errorf("cannot write to %s: %w", o.name, err), Stuck: true, Waiting: o.held.Load(),
		})
	}
	o.err = err
	if o.timer != nil {
		o.timer.Stop()
	}
	o.timer = time.AfterFunc(o.wait, o.pump.wake)
	o.wait = min(2*o.wait, lastRetry)
}

// recovered reports that the destination takes lines again.
func (o *outlet) recovered() {
	if o.err == nil {
		return
	}
	o.err = nil
	o.pump.report(Trouble{Destination: o.name, Over: true, For: time.Since(o.since)})
}

// end gives up the destination.
func (o *outlet) end(err error) {
	o.gone = true
	o.pump.report(Trouble{
		Destination: o.name, Err: fmt.Errorf("cannot write to %s any more: %w", o.name, err), Gone: true,
	})
}

// close gives up what is left, and closes the destination.
func (o *outlet) close() {
	o.lose(o.buf[o.off:])
	o.hold(nil)
	if o.timer != nil {
		o.timer.Stop()
	}
	o.forget()
	o.dst.close()
}
