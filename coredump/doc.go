// Package coredump is the vocabulary of core dumps: which memory of a process the kernel
// writes into a core (coredump_filter, core(5)), and how large a core may be.
//
//	filter, err := coredump.ParseFilter([]string{"private-anonymous", "elf-headers"})
//	limit, err := coredump.ParseLimit("100MB")
//	// unknown kind of mapping "elf-header", did you mean "elf-headers"?
//
// A [Filter] is the kernel's bit mask; [ParseFilter] parses systemd's names of the bits, or
// hexadecimal digits. A limit is RLIMIT_CORE in bytes; [ParseLimit] parses "unlimited",
// "100MB" or a plain number. Errors are a [guess.Error] that says why and what was probably
// meant.
//
// The package is pure: it touches neither /proc nor a process. Whoever starts a process
// applies limit and filter.
package coredump
