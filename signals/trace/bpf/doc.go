// Package bpf records signals by BPF programs in the kernel: a backend of package trace that
// sees everything, at the least cost, and needs root or CAP_BPF and CAP_PERFMON.
//
//	backend, err := bpf.Open(bpf.Options{Filter: trace.Filter{PIDs: []int{pid}, Descendants: true}})
//	defer backend.Close()
//	err = backend.Read(func(r *trace.Record) bool { ... })
//
// The programs hang on the tracepoints signal_generate, signal_deliver, sched_process_fork,
// _exec, _exit and _free, and on the return of the calls that send signals and of
// dequeue_signal. Where the kernel permits no programs on functions, and with the filter's
// Context, the tracepoint sys_exit stands in for these: as long as it is in use, every system
// call of every process takes the kernel's slow path.
//
// A filter is applied in the kernel, by a byte for each pid, which follows forks. Who is outside
// pays for a look at that with each signal, and with nothing else. A record that finds no
// room is counted, by kind and processor. The kernel takes all of it back when the process
// ends, however it ends.
package bpf
