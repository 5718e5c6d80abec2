package role

import (
	"fmt"
	"os"
)

// Name is the first argument that makes the bench program play a role.
const Name = "role"

var roles = map[string]func(args []string) error{
	"enter":   enter,
	"orphans": orphans,
	"bulky":   bulky,
	"talk":    talk,
}

// Main plays the role that args begin with, and returns the exit status.
func Main(args []string) int {
	if len(args) == 0 || roles[args[0]] == nil {
		fmt.Fprintf(os.Stderr, "bench: no role in %q\n", args)
		return 2
	}
	if err := roles[args[0]](args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "bench: role %s: %v\n", args[0], err)
		return 1
	}
	return 0
}
