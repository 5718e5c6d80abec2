// Package tracefs records signals by the kernel's own tracing, in an instance of its own: a
// backend of package trace for kernels that do not permit BPF. It needs root.
//
//	backend, err := tracefs.Open(tracefs.Options{Filter: trace.Filter{PIDs: []int{pid}}})
//
// An instance is a directory below instances of the tracing file system, with buffers of its
// own. It records the signals of all processes, and the filter is applied when they are read:
// the kernel's filters know only who runs, and so not who a signal is for. It does not see
// payloads, siginfo, masks, pid namespaces and exit codes; what /proc says when a line is
// read stands in for some of it.
//
// An instance outlives its process. Its name has the pid and the start time of the process,
// and whoever opens one removes those of processes that are gone.
package tracefs
