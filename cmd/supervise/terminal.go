//go:build !slim

package main

import (
	"os"

	"supervise/internal/sys"
)

// isTerminal reports whether a file is a terminal.
func isTerminal(f *os.File) bool { return sys.Terminal(int(f.Fd())) }
