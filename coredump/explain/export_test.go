package explain

import "testing"

// For the tests of package apart, which imports this one.
var (
	CrashC    = crashC
	Explained = explained
	Confined  = confined
)

// BuildC compiles crash.c.
func BuildC(t *testing.T) (exe string) {
	return build(t, &program{compiler: []string{"gcc", "-O1", "-pthread"}, source: "crash.c"})
}
