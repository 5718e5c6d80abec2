// Package ipc makes and finds the System V objects of a runtime directory: message queues,
// a semaphore set, a segment of shared memory. Those outlive their process, have no name
// but a number, and share 32 bits of keys with everybody else; what follows from that is
// dealt with here, for packages control and board. What is in the objects is theirs.
//
//	key := ftok(runtime directory, letter)
//	make it exclusively        -> ours
//	there is one already       -> who used it last?
//	    a process that is gone -> left behind by a killed supervise: remove it, make it anew
//	    anybody else's         -> not ours: make one without a key
//	write its id into a file of the runtime directory
//
// The file is what clients go by: two directories can have the same keys (see
// [sys.Ftok]), and a client must never meet the supervisor of another one.
package ipc
