// Command leastgo is the least wrapper that can be written in Go: the yardstick for what
// supervise init costs beyond the Go runtime itself.
//
//	read argv from /proc/self/cmdline
//	fork, exec
//	wait until the command has ended, reaping whatever else ends
//	exit as it did
//
// It is no supervisor: it handles no signal, forwards none, and does not become a
// subreaper. It imports package syscall alone, because linking os or fmt would be paid at
// every start.
package main
