//go:build linux && (amd64 || arm64)

package intake

import (
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	_ "unsafe" // for go:linkname

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake/boot"
	"supervise/signals/relay"
)

// Intake is the process's stream of signals. There is one, made by [Start].
type Intake struct {
	relay     relay.Relay
	pid       int
	tid       int
	woken     atomic.Bool // Wake was called, and no Wait has returned since
	inherited Inherited
	mode      Mode

	masked []int // the threads that were sent the hint
}

// The only Intake, and memory for its list of threads. They are static because each
// allocation of a new size costs two page faults at program start.
var (
	instance    Intake
	firstMasked [8]int
)

// The runtime's own brackets around a blocking system call: the thread gives up its right to
// run Go code, so that nothing waits for it and no tick is needed because of it. They are
// kept stable for other users of linkname: runtime/proc.go.
//
//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// Start makes the calling goroutine's thread the one that receives the process's signals, for
// good. It must be called once, first thing in main. In mode Reexec it does not return the
// first time, but executes the program again with the given arguments.
func Start(argv []string) (*Intake, error) {
	runtime.LockOSThread()
	return StartInInit(argv)
}

// StartInInit is [Start] for a program that does all its work in an init function. The
// runtime keeps those on the first thread; runtime.LockOSThread would only create one more
// thread to start others from.
func StartInInit(argv []string) (*Intake, error) {
	boot.Begin()
	in := &instance
	*in = Intake{pid: syscall.Getpid(), tid: syscall.Gettid(), masked: firstMasked[:0]}
	if err := in.inherit(argv); err != nil {
		return nil, err
	}
	in.relay.Init(catchable, in.pid)
	sys.SetMask(signals.Set(boot.ThreadMask))
	boot.SetIntake(in.tid)
	if in.mode == Reexec {
		boot.Install()
	}
	return in, nil
}

// inherit finds out the inherited state.
func (in *Intake) inherit(argv []string) error {
	if boot.Entered() {
		in.mode, in.inherited = Entry, entryInherited()
		return nil
	}
	inherited, again, err := resumed()
	switch {
	case err != nil:
		return err
	case again:
		in.mode, in.inherited = Reexec, inherited
		return nil
	default:
		return reexec(argv)
	}
}

func noFile() Limit {
	soft, hard := boot.NoFile()
	return Limit{soft, hard}
}

// RestoreRuntimeSignals gives the signals back to the Go runtime, for a program that does not
// supervise anything after all. Signals received meanwhile are sent again.
func RestoreRuntimeSignals() {
	if !boot.Entered() {
		return
	}
	boot.Uninstall()
	var raw signals.RawInfo
	for boot.Take((*[128]byte)(&raw)) {
		_ = sys.Kill(syscall.Getpid(), signals.Decode(&raw).Signal)
	}
	sys.SetMask(signals.Set(boot.Mask()))
}

// Built returns the mode that Start will use in this build.
func Built() Mode {
	if boot.Entered() {
		return Entry
	}
	return Reexec
}

// Arguments returns the program's arguments, argv[0] first, even before package os is
// initialised; nil if they cannot be known.
func Arguments() []string {
	if boot.Entered() {
		return boot.Arguments()
	}
	return readArguments()
}

// LookupEnv returns the value of an inherited environment variable, and whether it is set,
// even before package os is initialised.
func LookupEnv(name string) (value string, ok bool) {
	if boot.Entered() {
		return boot.LookupEnv(name)
	}
	return syscall.Getenv(name)
}

// Getenv is [LookupEnv] that returns "" for an unset variable.
func Getenv(name string) string {
	value, _ := LookupEnv(name)
	return value
}

// Environ returns the inherited environment, even before package os is initialised.
func Environ() []string {
	if boot.Entered() {
		return boot.Environ()
	}
	return syscall.Environ()
}

// RestoreVariables takes what the entry point put into the environment out of it, and lets the
// program use as many processors as there are, up to limit, unless GOMAXPROCS was set from
// outside; before, it has one. It must be called before anything reads the environment through
// package os or syscall.
func RestoreVariables(limit int) {
	gomaxprocs, godebug := boot.Variables()
	if godebug {
		_ = syscall.Unsetenv("GODEBUG")
	}
	if gomaxprocs {
		_ = syscall.Unsetenv("GOMAXPROCS")
		runtime.GOMAXPROCS(min(runtime.NumCPU(), limit))
	}
}

// ReadInherited returns the inherited state, for a program that only reports it.
func ReadInherited() Inherited {
	if boot.Entered() {
		return entryInherited()
	}
	return readInherited()
}

// entryInherited returns what the entry point found.
func entryInherited() Inherited {
	return Inherited{
		Mask: signals.Set(boot.Mask()), Ignored: signals.Set(boot.Ignored()),
		NoFile: noFile(), Exact: true,
	}
}

// Mode returns the mode in use.
func (in *Intake) Mode() Mode { return in.mode }

// Inherited returns the inherited state.
func (in *Intake) Inherited() Inherited { return in.inherited }

// Lost returns how many signals could not be stored since the start. Anything but 0 is a
// defect to report.
func (in *Intake) Lost() uint64 { return boot.Lost() }

