//go:build linux && (amd64 || arm64)

package process

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestGateCloses has a child wait at a gate that nobody lets it through any more: as if its parent had
// been killed before the child could ask to be told.
func TestGateCloses(t *testing.T) {
	var gate [2]int
	if err := unix.Pipe2(gate[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(gate[0])
	var progress Progress
	spec := sleepSpec(&progress)
	spec.Gate, spec.HasGate = gate, true
	begun := Begin(spec)
	unix.Close(gate[1])
	if !begun.HasChild() {
		t.Skip("there is no clone3")
	}
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
