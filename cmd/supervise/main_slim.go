//go:build slim

// The runtime need not read the cgroup's CPU limits: see main.go.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// The slim build, for images: only init and the programs that it replaces, whatever the
// program is called. The files of the full build have the opposite tag.
package main

import (
	"syscall"

	"supervise/signals/intake"
	_ "supervise/supervisor/nucleus"
	"supervise/supervisor/pid1/cmdline"
)

// main has nothing to do: see package preinit.
func main() {}

func init() {
	argv := intake.Arguments()
	if len(argv) == 0 {
		syscall.Exit(126) // there is no /proc to read the arguments from
	}
	index, args, _ := cmdline.Select(argv)
	syscall.Exit(cmdline.Main(argv, index, args))
}
