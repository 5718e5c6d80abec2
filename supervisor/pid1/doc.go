// Package pid1 is the engine of supervise init: it runs one command as the first process
// of a container, or below anything else, and does for it what the kernel expects of an
// init.
//
//	find and start the command, with the mask, ignored signals and limits inherited
//	hand every signal on to it, sender and payload kept
//	reap every child, known or not
//	when the command has stopped for its terminal's sake: stop as well
//	when the command has ended: end or await the others, as asked for
//	give the terminal back, say why, exit as it did
//
// One thread does all of it, in the order in which the kernel tells. While nothing has to
// be decided about a signal it does not even pass through Go code (intake.Relay); what
// [Options] ask for is paid only by the signals that it concerns. A real-time signal that
// the command has no room for waits here, in order, and every later one behind it.
//
// The command lines that make the Options, that of supervise init and those of the programs
// that it stands in for, are package cmdline. This package reads no argument and no
// variable of the environment but PATH and LISTEN_PID.
//
// It restarts nothing but on request, reads no file but of /proc, and knows no service:
// that is package supervisor. Its start-up is what a container's start waits for, so that
// it imports neither fmt nor os, and what it needs must not either.
package pid1
