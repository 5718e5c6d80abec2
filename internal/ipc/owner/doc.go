// Package owner names the process that made the objects and files of a runtime directory,
// for those who find them later: by its pid and start time, which no other process ever has.
//
// It is apart from package ipc because early packages read the files, too: see
// cmd/supervise/preinit.
package owner
