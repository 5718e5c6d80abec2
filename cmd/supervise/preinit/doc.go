// Package preinit runs what people wait for before the rest of the program is initialised:
// supervise init, also under the names of the programs that it replaces, if package nucleus
// has not run it before the Go runtime. Its init function does the work and exits. For any
// other subcommand it returns, and main runs as usual. Of supervise run it begins what takes
// longest, the threads.
//
// # Why
//
// A container's start waits for init, which needs none of what the other subcommands are built
// with. Linking that costs little, but initialising it does not: the tables of unicode, the
// time zone, the command line library and others take longer than everything that init does
// itself.
//
// # How
//
// The language defines the order in which packages are initialised: by import path, each as
// soon as everything that it imports is. As long as this package imports, directly or not,
// nothing that sorts after "supervise", it is initialised before "time", "unicode", "os" and
// everything that needs them.
//
// So the packages that it imports are early: of the standard library they may import only
// what internal/lattice/house_test.go lists (among it no fmt, os, strings or time), and they
// initialise nothing themselves. Two tests of internal/lattice check that: one reads the
// imports, the other builds the program and asks the runtime what was initialised. Early code
// also has to be sparing with memory: each first allocation of a new size, and each growth of
// the stack, causes page faults, so it uses static memory and small frames.
//
// # A second one
//
// Package precore does the same for the plain questions about a core. It may import a little
// more of the standard library, among it package time, and so comes a little later, but before
// package unicode too.
//
// # Which packages
//
// Most early packages would exist anyway: signals, signals/queue, signals/send,
// signals/intake, internal/sys, supervisor/process, supervisor/status, supervisor/pid1 and
// its cmdline. Some are separate from a larger package only to be early, or replace a package
// that is not:
//
//	internal/text               a few functions of package strings
//	internal/little             a few functions of package encoding/binary
//	internal/text/json          JSON, in place of encoding/json
//	internal/ipc/owner          who made a runtime file, apart from package ipc
//	supervisor/control/wire     the protocol, apart from packages control and client
//	supervisor/board/segment    the layout of the status board, apart from package board
//	supervisor/plain            plain commands, without the Go runtime
//	supervisor/threads          the threads of supervise run, apart from package host
//	signals/intake/boot         even earlier: what runs before the Go runtime
//	supervisor/nucleus          earlier than that: an init that needs no runtime
//	signals/relay               the loop of both, apart from package intake
//	signals/relay/kernel        their system calls
package preinit