// Wait returns the next signal. It returns ok = false and no signal when a child may have
// changed state, [Intake.Wake] was called, or the timeout in nanoseconds has passed; all of
// these may be false alarms. A timeout of 0 does not wait, [Forever] has no limit.
//
// It never returns SIGCHLD, nor a signal that the process sent to itself. Signals on
// [Intake.Hold] stay in the kernel.
func (in *Intake) Wait(timeout int64) (info signals.Info, ok bool) {
	kept := boot.Take((*[128]byte)(&in.relay.Info))
	if !kept && in.next(timeout) <= 0 {
		info, ok = signals.Info{}, false
	} else {
		info, ok = in.arrived()
	}
	// Only now: a Wake after this must end the next Wait; whatever an earlier one announced,
	// the caller finds when this one returns.
	in.woken.Store(false)
	return info, ok
}

// next fills in relay.Info and returns the signal's number, or 0 or less if there is none.
func (in *Intake) next(timeout int64) int {
	if timeout == 0 {
		return in.relay.Wait(0)
	}
	return in.block(timeout)
}

// block is the wait as a system call in the runtime's eyes. Between the brackets, no Go code
// may run that could grow the stack.
//
//go:nosplit
func (in *Intake) block(timeout int64) int {
	entersyscall()
	signal := in.relay.Wait(timeout)
	exitsyscall()
	return signal
}

// arrived decides whether relay.Info is a signal for the caller.
func (in *Intake) arrived() (signals.Info, bool) {
	info := signals.Decode(&in.relay.Info)
	if info.Signal == signals.SIGCHLD || in.fromSelf(info) {
		return signals.Info{}, false
	}
	return info, true
}

// fromSelf reports whether the process sent the signal to itself: the runtime preempts a
// thread (SIGURG), a write to a pipe without readers (SIGPIPE), Wake, and MaskThreads.
func (in *Intake) fromSelf(info signals.Info) bool {
	switch info.Code {
	case signals.CodeUser, signals.CodeThread, signals.CodeQueue:
		return int(info.PID) == in.pid
	}
	return false
}

// Wake makes the current Wait return, or else the next one. It may be called from any
// goroutine; calls before the wait has returned count as one.
func (in *Intake) Wake() {
	if in.woken.CompareAndSwap(false, true) {
		_ = sys.KillThread(in.pid, in.tid, signals.SIGCHLD)
	}
}

// Hold leaves signals in the kernel's queue until [Intake.Release], so that senders see the
// queue fill up. It is only for signals that no thread of the Go runtime unblocks, of which
// the real-time signals from SIGRTMIN+1 on are the useful ones; others are not affected. It
// returns the signals on hold.
func (in *Intake) Hold(set signals.Set) signals.Set {
	in.relay.Set &^= set &^ signals.Set(boot.Forced)
	return catchable &^ in.relay.Set
}

// Release ends [Intake.Hold] for signals.
func (in *Intake) Release(set signals.Set) { in.relay.Set |= set & catchable }

// Relay makes Wait itself forward the signals of the set to a child, as
// [signals.Info.Forwardable] returns them, as long as the kernel takes them. A signal that it
// refuses is returned, and so are those from the kernel and from this process. Pid 0 ends it.
// The caller must be the one that reaps the child, and must end the relay before that.
func (in *Intake) Relay(pid int, set signals.Set) { in.relay.To(pid, set) }

// RelayGroup is [Intake.Relay] to the process group that a child leads, given its pidfd. A
// kernel before 6.9 refuses, so that every signal is returned.
func (in *Intake) RelayGroup(pidfd int, set signals.Set) { in.relay.ToGroup(pidfd, set) }

// RelayRewrite makes a relay forward a signal as another one. Wait and [Intake.Relayed] return
// the original signal.
func (in *Intake) RelayRewrite(from, to signals.Signal) { in.relay.Rewrite(from, to) }

// Relayed returns how many signals were forwarded, and the last of them.
func (in *Intake) Relayed() (count uint64, last signals.Info) { return in.relay.Forwarded() }

// MaskThreads makes every other thread of the process block all signals except real faults.
// It sends each thread the one signal that the catcher in package boot lets it have, and
// returns when they have all blocked them, or maskTime has passed. Without it each thread
// does so when a signal first reaches it, and a real-time signal caught that way may be
// overtaken by later ones.
func (in *Intake) MaskThreads() {
	in.MaskThreadsAsync()
	for deadline := sys.Now() + maskTime; boot.Caught() < uint64(len(in.masked)) && sys.Now() < deadline; {
		pause()
	}
}

// pause lets other threads run, which may have to wait for this processor.
func pause() { _ = syscall.Nanosleep(&syscall.Timespec{Nsec: maskPause}, nil) }

// In nanoseconds.
const (
	maskTime  = 100_000_000
	maskPause = 20_000
)

// MaskThreadsAsync is [Intake.MaskThreads] without waiting. A thread that has not caught the
// hint yet catches nothing else: the hint comes first. Each gets only one: a second would
// stay pending for ever and count against the user's RLIMIT_SIGPENDING.
func (in *Intake) MaskThreadsAsync() {
	hint := signals.Info{Signal: signals.SIGCHLD, Code: signals.CodeQueue, PID: int32(in.pid)}
	for tid := range sys.Threads() {
		if tid != in.tid && !slices.Contains(in.masked, tid) && sys.QueueThread(in.pid, tid, hint) == nil {
			in.masked = append(in.masked, tid)
		}
	}
}
