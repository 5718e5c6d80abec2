// Package ptrace records signals as a debugger sees them: a backend of package trace for plain
// users, who may trace their own processes, if Yama's ptrace_scope permits it, and what they
// start.
//
// Every signal stops its process until it was looked at, which makes it slower by far, and a
// process has one debugger. It sees a signal when it is delivered, and not when it was sent:
// nothing of one that waits, was merged or was lost, and not who sent a SIGKILL. Its processes
// go on when the trace ends, and when it is killed.
package ptrace
