// Package send sends signals: to one process with payload and sender, to a process group, or
// to a list of processes.
//
//	result := send.Info(pid, info)              // payload and original sender are kept
//	result = send.Group(pgid, signals.SIGTERM)  // as ourselves
//	if result == send.Again { ... }             // no room: try later
//
// It decides nothing. It reduces the errors of the system calls to four results: the receiver
// took the signal, had no room for it, was gone, or may not be signalled by us. If a seccomp
// filter refuses the calls that carry payload and sender, it sends signals without, and
// [Queues] says so.
//
// The caller names a process by pid and must be the one that reaps it: until then a child
// keeps its pid, so that no signal reaches another process. It is early: see
// cmd/supervise/preinit.
package send
