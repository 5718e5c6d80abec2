//go:build linux && (amd64 || arm64)

package intake_test

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/intake"
	"supervise/signals/intake/boot"
)

// monotonic is the clock that all processes share, in nanoseconds.
func monotonic() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return ts.Nano()
}

// complain reports something wrong in a role and returns its exit status.
func complain(format string, args ...any) int {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	return 1
}

// listen takes every signal and prints it, between a first line that tells the mode and
// what was inherited, and "end". Its arguments:
//
//	threads=N  so many goroutines sit in system calls that block, a thread each
//	gc         garbage is collected without end
//	quiet      Quiet is called, and every thread has become so, before the first line
//	hold=N     the signal N is held until SIGUSR1 comes
//
// It complains when a signal was lost on the way in.
func listen(args []string) int {
	in, err := intake.Start(os.Args)
	if err != nil {
		return complain("%v", err)
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	before := []int(nil)
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		n, _ := strconv.Atoi(value)
		switch name {
		case "threads":
			blockThreads(n)
		case "gc":
			go collect()
		case "quiet":
			if before = becomeQuiet(in); before == nil {
				return 1
			}
		case "hold":
			in.Hold(signals.SetOf(signals.Signal(n)))
		}
	}
	found := in.Inherited()
	fmt.Fprintln(out, in.Mode(), found.Mask.Mask(), found.Ignored.Mask(), found.NoFile.Soft, found.NoFile.Hard, found.Exact)
	_ = out.Flush()
	show := func(info signals.Info) {
		fmt.Fprintln(out, int(info.Signal), int(info.Code), info.PID, info.UID, info.Value, monotonic())
	}
	for {
		info, ok := in.Wait(0)
		if !ok {
			_ = out.Flush()
			if info, ok = in.Wait(intake.Forever); !ok {
				continue
			}
		}
		if info.Signal == testproc.LastSignal && info.Value == testproc.LastValue {
			break
		}
		if info.Signal == signals.SIGUSR1 {
			in.Release(signals.Full)
		}
		show(info)
	}
	// What others have caught before the last one may still be on its way.
	for start := monotonic(); ; {
		in.MaskThreads()
		settled := boot.Caught() >= uint64(len(slices.Collect(sys.Threads()))-1)
		for info, ok := in.Wait(0); ok; info, ok = in.Wait(0) {
			show(info)
		}
		if settled {
			break
		}
		if monotonic()-start > 100_000_000_000 {
			return complain("threads did not become quiet")
		}
	}
	// Threads that the runtime has started since may each have caught one out of order.
	if before != nil {
		fresh := 0
		for tid := range sys.Threads() {
			if !slices.Contains(before, tid) {
				fresh++
			}
		}
		fmt.Fprintln(out, "0 0 0 0", fresh, monotonic())
	}
	fmt.Fprintln(out, "end")
	_ = out.Flush()
	if lost := in.Lost(); lost != 0 {
		return complain("%d signals were lost", lost)
	}
	return 0
}

// variables prints what the runtime was started with, which is gone afterwards.
func variables([]string) int {
	fmt.Printf("GOMAXPROCS=%s GODEBUG=%s\n", os.Getenv("GOMAXPROCS"), os.Getenv("GODEBUG"))
	intake.RestoreVariables(1)
	if _, set := os.LookupEnv("GODEBUG"); set {
		return complain("GODEBUG is still set")
	}
	return 0
}

// blockThreads makes n goroutines wait in the kernel, and returns when all have begun to.
func blockThreads(n int) {
	var never [2]int
	_ = syscall.Pipe2(never[:], syscall.O_CLOEXEC)
	started := make(chan bool)
	for range n {
		go func() {
			runtime.LockOSThread()
			started <- true
			for {
				_, _ = syscall.Read(never[0], make([]byte, 1))
			}
		}()
	}
	for range n {
		<-started
	}
}

func collect() {
	for {
		garbage := make([][]byte, 100)
		for i := range garbage {
			garbage[i] = make([]byte, 10_000)
		}
		runtime.GC()
	}
}

// becomeQuiet returns the ids of the threads once all but ours have blocked all that they
// can, and nil when they have not after a while. A thread that is started meanwhile is
// asked again.
func becomeQuiet(in *intake.Intake) (threads []int) {
	const millisecond, enough = 1_000_000, 30_000_000_000
	for start := monotonic(); monotonic()-start < enough; {
		in.MaskThreads()
		for range 100 {
			threads = slices.Collect(sys.Threads())
			if len(open(threads)) == 0 {
				return threads
			}
			in.Wait(millisecond)
		}
	}
	complain("with these signals open, threads did not become quiet: %v", open(threads))
	return nil
}

// open returns what threads have open that they should not. The C library's 32 and 33 do
// not count: where there is one (the race detector needs it), its pthread_sigmask opens
// these two in whatever thread starts another.
func open(threads []int) map[int]signals.Set {
	want := signals.Set(boot.Forced) &^ signals.Faults &^ signals.SetOf(32, 33)
	all := map[int]signals.Set{}
	for _, tid := range threads {
		state, err := sys.ReadSignalState("self/task/" + strconv.Itoa(tid))
		if err != nil {
			continue // it is gone
		}
		if open := want &^ state.Blocked; open != 0 {
			all[tid] = open
		}
	}
	return all
}

// wake has goroutines put something into a list and call Wake, and looks for it all
// without ever using a timeout. Its arguments are how many goroutines, how many rounds,
// and whether each asks for an answer every round: then a Wake that is lost ends
// everything.
func wake(args []string) int {
	in, err := intake.Start(os.Args)
	if err != nil {
		return complain("%v", err)
	}
	posters, _ := strconv.Atoi(args[0])
	rounds, _ := strconv.Atoi(args[1])
	var mutex sync.Mutex
	var list []chan bool
	for range posters {
		go func() {
			answer := make(chan bool, rounds)
			for range rounds {
				mutex.Lock()
				list = append(list, answer)
				mutex.Unlock()
				in.Wake()
				if args[2] == "answer" {
					<-answer
				}
			}
		}()
	}
	for seen := 0; seen < posters*rounds; {
		if info, ok := in.Wait(intake.Forever); ok {
			return complain("a signal out of nothing: %v", info)
		}
		mutex.Lock()
		posts := list
		list = nil
		mutex.Unlock()
		for _, answer := range posts {
			answer <- true
			seen++
		}
	}
	return lostNothing(in)
}

func lostNothing(in *intake.Intake) int {
	if lost := in.Lost(); lost != 0 {
		return complain("%d signals were lost", lost)
	}
	return 0
}

// timeouts checks how long Wait waits when nothing happens.
func timeouts([]string) int {
	in, err := intake.Start(os.Args)
	if err != nil {
		return complain("%v", err)
	}
	for _, timeout := range []int64{0, 1, 1_000_000, 20_000_000, 1_100_000_000} {
		start := monotonic()
		for left := timeout; ; left = timeout - (monotonic() - start) {
			if info, ok := in.Wait(max(left, 0)); ok {
				return complain("a signal out of nothing: %v", info)
			}
			if monotonic()-start >= timeout { // less is a false alarm, which is allowed
				break
			}
		}
		if took := monotonic() - start; took > timeout+10_000_000_000 {
			return complain("a wait of %d ns took %d", timeout, took)
		}
	}
	return lostNothing(in)
}
