// Package talk sends JSON texts, and descriptors with them, over a Unix socket of packets: an
// Order to a handler of cores and its Progress back (package order).
//
//	ours, theirs, err := talk.Pair()
//	err = ours.Send(order)
//	fds, err := ours.Receive(&progress)   // io.EOF at the end
//
// A text that is too long for a packet goes as a file without a name, memfd_create(2). Whoever
// has the other end is trusted: a handler is our own program, and the socket is root's.
package talk
