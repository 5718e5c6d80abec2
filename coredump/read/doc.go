// Package read reads a core for a command that somebody has asked for: the process gives up
// what it does not need for that (decision 22), and makes a report of the core. It is early:
// see cmd/supervise/preinit.
package read
