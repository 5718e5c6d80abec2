// Package quickread answers the plain questions about a core before the rest of the program is
// initialised:
//
//	supervise core bt FILE
//	supervise core info FILE
//
// Whoever asks waits for the program's start longer than for the answer. Whatever is not plain
// (a flag, a core of the store, a mistake, a file that cannot be read) is left to the
// subcommands, which go on as if this package were not there, and have a word for everything.
// So are names that have to be demangled: [Unfinished] has what was found. Both ways are the
// same code, packages read and page.
//
// It is early, see cmd/supervise/preinit, but needs package os: cmd/supervise/precore runs it.
package quickread
