// Package order is what a collector and the process that takes one core tell each other.
//
// Each core is taken by a process of its own, `supervise core handler`, so that a core that
// breaks it breaks no other. It gets an [Order] and answers with [Progress], as JSON texts in
// the packets of a Unix socket (SOCK_SEQPACKET), which is its descriptor [Socket]. The core
// itself comes on its standard input: a connection of the kernel's coredump socket, the pipe of
// core_pattern, or a file.
//
//	collector                                handler
//	Order                                ->
//	                                     <-  Progress Released: the process may be replaced
//	                                     <-  Progress Explained, with the Report
//	                                     <-  Progress Stored: the full core is there, or not
//	                                         end of file
//
// The handler goes on when its collector has gone: what it has begun ends in the store.
package order
