package output

import (
	"time"

	"supervise/supervisor/logs"
)

// How long to wait before a log file that could not be opened is tried again: at first, and
// at most.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// fallback exists while a route leads to the console because its log file cannot be opened.
// Each target has one of its own.
type fallback struct {
	wait time.Duration // before the next try
}

// setFallback begins a fallback, or ends it with nil. If the one before is trying its file,
// the result will be discarded.
func (r *Route) setFallback(f *fallback) {
	r.fallback = f
	if f == nil {
		delete(r.outputs.fallbacks, r)
	} else {
		r.outputs.fallbacks[r] = struct{}{}
	}
}

// beginFallback sends the output to the console.
func (r *Route) beginFallback(err error) {
	r.retire()
	r.pump = r.outputs.console
	r.outputs.observer.FallbackBegan(r.service, err)
	r.retry()
}

// retry begins trying the log file of the present target.
func (r *Route) retry() {
	f := &fallback{wait: firstRetry}
	r.setFallback(f)
	r.tryLater(f)
}

// tryLater tries the log file beside the loop, as a disk may be slow.
func (r *Route) tryLater(f *fallback) {
	t := r.target
	r.outputs.after(f.wait, func() {
		d := r.outputs.open(t)
		r.outputs.post(func() { r.tried(f, d) })
	})
}

func (r *Route) tried(f *fallback, d Destination) {
	switch {
	case r.fallback != f: // ended by an update, or with the service
		d.Close()
	case d.missing != nil:
		f.wait = min(2*f.wait, lastRetry)
		r.tryLater(f)
	default:
		r.endFallback(d.pump)
	}
}

// endFallback sends the output where it should go, also that of the running process. It is
// reported unless an update has removed the log file from the settings.
func (r *Route) endFallback(pump *logs.Pump) {
	r.setFallback(nil)
	r.take(pump)
	if r.last.source != nil && pump != nil {
		r.last.source.Move(pump)
	}
	if r.target.file != "" {
		r.outputs.observer.FallbackEnded(r.service)
	}
}
