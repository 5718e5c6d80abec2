// Package bench runs a program where it can be tried and harms nobody: in a PID namespace of
// its own that ends with the trial, as PID 1 of another one within that if wanted, with a
// pipe or a terminal of its own, and with exactly the signal state that is asked for.
//
//	place, err := bench.Run(ctx, &bench.Trial{Argv: holder, Limit: limit}, request, &result, told)
//
//	bench.Serve(func(h *bench.Holder, request []byte) (any, error) {   // in the holder
//		p, err := h.Start(&bench.Setup{Argv: argv})
//		err = p.Output.Await(ctx, ready)
//		err = p.Signal(bench.Main, signals.SIGTERM)
//		p.Await(ctx, bench.Ended)
//		exit, at, ended := p.Exit()
//		left := h.Left()
//		...
//	})
//
// The holder is the parent of the program and PID 1 of the namespace, so that every orphan
// comes to it, and the kernel kills all when it ends, however it ends: pid_namespaces(7).
// A plain user gets a user namespace around it, in which there is nobody but that user. Where
// that is refused, the holder is a subreaper, and kills all that descend from it: less sure,
// as nobody does so if the holder itself is killed.
//
// It decides nothing about the program: packages scenario and profile do.
package bench
