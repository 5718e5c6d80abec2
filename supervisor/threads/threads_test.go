package threads

import (
	"runtime"
	"testing"

	"supervise/internal/sys"
)

// TestWait counts the threads that are there after it.
func TestWait(t *testing.T) {
	Wait()
	Wait() // there are no more of them
	n := 0
	for range sys.Threads() {
		n++
	}
	if want := min(2*runtime.GOMAXPROCS(0), MaxProcessors) + blocked; n < want {
		t.Errorf("%d threads, want %d or more", n, want)
	}
}
