// Package pid1 is supervise init: it runs one command as the first process of a
// container, or below anything else as child subreaper.
//
//	find and start the command, with the mask, ignored signals and limits inherited
//	hand every signal on to it, sender and payload kept
//	reap every child, known or not
//	when the command has ended: give the terminal back, exit as it did
//
// One thread does all of it, in the order in which the kernel tells. While nothing has to
// be decided a signal does not even pass through Go code (intake.Relay). A real-time
// signal that the command has no room for waits here, in order, and every later one
// behind it.
//
// It never restarts anything, reads no file and knows no service: that is package
// supervisor. Its start-up is what a container's start waits for, so that it imports
// neither fmt nor os, and what it needs must not either.
package pid1
