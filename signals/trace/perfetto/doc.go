// Package perfetto writes a trace of signals as Chrome trace events, so that it opens in
// ui.perfetto.dev and chrome://tracing, beside other traces.
//
//	w := perfetto.NewWriter(file)   // a trace.Sink
//
// Each signal is a slice in the thread that sent it, a slice in the thread that got it, and a
// flow, which is shown as an arrow from one to the other; its arguments are the line of `supervise
// trace --format json`. What the kernel sent is drawn from the thread that ran at that moment,
// and says so. Fork, exec and exit are instants. Times are microseconds of CLOCK_BOOTTIME, which is
// the clock of Perfetto's own traces.
//
// The file is a JSON array of one event per line ("Trace Event Format", JSON Array Format). If it can be
// written at any place, it is valid after every write: the ] at its end is overwritten by
// the next events. So it can be opened while the trace goes on, and after the tracer was killed.
package perfetto
