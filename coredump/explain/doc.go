// Package explain makes a report of a core: why the process crashed, and where.
//
//	core, err := elfcore.Open(file, size)
//	r := explain.Explain(core, explain.Options{Open: explain.Files})
//
// The names of functions come from the files that were mapped, as they are now: they are only
// believed if their build id is that in the core's memory.
//
// # Who may parse what
//
// A core and the files that it names come from a process that may be hostile. Whoever explains
// cores of others unasked uses package apart, which does it in a child process without privileges and
// with limits, and opens the files for it; a command that was asked calls [Confine], after which
// it can do little else. Decision 22 in docs/decisions says why there are two.
//
// It is early: see cmd/supervise/preinit.
package explain
