// Command bench compares supervise with similar programs (tini, dumb-init, catatonit, s6, runit
// and supervisord, if they are installed) and with lower bounds: a minimal wrapper in Go and one in C,
// and no wrapper.
//
//	build supervise and the helpers into a temporary directory
//	execute itself in PID, mount and IPC namespaces and a cgroup of its own, if it may
//	    for each round, for each contestant, in random order: measure
//	    medians, spread, ratios; goals; text or JSON
//	kill whatever is left, and remove the directory
//
// All contestants of a table are measured in one run and in turns, so that a slow minute of
// the machine affects all of them; the ratios are the numbers to trust. docs/benchmarks.md
// explains the tables.
//
// It measures programs from outside, as their users see them. The Go benchmarks next to the
// functions measure those.
package main
