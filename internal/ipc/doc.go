// Package ipc makes and finds the System V objects of a runtime directory: message queues, a
// semaphore set, a segment of shared memory. Such objects outlive their process, have no name
// but a number, and share 32 bits of keys with everybody else. This package deals with that,
// for packages control and board; what is in the objects is theirs.
//
//	key := ftok(runtime directory, letter)
//	make it exclusively           -> ours
//	one exists already            -> who used it last?
//	    a process that is gone    -> a killed supervise left it: remove it, make a new one
//	    anybody else              -> not ours: make one without a key
//	write its id into a file of the runtime directory
//
// Clients go by the file: two directories can have the same keys (see [sys.Ftok]), and a
// client must never reach another directory's supervisor.
package ipc
