//go:build !slim

package cmdline

// initOnly is false in the full build, which has other subcommands than init.
const initOnly = false
