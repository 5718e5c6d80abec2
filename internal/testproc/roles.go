package testproc

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake"
)

// LastSignal with the value LastValue ends a receiver.
const (
	LastSignal = signals.SIGRTMAX
	LastValue  = 0xe2d
)

// receive takes every signal and prints one line each: number, code, pid, uid, value. It
// prints "ready" first, and ends at LastSignal with LastValue. An argument is the limit
// of pending signals that it sets itself first.
func receive(args []string) int {
	in, err := intake.Start(os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 98
	}
	if len(args) > 0 {
		if err := limitPending(args[0]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 97
		}
	}
	in.MaskThreads()
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	fmt.Fprintln(out, "ready")
	_ = out.Flush()
	for {
		info, ok := in.Wait(0)
		if !ok { // nothing more is there
			_ = out.Flush()
			if info, ok = in.Wait(intake.Forever); !ok {
				continue
			}
		}
		if info.Signal == signals.SIGURG && info.Code == signals.CodeUser && info.PID == 0 && len(args) > 0 {
			// Our own runtime's, to preempt a thread: beyond the limit of pending
			// signals the kernel forgets who sent it.
			continue
		}
		fmt.Fprintln(out, int(info.Signal), int(info.Code), info.PID, info.UID, info.Value)
		if info.Signal == LastSignal && info.Value == LastValue {
			_ = out.Flush()
			return 0
		}
	}
}

func limitPending(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return err
	}
	const rlimitSigpending = 11
	return syscall.Setrlimit(rlimitSigpending, &syscall.Rlimit{Cur: n, Max: n})
}

// sleep prints "ready" and does nothing until it is killed.
func sleep([]string) int {
	fmt.Println("ready")
	for {
		time.Sleep(time.Hour)
	}
}

// status prints its own /proc/self/status and arguments.
func status([]string) int {
	text, err := sys.ReadFile("/proc/self/status")
	if err != nil {
		return 98
	}
	fmt.Print(text)
	return 0
}

// exit exits with the code given.
func exit(args []string) int {
	code, _ := strconv.Atoi(args[0])
	return code
}

// stubborn ignores SIGTERM, prints "ready" and sleeps.
func stubborn([]string) int {
	signal.Ignore(syscall.SIGTERM)
	return sleep(nil)
}

// orphans makes as many children of children as the first argument says, which exit at
// once without a parent, and prints "done". With a second argument, "at-once", all wait
// for each other and exit together.
func orphans(args []string) int {
	n, _ := strconv.Atoi(args[0])
	for i := 0; i < n; {
		// A shell that starts many in the background and exits makes orphans by the
		// hundred without costing a Go start each.
		batch := min(n-i, 500)
		script := "i=0; while [ $i -lt " + strconv.Itoa(batch) + " ]; do : & i=$((i+1)); done"
		p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", script}, &os.ProcAttr{Files: []*os.File{nil, os.Stdout, os.Stderr}})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if _, err := p.Wait(); err != nil {
			return 1
		}
		i += batch
	}
	fmt.Println("done")
	return 0
}
