// Package coredump is the vocabulary of core dumps: which memory of a process the
// kernel writes into a core (coredump_filter, core(5)), and how large one may be.
//
// A [Filter] is the kernel's bit mask; [ParseFilter] reads it from the names that
// systemd gave the bits, or from hexadecimal digits. A limit is RLIMIT_CORE in bytes;
// [ParseLimit] reads "unlimited", "100MB" or a plain number. Whatever they refuse is
// a [guess.Error] that says why and what was probably meant:
//
//	filter, err := coredump.ParseFilter([]string{"private-anonymous", "elf-headers"})
//	limit, err := coredump.ParseLimit("100MB")
//	// unknown kind of mapping "elf-header", did you mean "elf-headers"?
//
// The package is pure: it parses and prints, and touches neither /proc nor a process.
// Whoever spawns a process applies limit and filter.
package coredump
