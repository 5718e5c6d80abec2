// Package predict says what will become of a signal, from what /proc says of its target, and
// afterwards what has become of it as far as that can be seen without tracing.
//
//	target := predict.TargetOf(process)                  // what package procfs has read of /proc
//	sending := predict.Sending{Signal: signals.SIGTERM}  // as kill(2) does
//	will := predict.Of(sending, &target)                 // "handled: its own handler runs"
//	...                                                  // send it, and look again
//	was := predict.Seen(sending, will, &after)
//
// It goes the way of a signal through the kernel's signal.c: prepare_signal drops it for a
// process that ends, ignores it, or is the init of a PID namespace; legacy_queue merges it with
// one that is pending; __sigqueue_alloc has room for its siginfo or not; complete_signal finds
// the thread that takes it; get_signal acts.
//
// A target may change between the look and the signal, so that a prediction is no promise. The
// words for what becomes of a signal are those of traces.
package predict
