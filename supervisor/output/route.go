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

	fallback *fallback    // nil: pump is that of target
	retired  []*logs.Pump // to be closed at the next start, when nothing writes to them any more
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
	r.Update(to)
	return r
}

// Console returns a route to the console for something other than a service, such as a hook.
// Its lines appear after the given name.
func (o *Outputs) Console(name string) *Route {
	return o.Route(name, o.open(target{}))
}

// Update changes where the output goes, from the next start on. A running process keeps its
// destination, unless this ends a fallback.
func (r *Route) Update(to Destination) {
	changed := r.target != to.target
	r.target = to.target
	switch {
	case to.missing == nil && r.fallback != nil:
		r.endFallback(to.pump)
	case to.missing == nil:
		r.redirect(to.pump)
	case r.fallback == nil:
		r.beginFallback(to.missing)
	case changed:
		r.retry()
	}
}

// redirect switches to another pump, or to the present one, which was opened once more.
func (r *Route) redirect(pump *logs.Pump) {
	if pump == r.pump {
		r.outputs.release(pump) // each open needs a close
	} else {
		r.retire()
	}
	r.take(pump)
}

// retire keeps the present pump open for the process that still writes to it.
func (r *Route) retire() {
	if r.pump != nil && r.pump != r.outputs.console {
		r.retired = append(r.retired, r.pump)
	}
}

// take sets the pump and its settings, as another service may have used it with other ones.
func (r *Route) take(pump *logs.Pump) {
	r.pump = pump
	if r.target.file != "" {
		pump.Configure(r.target.format, r.target.rotation)
	}
}

// release closes log files, unless others use them, too.
func (o *Outputs) release(pumps ...*logs.Pump) {
	for _, p := range pumps {
		if p != nil && p != o.console {
			p.Close()
		}
	}
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
	o.release(r.retired...)
	r.retired, r.last = nil, generation{}
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
	r.outputs.release(append(r.retired, r.pump)...)
	r.setFallback(nil)
	r.retired, r.pump = nil, r.outputs.console
	r.outputs.logs.Forget(r.service)
}
