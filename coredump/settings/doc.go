// Package settings reads and changes what decides about cores, and says whether there will be
// one.
//
//	kernel, err := settings.Read()                      // core_pattern and its like
//	err = settings.Set(file, settings.Change{settings.Pattern: "@@/run/core.socket"}, false)
//	left, err := settings.Restore(file)                 // what was before, if nobody has changed it since
//	filter, err := settings.ReadFilter(pid)             // of a running process
//
//	subject, err := settings.Look(pid)                  // all that the kernel would go by
//	verdict := settings.Check(subject)                  // a core? where? why not, and what to do
//
// [Look] reads, [Check] decides: it is pure, and goes by a list of rules from which the table
// "Why is there no core?" of docs/cores.md is made. The rules are those of fs/coredump.c in
// Linux 6.18; tests crash processes to see that each holds.
//
// The settings belong to the whole machine, containers included. What [Set] has found is saved
// in a file, so that it can be put back even if the program was killed.
package settings
