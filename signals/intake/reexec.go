//go:build linux && (amd64 || arm64)

package intake

import (
	"errors"
	"slices"
	"strconv"
	"syscall"

	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/signals"
	"supervise/signals/intake/boot"
)

// marker is the environment variable that tells the second execution what the first one
// inherited. It is removed before anything reads the environment.
const marker = "SUPERVISE_INTAKE"

// self is the running program, even if its file was replaced.
const self = "/proc/self/exe"

// reexec blocks all signals and executes the running program again with the same arguments.
// It returns only if that fails.
//
// The runtime's other threads receive signals meanwhile. A signal for which the runtime's
// handler would end the process has already left the kernel when the handler runs; if
// execve(2) ends the thread at that moment, the signal is lost, and the program starts
// nevertheless. So signals get their default disposition first, which ends the process at
// once, and handlers that have begun are waited for. Those that were ignored are so again, unless
// they are blocked: that would discard what is pending.
func reexec(argv []string) error {
	found := readInherited()
	usual := sys.SetMask(signals.Full)
	for s := range catchable.All() {
		switch {
		case !found.Ignored.Has(s):
			_ = sys.SetDefault(s)
		case !usual.Has(s):
			_ = sys.SetIgnored(s)
		}
	}
	awaitHandlers(usual)
	environment, mark := syscall.Environ(), found.encode()
	if _, set := syscall.Getenv(godebug); !set {
		environment, mark = append(environment, godebug+"=asyncpreemptoff=1"), ownGodebug+mark
	}
	err := syscall.Exec(self, argv, append(environment, marker+"="+mark))
	return &ReexecError{Err: err}
}

// The second execution is not to preempt its threads by SIGURG, for the reason that
// [boot.Variables] gives. Before the rest the mark says that the variable was not there before.
const (
	godebug    = "GODEBUG"
	ownGodebug = godebug + ":"
)

// handlerTime is how long handlers of the runtime are waited for, in nanoseconds. They take
// microseconds of CPU time.
const handlerTime = 1_000_000_000

// awaitHandlers returns when no thread but the calling one, which blocks everything, runs a
// signal handler. The runtime's handlers block all signals; outside of them its threads block
// what the process did at first.
func awaitHandlers(usual signals.Set) {
	self := syscall.Gettid()
	for deadline := sys.Now() + handlerTime; sys.Now() < deadline; {
		running := false
		for tid := range sys.Threads() {
			state, err := sys.ReadSignalState("self/task/" + strconv.Itoa(tid))
			running = running || tid != self && err == nil && state.Blocked.Has(signals.SIGTERM) && !usual.Has(signals.SIGTERM)
		}
		if !running {
			return
		}
	}
}

// ReexecError says that the program could not execute itself again, in mode Reexec.
type ReexecError struct{ Err error }

func (e *ReexecError) Error() string {
	return "cannot execute " + self + " again to block signals: " + e.Err.Error()
}

func (e *ReexecError) Unwrap() error { return e.Err }

// resumed reports whether this is the second execution, and what the first one inherited. A
// marker set by anybody else, without the signals being blocked, is an error: executing the
// program once more could go on for ever.
func resumed() (found Inherited, again bool, err error) {
	encoded, ok := syscall.Getenv(marker)
	if !ok {
		return found, false, nil
	}
	_ = syscall.Unsetenv(marker)
	encoded, own := text.CutPrefix(encoded, ownGodebug)
	if own {
		_ = syscall.Unsetenv(godebug)
	}
	found, ok = decode(encoded)
	open := catchable &^ (sys.Mask() | signals.Set(boot.Forced))
	if !ok || open != 0 {
		return found, false, &ReexecError{Err: errMarker}
	}
	return found, true, nil
}

var errMarker = errors.New("the environment variable " + marker + " is set, but not by the first execution; unset it")

// readInherited returns the inherited state. Where the memory of the Go runtime cannot be read it
// is what the runtime has preserved: the signals of boot.Forced are unblocked by now, and only
// ignored signals that the runtime respects (HUP, INT) or never touches are still ignored. The
// same happened in any Go program that started this one, including the go command, so under
// go run nothing is missing.
func readInherited() Inherited {
	found := Inherited{Mask: sys.Mask(), Ignored: sys.Ignored(), NoFile: noFile()}
	if mask, ignored, ok := foundByRuntime(); ok {
		found.Mask, found.Ignored, found.Exact = mask, found.Ignored|ignored, true
	}
	return found
}

func (f Inherited) encode() string {
	return f.Mask.Mask() + ":" + f.Ignored.Mask() + ":" +
		strconv.FormatUint(f.NoFile.Soft, 10) + ":" + strconv.FormatUint(f.NoFile.Hard, 10) + ":" +
		strconv.FormatBool(f.Exact)
}

func decode(encoded string) (f Inherited, ok bool) {
	fields := slices.Collect(text.Split(encoded, ':'))
	if len(fields) != 5 {
		return f, false
	}
	var errs [5]error
	f.Mask, errs[0] = signals.ParseMask(fields[0])
	f.Ignored, errs[1] = signals.ParseMask(fields[1])
	f.NoFile.Soft, errs[2] = strconv.ParseUint(fields[2], 10, 64)
	f.NoFile.Hard, errs[3] = strconv.ParseUint(fields[3], 10, 64)
	f.Exact, errs[4] = strconv.ParseBool(fields[4])
	return f, errs == [5]error{}
}
