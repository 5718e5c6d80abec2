package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestOrphans has ten thousand children of a child become orphans at once, as zombies: each
// is seen to be gone from the process table, and init has counted all of them.
func TestOrphans(t *testing.T) {
	if testing.Short() {
		t.Skip("forks forty thousand processes")
	}
	// What forks so often must be small: not this test binary.
	forker := filepath.Join(t.TempDir(), "forker")
	build := exec.Command("go", "build", "-o", forker, "supervise/internal/bench")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	r := row{
		name: own, env: []string{"FORKER=" + forker}, args: []string{"--log-format=text", "-v"},
		script: `echo zombies 10000 | "$FORKER" role orphans >/dev/null && echo reaped`,
		out:    "reaped", stderr: " orphans=10000\n",
	}
	// One after the other, as a machine may have room for no more than 32,768 processes.
	each(t, own, false, func(t *testing.T, p program) {
		for _, where := range []place{plainly, asFirst} {
			t.Run(where.String(), func(t *testing.T) {
				if where == asFirst {
					if err := unshares(); err != nil {
						t.Skip("cannot make a PID namespace here:", err)
					}
				}
				r.try(t, p, where)
			})
		}
	})
}
