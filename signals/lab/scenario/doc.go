// Package scenario puts any program under a scripted scenario of signals, and checks what is
// expected of it: a test bench, made of a TOML file and a command.
//
//	s, err := scenario.Parse("stop.toml", data)           // *Error: every mistake, with its line
//	result := scenario.Run(ctx, argv, s, command, nil)    // argv starts this program as a holder of package bench
//	result.OK, result.Checks()
//	scenario.WriteJUnit(w, results)
//
// A scenario has steps, one after the other: wait for something, send signals, do something to
// the output or the terminal. A wait that is in vain, and what is expected and not so, fails.
// Whatever the program does, it ends with the scenario: see package bench.
//
// The keys are described in docs/scenarios.md.
package scenario
