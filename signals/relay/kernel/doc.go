// Package kernel is the one system call stub of what runs before there is a Go runtime, and of
// package relay, beside which it lies. It is early: see cmd/supervise/preinit.
package kernel
