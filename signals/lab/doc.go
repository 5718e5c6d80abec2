// Package lab shows how signals behave on this very kernel, by experiments.
//
//	for _, e := range lab.Experiments() {
//		result := lab.Run(ctx, e, argv, told)     // argv starts this program with the role of a stage
//		result.Verdict                            // OK, Differs, Impossible
//	}
//
// Each experiment is a file of its own: what it teaches and which manual page says so, and a
// function that does it. It has processes of package actor at its disposal, whose signals
// nobody else touches, and tells in steps what it does and what it sees. What it sees is
// compared with what the manual page promises; one difference makes the verdict "differs".
//
// An experiment runs on a stage: a process that is PID 1 of a PID namespace of its own, in a
// user namespace of its own, so that it needs no rights and meets no strangers. [Run] starts
// this program once more for that, in a role that calls [Stage]. When the stage ends, or is
// killed because it took too long, or because whoever waits for it died, the kernel kills all
// that is left in the namespace: pid_namespaces(7).
package lab
