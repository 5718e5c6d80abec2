//go:build slim

package cmdline

// initOnly is the slim build: it has only init, whatever the program is called.
const initOnly = true
