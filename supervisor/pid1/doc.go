// Package pid1 is the engine of supervise init: it runs one command as the first process of a
// container, or anywhere else, and does for it what the kernel expects of an init.
//
//	in, err := intake.StartInInit(argv)
//	status := pid1.Run(in, &pid1.Options{Command: argv})
//
//	find and start the command, with the inherited mask, ignored signals and limits
//	forward every signal to it, with sender and payload
//	reap every child, known or not
//	if the command stops for job control: stop as well
//	when the command has ended: end or await the others, as asked for
//	give the terminal back, log why, exit as the command did
//
// One thread does all of it, in the order in which the kernel reports events. While nothing
// has to be decided about a signal it does not even pass through Go code (intake.Relay); only
// the signals that [Options] concern cost more. A real-time signal that the command has no
// room for waits here, in order, with every later one behind it.
//
// The command lines that make the Options, of supervise init and of the programs that it
// replaces, are package cmdline. This package reads no arguments, and of the environment only
// PATH and the variables that name us by our pid.
//
// Usually none of this runs: package nucleus has started the command before there was a Go
// runtime, goes by the same Options, and leaves it to Run ([Adopt]) only if there is more to do
// than to forward, to reap and to exit. What both need allocates nothing: rules.go, terminal.go
// and the methods of Options.
//
// It restarts only on request, reads no files outside /proc, and knows no services: that is
// package supervisor. It is early: see cmd/supervise/preinit.
package pid1
