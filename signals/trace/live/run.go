package live

import (
	"context"
	"time"

	"supervise/signals/trace"
)

// tick is how often at least the joiner looks at what waits, in nanoseconds of records.
const tick = uint64(100 * time.Millisecond)

// grace is how long signals that are on their way may take to arrive when the trace is to end.
const grace = uint64(200 * time.Millisecond)

// Run hands what the backend records to the sink until the context ends, then what was
// recorded before that, then the counts. A backend that ends by itself ends it, too.
func Run(ctx context.Context, backend trace.Backend, sink trace.Sink, keep func(*trace.Life) bool) error {
	names := newNames()
	defer names.close()
	for _, pid := range backend.Traced() {
		names.executed(pid)
	}
	now := backend.Now()
	joiner := trace.NewJoiner(time.Now().Add(-time.Duration(now)), sink, trace.Options{
		Cgroup: names.cgroup, Symbol: names.symbol, Keep: keep, Pending: pending,
		Lost: func() bool { d := backend.Drops(); return d.Deliver+d.Other > 0 },
	})
	last, ended, stopped := now, uint64(0), false
	var failed error
	err := backend.Read(func(r *trace.Record) bool {
		if r != nil {
			now = r.Time
			if r.Kind == trace.Executed {
				names.executed(int(r.Task.PID))
			}
			failed = joiner.Add(r)
			if r.Kind == trace.Exited {
				names.ended(int(r.Task.PID))
			}
		} else {
			now = backend.Now()
		}
		if failed == nil && (r == nil || now > last+tick) {
			last = now
			failed = joiner.Tick(now)
		}
		if r == nil && failed == nil {
			failed = flush(sink)
		}
		switch {
		case stopped || ctx.Err() == nil:
		case ended == 0:
			ended = now
		case r == nil && joiner.Settled() || now > ended+grace:
			backend.Stop()
			stopped = true
		}
		return failed == nil
	})
	backend.Stop()
	if failed != nil {
		return failed
	}
	if e := joiner.End(backend.Name(), backend.Now(), backend.Drops()); err == nil {
		err = e
	}
	return err
}

// flush lets a sink print what it has held back.
func flush(sink trace.Sink) error {
	if f, ok := sink.(interface{ Flush() error }); ok {
		return f.Flush()
	}
	return nil
}
