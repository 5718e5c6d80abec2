// Package reach makes what clients find in the runtime directory: the status board, the FIFO and
// the queues for commands. None of it needs the loop, so it is made beside the rest of the
// start, on another processor. Everything is there before the first service, which may use it
// at once, is started; commands wait until the loop exists.
package reach
