//go:build !slim

package main

import (
	"os"

	"supervise/internal/sys"
)

// isTerminal reports whether colours make sense there.
func isTerminal(f *os.File) bool { return sys.Terminal(int(f.Fd())) }
