package explain_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"supervise/coredump/explain"
	"supervise/coredump/explain/apart"
	_ "supervise/coredump/symbols/late"
)

// TestMain is the child of package apart too, and in the role named by the environment the process
// that gives up what it does not need.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 2 && os.Args[1] == "core" && os.Args[2] == "explain":
		var o explain.Options
		for _, arg := range os.Args[3:] {
			switch {
			case arg == "--all-modules":
				o.AllModules = true
			case arg == "--registers":
				o.Registers = true
			case strings.HasPrefix(arg, "--frames="):
				o.Frames, _ = strconv.Atoi(strings.TrimPrefix(arg, "--frames="))
			}
		}
		if err := apart.Child(os.Stdin, os.Stdout, o); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case os.Getenv("EXPLAIN_TEST_ROLE") == "confined":
		explain.Confined()
		os.Exit(0)
	}
	os.Exit(m.Run())
}
