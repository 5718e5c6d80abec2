// Package reach makes what clients find in the runtime directory: the status board, the FIFO and
// the queues for commands. None of it needs the loop, and so it is made beside the rest of the
// start, on another processor. Everything is there before a service is started, which may use it
// at once; it is served when the loop exists.
package reach
