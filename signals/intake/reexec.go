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

// marker is the environment variable by which the program that executed itself anew
// learns what it was handed the first time. It is taken out before anyone sees it.
const marker = "SUPERVISE_INTAKE"

// self is the running program, also when its file has been replaced.
const self = "/proc/self/exe"

// reexec blocks all signals and executes the running program again with the same
// arguments. It returns only when that fails.
//
// The runtime's other threads take signals all the while. What its handlers would end the
// process for, they do after the kernel has forgotten the signal, and execve(2) ends those
// threads: such a signal would be lost, and the program would start nevertheless. So signals
// do their default from here on, which is ending the process at once, and handlers that
// have begun are waited for.
func reexec(argv []string) error {
	found := handedDown()
	sys.SetMask(signals.Full)
	for s := range (taken &^ found.Ignored).All() {
		sys.SetDefault(s)
	}
	awaitHandlers(found.Mask)
	err := syscall.Exec(self, argv, append(syscall.Environ(), marker+"="+found.encode()))
	return &ReexecError{Err: err}
}

// handlerTime is how long handlers of the runtime are waited for, in nanoseconds. They take
// microseconds of a processor's time.
const handlerTime = 1_000_000_000

// awaitHandlers returns when no thread but the calling one, which blocks everything, runs a
// signal handler: the runtime's block all signals, and its threads no more than the process
// did at first.
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

// ReexecError says that the program could not execute itself, in mode Reexec.
type ReexecError struct{ Err error }

func (e *ReexecError) Error() string {
	return "cannot execute " + self + " again to block signals: " + e.Err.Error()
}

func (e *ReexecError) Unwrap() error { return e.Err }

// resumed reports whether this is the second execution, and what the first was handed.
// A marker that somebody else has set, without blocking the signals, is an error: to
// execute the program once more could go on for ever.
func resumed() (found Inherited, again bool, err error) {
	encoded, ok := syscall.Getenv(marker)
	if !ok {
		return found, false, nil
	}
	_ = syscall.Unsetenv(marker)
	found, ok = decode(encoded)
	open := taken &^ (sys.Mask() | signals.Set(boot.Forced))
	if !ok || open != 0 {
		return found, false, &ReexecError{Err: errMarker}
	}
	return found, true, nil
}

var errMarker = errors.New("the environment variable " + marker + " is set, but not by the first execution; unset it")

// handedDown finds out what the process was handed, as far as the Go runtime has left it:
// the signals of boot.Forced are unblocked by now, and but for those that the runtime
// respects (HUP, INT) or leaves alone no ignored signal is ignored any more. The same has
// happened in any Go program that started this one, the go command among them, so that
// under go run nothing is missing.
func handedDown() Inherited {
	found := Inherited{Mask: sys.Mask(), NoFile: noFile()}
	if state, err := sys.ReadSignalState("self"); err == nil {
		found.Ignored = state.Ignored
	}
	return found
}

func (f Inherited) encode() string {
	return f.Mask.Mask() + ":" + f.Ignored.Mask() + ":" +
		strconv.FormatUint(f.NoFile.Soft, 10) + ":" + strconv.FormatUint(f.NoFile.Hard, 10)
}

func decode(encoded string) (f Inherited, ok bool) {
	fields := slices.Collect(text.Split(encoded, ':'))
	if len(fields) != 4 {
		return f, false
	}
	var errs [4]error
	f.Mask, errs[0] = signals.ParseMask(fields[0])
	f.Ignored, errs[1] = signals.ParseMask(fields[1])
	f.NoFile.Soft, errs[2] = strconv.ParseUint(fields[2], 10, 64)
	f.NoFile.Hard, errs[3] = strconv.ParseUint(fields[3], 10, 64)
	return f, errs == [4]error{}
}
