//go:build !slim

// The runtime need not read the cgroup's CPU limits at every start, nor look at them
// again every second: nothing here uses more than one CPU for long.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command supervise is a process supervisor that takes signals seriously: PID 1 of a
// container, supervisor of services on a server, and the tool that shows what signals
// really do.
//
// This package has flags, wiring and exit codes, one file for each subcommand; the packages
// that they call do the work. Packages preinit and precore run those before main that somebody
// waits for: init, version, and the plain questions of status, core info and core bt.
package main

import (
	"os"

	_ "supervise/cmd/supervise/precore"
	_ "supervise/cmd/supervise/preinit"
)

func main() { os.Exit(execute(os.Args[1:])) }
