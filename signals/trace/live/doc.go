// Package live runs a trace: it chooses a backend, starts a command under it, and hands what
// was recorded to sinks.
//
//	backend, notes, err := live.Open(live.Options{Filter: filter, Backend: "auto"})
//	command, err := live.Hold(argv)            // waits before it executes its program
//	err = backend.Follow(command.PID)
//	err = command.Release()
//	err = live.Run(ctx, backend, sink, nil)    // until the context ends
//
// What cannot be known by a record alone it finds out: the paths of cgroups, the functions at
// addresses of handlers.
package live
