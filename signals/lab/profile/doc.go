// Package profile finds out how a program behaves when it is sent signals: what it does, how
// long that takes, how it exits, and what it leaves behind.
//
//	p, err := profile.Run(ctx, argv, &profile.Options{Command: command}, told)  // argv starts this program as a holder of package bench
//	p.Probes            // one for each signal, each with a fresh start of the program
//	p.Service("web")    // the [service] table that fits it
//
// Each probe starts the program anew, waits until it is ready, sends its signals to the main
// process, and looks. It says what was seen on this machine; that a program has done nothing
// within the limit does not mean that it would not have later.
package profile
