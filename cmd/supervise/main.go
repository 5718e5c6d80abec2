// Command supervise.
package main

import (
	"os"

	"supervise/supervisor/pid1"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "init" {
		os.Exit(pid1.Main(os.Args, os.Args[2:]))
	}
}
