// Command supervise is a process supervisor that takes signals seriously: PID 1 of a
// container, supervisor of services on a server, and the tool that shows what signals
// really do.
//
// This package is the roof: flags, wiring and exit codes, one file for each subcommand.
// What the subcommands do stands in the packages that they call.
package main

import (
	"os"

	"supervise/supervisor/pid1"
)

func main() {
	// A container's start waits for this one: nothing is set up that it does not need.
	if len(os.Args) > 1 && os.Args[1] == "init" {
		os.Exit(pid1.Main(os.Args, os.Args[2:]))
	}
	os.Exit(execute(os.Args[1:]))
}
