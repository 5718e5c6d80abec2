// Package report is what is known about a crash, as data: how a process ended, its threads
// with their stacks, the files it had mapped, and what became of its core.
//
//	r.Summary() // SIGSEGV (SEGV_MAPERR at 0x10) in handle_request+0x42 <- serve <- main
//
// Package explain makes a Report of a core, package store keeps it beside the core. Its JSON
// is that of `supervise core info --format json`, of the store's meta.json, and of the
// standard input of on-core hooks: scripts rely on the names.
//
// The package is pure: it reads no file.
//
// It is early: see cmd/supervise/preinit.
package report
