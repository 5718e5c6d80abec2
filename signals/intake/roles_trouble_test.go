//go:build linux && (amd64 || arm64)

package intake_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/intake"
	"supervise/signals/intake/boot"
)

// faults has goroutines fault for real and recover, over and over, while it prints the
// signals that others send. It ends at the last signal and complains if anything but a
// fault was recovered from, or no fault.
func faults([]string) int {
	in, err := intake.Start(os.Args)
	if err != nil {
		return complain("%v", err)
	}
	var faulted, wrong atomic.Int64
	hole, err := unmapped()
	if err != nil {
		return complain("%v", err)
	}
	kinds := []func(){func() { *nothing = 1 }, func() { hole[0] = 1 }}
	var begun sync.WaitGroup
	for i := range 4 {
		fault := kinds[i%len(kinds)]
		begun.Add(1)
		go func() {
			recovered(&faulted, &wrong, fault)
			begun.Done()
			for {
				recovered(&faulted, &wrong, fault)
			}
		}()
	}
	begun.Wait()
	fmt.Println("ready")
	for {
		info, ok := in.Wait(intake.Forever)
		if !ok {
			continue
		}
		if info.Signal == testproc.LastSignal {
			break
		}
		fmt.Println(int(info.Signal), int(info.Code), info.PID, info.UID, info.Value, monotonic())
	}
	fmt.Println("end")
	if faulted.Load() == 0 || wrong.Load() != 0 {
		return complain("%d faults recovered from, %d times something else", faulted.Load(), wrong.Load())
	}
	return lostNothing(in)
}

// nothing is a nil pointer that the compiler cannot know to be one.
var nothing *int

// unmapped returns memory that raises SIGBUS: a mapping beyond the end of its file.
func unmapped() ([]byte, error) {
	file, err := os.CreateTemp("", "supervise-hole")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	return syscall.Mmap(int(file.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
}

func recovered(faulted, wrong *atomic.Int64, fault func()) {
	debug.SetPanicOnFault(true)
	defer func() {
		if err, ok := recover().(interface{ RuntimeError() }); ok && err != nil {
			faulted.Add(1)
		} else {
			wrong.Add(1)
		}
	}()
	fault()
}

// pipes writes into pipes that nobody reads, on the intake thread and on others, and ends
// children. None of it may show as a signal. Then it prints those that others send.
func pipes([]string) int {
	in, err := intake.Start(os.Args)
	if err != nil {
		return complain("%v", err)
	}
	var broken [2]int
	if err := syscall.Pipe2(broken[:], syscall.O_CLOEXEC); err != nil {
		return complain("%v", err)
	}
	_ = syscall.Close(broken[0])
	write := func() error {
		_, err := syscall.Write(broken[1], []byte("x"))
		return err
	}
	const times = 50
	failed := make(chan error, times)
	for range times {
		if err := write(); err != syscall.EPIPE {
			return complain("write: %v", err)
		}
		go func() { failed <- write() }()
	}
	for range times {
		if err := <-failed; err != syscall.EPIPE {
			return complain("write: %v", err)
		}
	}
	for range 5 {
		if err := exec.Command("/bin/true").Run(); err != nil {
			return complain("a child: %v", err)
		}
	}
	fmt.Println("ready")
	for {
		info, ok := in.Wait(intake.Forever)
		if !ok {
			continue
		}
		if info.Signal == testproc.LastSignal {
			break
		}
		fmt.Println(int(info.Signal), int(info.Code), info.PID, info.UID, info.Value, monotonic())
	}
	fmt.Println("end")
	return lostNothing(in)
}

// leave gives the signals back to the runtime and gets them through os/signal. Its
// arguments are the numbers.
func leave(args []string) int {
	notified := make(chan os.Signal, 100)
	var set signals.Set
	for _, arg := range args {
		n, _ := strconv.Atoi(arg)
		set = set.With(signals.Signal(n))
	}
	intake.RestoreRuntimeSignals()
	for s := range set.All() {
		signal.Notify(notified, syscall.Signal(s))
	}
	fmt.Println("ready")
	for set != 0 {
		s := signals.Signal((<-notified).(syscall.Signal))
		if s == signals.SIGURG {
			continue // Go's own
		}
		fmt.Println(int(s))
		set = set.Without(s)
	}
	return 0
}

// hold checks what Hold can hold: nothing that a thread of the runtime may catch.
func hold([]string) int {
	in, err := intake.Start(os.Args)
	if err != nil {
		return complain("%v", err)
	}
	uncatchable := signals.SetOf(signals.SIGKILL, signals.SIGSTOP)
	forced := signals.Set(boot.Forced)
	for _, step := range []struct {
		hold, release, want signals.Set
	}{
		{0, 0, 0},
		{signals.SetOf(40), 0, signals.SetOf(40)},
		{signals.SetOf(41, signals.SIGTERM, 34), 0, signals.SetOf(40, 41)},
		{0, signals.SetOf(40), signals.SetOf(41)},
		{signals.Full, 0, signals.Full &^ forced &^ uncatchable},
		{0, signals.Full, 0},
	} {
		in.Release(step.release)
		if got := in.Hold(step.hold); got != step.want {
			return complain("held are %v, want %v", got, step.want)
		}
	}
	return lostNothing(in)
}
