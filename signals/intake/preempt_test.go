//go:build linux && (amd64 || arm64)

package intake_test

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"supervise/signals/intake"
)

// rlimitSigpending is RLIMIT_SIGPENDING, which package syscall lacks.
const rlimitSigpending = 11

// busy is the role of a process whose threads the runtime would like to preempt all the time,
// while the kernel has no room for the siginfo of a signal.
func busy([]string) int {
	in, err := intake.Start(os.Args)
	if err == nil {
		err = syscall.Setrlimit(rlimitSigpending, &syscall.Rlimit{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	intake.RestoreVariables(8)
	for range 4 {
		go func() {
			for sum := 0; ; sum += spin(1 << 26) { // longer than sysmon lets a goroutine run: 10 ms
				runtime.Gosched()
			}
		}()
	}
	go func() {
		for {
			runtime.GC()
		}
	}()
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); {
		if info, ok := in.Wait(int64(10 * time.Millisecond)); ok {
			fmt.Fprintf(os.Stderr, "nobody has sent %v\n", info)
			return 1
		}
	}
	return 0
}

// spin is a loop that can only be preempted by a signal.
//
//go:noinline
func spin(n int) (sum int) {
	for i := range n {
		sum ^= i
	}
	return sum
}

// TestNoSignalOfOurOwn takes nothing for a signal from outside that the runtime has sent.
func TestNoSignalOfOurOwn(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) { b.run(t, "busy") })
}
