// Command bench compares supervise with its peers and with the floors of what is possible:
// tini, dumb-init, catatonit, s6 and runit where they are installed, a least wrapper in Go
// and one in C, and no wrapper at all.
//
//	build supervise and the helpers into a temporary directory
//	execute itself in PID, mount and IPC namespaces and a cgroup of its own, if it may
//	    for each round, for each contestant, in random order: measure
//	    medians, spread, ratios; goals; text or JSON
//	kill whatever is left, and remove the directory
//
// All contestants of a table are measured in one run and in turns, so that a slow minute of
// the machine falls on all of them; the numbers to trust are the ratios. What each table
// means is told in docs/benchmarks.md.
//
// It measures programs from outside, as their users see them. What a function costs is for
// the Go benchmarks beside the functions.
package main
