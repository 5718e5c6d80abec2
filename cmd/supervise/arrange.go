//go:build !slim

package main

// The linker puts packages one behind the other in the order in which they are imported, from the
// first file on. So what runs before there is a Go runtime lies together, in fewer pieces of
// memory that a start has to wait for: see package nucleus.
import _ "supervise/cmd/supervise/preinit"
