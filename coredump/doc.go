// Package coredump is the vocabulary of core dumps: which memory of a process the
// kernel writes into a core (coredump_filter, core(5)), and how large one may be.
//
// It is pure: it parses and prints, and touches neither /proc nor a process.
package coredump
