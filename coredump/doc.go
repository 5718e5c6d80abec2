// Package coredump is the vocabulary of core dumps: where the kernel puts a core
// (core_pattern, core(5)), which memory of a process it writes into it (coredump_filter), and
// how large it may be.
//
//	pattern, err := coredump.ParsePattern("/var/cores/%e.%p")
//	words, err := pattern.Expand(facts, usesPID) // /var/cores/web.812
//	filter, err := coredump.ParseFilter([]string{"private-anonymous", "elf-headers"})
//	limit, err := coredump.ParseLimit("100MB")
//	// unknown kind of mapping "elf-header", did you mean "elf-headers"?
//
// A [Pattern] is parsed and expanded as fs/coredump.c of Linux 6.18 does. A [Filter] is the
// kernel's bit mask; [ParseFilter] parses systemd's names of the bits, or hexadecimal digits.
// A limit is RLIMIT_CORE in bytes; [ParseLimit] parses "unlimited", "100MB" or a plain number.
// Errors are a [guess.Error] that says why and what was probably meant.
//
// The package is pure: it touches neither /proc nor a process. Package settings does, and
// whoever starts a process applies limit and filter.
package coredump
