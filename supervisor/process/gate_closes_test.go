//go:build linux && (amd64 || arm64)

package process

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestGateCloses has a child wait at a gate that nobody lets it through any more: as if its parent had
// been killed before the child could ask to be told.
func TestGateCloses(t *testing.T) {
	var progress Progress
	begun, through := atGate(t, &progress)
	unix.Close(through)
	if !begun.plan.left(longEnough) {
		t.Error("it waits on")
	}
	progress.GiveUp() // of what would follow, as well
	_, rest := begun.Wait(longEnough)
	if rest == nil {
		end(t, begun.PID())
		t.Fatal("it has executed its program")
	}
	if child, err := rest(); err == nil {
		end(t, child.PID)
		t.Fatal("it was started once more")
	}
	childless(t)
}
