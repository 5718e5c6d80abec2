// Package send sends signals: to one process with payload and sender kept, to a process
// group, or to a list of processes.
//
// It decides nothing. What it adds to the system calls is one reading of their errors:
// whether the receiver took the signal, had no room for it, was gone, or may not be
// signalled by us.
//
// The caller names processes by pid, and must be the one that reaps them: a child keeps
// its pid until then, so that no signal meets a stranger.
package send
