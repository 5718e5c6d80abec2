package output

import (
	"time"

	"golang.org/x/sys/unix"

	"supervise/supervisor/logs"
)

// drainGrace is how long the report of a service's last lines waits for a destination that
// takes nothing.
const drainGrace = time.Second

// Route is where the output of one service goes. Its methods belong to the loop, except for
// Attach, which any goroutine may call while the loop waits for it.
type Route struct {
	outputs *Outputs
	service string
	target  target
	pump    *logs.Pump // nil: the service writes to the supervisor's descriptors

	fallback *fallback // nil: pump is that of target
	last     generation
}

// generation is the output of the process that was started last.
type generation struct {
	source         *logs.Source  // nil: it writes to the supervisor's descriptors
	drained        *logs.Drained // nil: it is not drained yet
	drainRequested bool
	tailWanted     bool
}

// Route returns the route of a service that leads to a destination.
func (o *Outputs) Route(service string, to Destination) *Route {
	r := &Route{outputs: o, service: service}
	o.routes[r] = struct{}{}
	r.Update(to)
	return r
}

// Console returns a route to the console for something other than a service, such as a hook.
// Its lines appear after the given name.
func (o *Outputs) Console(name string) *Route {
	return o.Route(name, o.open(target{}))
}

// Update changes where the output goes, also that of the process that runs, unless it writes
// to the supervisor's descriptors or is to: then it is from the next start on.
func (r *Route) Update(to Destination) {
	changed := !r.target.equal(to.target)
	r.target = to.target
	switch {
	case to.missing == nil && r.fallback != nil:
		r.endFallback(to.pump)
	case to.missing == nil:
		r.take(to.pump)
	case r.fallback == nil:
		r.beginFallback(to.missing)
	case changed:
		r.retry()
	}
}

// take has the output go to a pump, which may be the present one, opened once more, or
// another service's, with other settings.
func (r *Route) take(pump *logs.Pump) {
	before := r.pump
	r.pump = pump
	if source := r.last.source; source != nil && pump != nil {
		source.Drop(r.target.drops)
		if pump != before {
			source.Move(pump)
		}
	}
	if r.target.file != "" && pump != r.outputs.console {
		pump.Configure(*r.target.config)
	}
	r.outputs.release(before)
}

// release closes a log file, unless others use it too, or something writes to it still.
func (o *Outputs) release(p *logs.Pump) {
	if p != nil && p != o.console && p != o.nowhere {
		p.Retire()
	}
}

// Reopen opens log files anew that were moved away, and has the loop call done then. It
// returns false, and done is not called, if there are none.
func (r *Route) Reopen(done func(error)) bool {
	o := r.outputs
	answer := func(err error) { o.post(func() { done(err) }) }
	switch f := r.fallback; {
	case r.target.file == "":
		return false
	case f == nil:
		r.pump.ReopenThen(answer)
	default:
		t := r.target
		go func() {
			d := o.open(t)
			o.post(func() {
				if d.missing == nil || r.fallback != f { // otherwise the next try is set already
					r.tried(f, d)
				}
				done(d.missing)
			})
		}()
	}
	return true
}

// Attach returns the descriptors that become 0, 1 and 2 of a new process: /dev/null and two
// pipes, or the supervisor's own standard output and error. The caller calls release once
// the process has been started or could not be. The pipes belong to uid and gid, unless
// these are negative, so that the process can open /dev/stdout.
//
// It fails when there are no more descriptors, and when the destination has taken nothing for
// many generations: [logs.Pump.Attach].
func (r *Route) Attach(uid, gid int) (files [3]int, release func(), err error) {
	o := r.outputs
	r.last = generation{}
	if r.pump == nil {
		return [3]int{o.null, o.stdout, o.stderr}, func() {}, nil
	}
	source, ends, err := r.pump.Attach(r.service)
	if err != nil {
		return files, nil, err
	}
	if uid >= 0 {
		_ = unix.Fchown(ends.Stdout, uid, gid)
		_ = unix.Fchown(ends.Stderr, uid, gid)
	}
	source.Drop(r.target.drops)
	r.last.source = source
	return [3]int{o.null, ends.Stdout, ends.Stderr}, ends.Close, nil
}

// Drain is called when the main process has exited: everything in the pipes is read, and then
// read is called on the loop with the last lines. A second call for a process does nothing.
func (r *Route) Drain(read func(lines []string)) {
	source := r.last.source
	switch {
	case r.last.drainRequested:
		return
	case source == nil:
		r.outputs.post(func() { read(nil) })
		return
	}
	r.last.drainRequested = true
	source.Drain(drainGrace, func(d logs.Drained) {
		r.outputs.post(func() {
			read(d.Tail)
			if r.last.source != source || !r.last.drainRequested {
				return // there is a newer generation, or a newer main process
			}
			r.last.drained = &d
			if r.last.tailWanted {
				r.reportTail()
			}
		})
	})
}

// Resume is called when another process has become the main process: its end is still to
// come.
func (r *Route) Resume() { r.last.drainRequested, r.last.drained = false, nil }

// ReportTail reports the last lines of the last generation, once it is drained. Lines that
// are on the console already are reported only if final is set.
func (r *Route) ReportTail(final bool) {
	if r.last.source == nil || !final && r.target.onConsole() {
		return
	}
	r.last.tailWanted = true
	if r.last.drained != nil {
		r.reportTail()
	}
}

func (r *Route) reportTail() {
	r.last.tailWanted = false
	if tail := r.last.drained.Tail; len(tail) > 0 {
		r.outputs.observer.Tail(r.service, tail)
	}
}

// Inherits reports whether the service writes to the supervisor's own descriptors, so that
// its lines are not seen here.
func (r *Route) Inherits() bool { return r.pump == nil }

// Close closes the files of a service that is removed, and forgets its last lines. None of
// its processes may be left.
func (r *Route) Close() {
	r.setFallback(nil)
	r.outputs.release(r.pump)
	r.pump = r.outputs.console
	delete(r.outputs.routes, r)
	r.outputs.logs.Forget(r.service)
}
