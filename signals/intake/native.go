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
)

// Intake is the process's stream of signals. There is one, made by [Start].
type Intake struct {
	relay relay
	pid   int
	tid   int
	woken atomic.Bool // a Wake has been sent that no Wait has returned from
	found Inherited
	mode  Mode

	hushed []int // the threads that were sent the hint
}

// only is the one that there is. Like hushedFirst it is no allocation: at the start of the
// program each of a new size costs two page faults.
var (
	only        Intake
	hushedFirst [8]int
)

// relay is what the assembly works on: relayWait in relay_*.s knows the offsets.
type relay struct {
	set     signals.Set     // 0: what is waited for
	timeout [2]int64        // 8: seconds and nanoseconds, if limited
	limited int64           // 24
	target  int64           // 32: who signals are handed on to: the first argument of call
	hand    signals.Set     // 40: what is handed on to it without asking
	self    int64           // 48: our own pid
	handed  uint64          // 56: how many were
	info    signals.RawInfo // 64
	last    [32]byte        // 192: the start of the last info that was handed on
	call    uint64          // 224: the number of the system call that hands on; 0 for none
	flags   uint64          // 232: its fourth argument, if it has one

	as [signals.Max + 1]signals.Signal // 240: as what each signal is handed on
}

// relayWait waits for a signal of r.set, hands it on if it is to be, and else returns its
// number, with r.info filled in, or a negated errno.
func relayWait(r *relay) int64

// The runtime's own brackets around a system call that may block: the thread gives up
// its right to run Go code, so that nothing waits for it and nothing ticks because of it.
// They are kept stable for other users of the same kind: runtime/proc.go.

//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// Start turns the calling goroutine's thread, for good, into the one that receives the
// process's signals. It is called once, first thing in main: in mode Reexec it does not
// return the first time, but executes the program anew with the arguments given.
func Start(argv []string) (*Intake, error) {
	runtime.LockOSThread()
	return StartInInit(argv)
}

// StartInInit is [Start] for a program that does all its work in an init function. The
// runtime keeps those on the thread that it started with: runtime.LockOSThread would only
// make one more thread, from which others could be made.
func StartInInit(argv []string) (*Intake, error) {
	in := &only
	*in = Intake{pid: syscall.Getpid(), tid: syscall.Gettid(), hushed: hushedFirst[:0]}
	if err := in.inherit(argv); err != nil {
		return nil, err
	}
	in.relay = relay{set: taken, self: int64(in.pid)}
	for s := range in.relay.as {
		in.relay.as[s] = signals.Signal(s)
	}
	sys.SetMask(signals.Set(boot.Quiet))
	boot.SetIntake(in.tid)
	if in.mode == Reexec {
		boot.Install()
	}
	return in, nil
}

// inherit finds out what the process was handed.
func (in *Intake) inherit(argv []string) error {
	if boot.Entered() {
		in.mode, in.found = Entry, exactly()
		return nil
	}
	inherited, again, err := resumed()
	switch {
	case err != nil:
		return err
	case again:
		in.mode, in.found = Reexec, inherited
		return nil
	default:
		return reexec(argv)
	}
}

func noFile() Limit {
	soft, hard := boot.NoFile()
	return Limit{soft, hard}
}

// Leave gives the signals back to the Go runtime, for a program that turns out not to
// supervise anything. What came in meanwhile is sent again.
func Leave() {
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

// Built returns the mode that Start will bring into force in this build.
func Built() Mode {
	if boot.Entered() {
		return Entry
	}
	return Reexec
}

// Arguments returns the program's arguments, argv[0] first, also before package os is
// initialised; nil where they cannot be known.
func Arguments() []string {
	if boot.Entered() {
		return boot.Arguments()
	}
	return readArguments()
}

// LookupEnv returns the value of an environment variable as the process was given it, and
// whether there is one, also before package os is initialised.
func LookupEnv(name string) (value string, ok bool) {
	if boot.Entered() {
		return boot.LookupEnv(name)
	}
	return syscall.Getenv(name)
}

// Getenv is [LookupEnv] without telling "" from none.
func Getenv(name string) string {
	value, _ := LookupEnv(name)
	return value
}

// Environ returns the environment as the process was given it, also before package os is
// initialised.
func Environ() []string {
	if boot.Entered() {
		return boot.Environ()
	}
	return syscall.Environ()
}

// Unrestrain has the program use as many processors as there are, up to most, where nobody
// has said otherwise: a program that does its work in init functions has one. It comes before
// anybody reads the environment by package os or syscall, in which GOMAXPROCS is set until
// then.
func Unrestrain(most int) {
	if boot.Restrained() {
		_ = syscall.Unsetenv("GOMAXPROCS")
		runtime.GOMAXPROCS(min(runtime.NumCPU(), most))
	}
}

// HandedDown returns what the process was handed, for a program that only wants to know.
func HandedDown() Inherited {
	if boot.Entered() {
		return exactly()
	}
	return handedDown()
}

// exactly is what the entry point found.
func exactly() Inherited {
	return Inherited{
		Mask: signals.Set(boot.Mask()), Ignored: signals.Set(boot.Ignored()),
		NoFile: noFile(), Exact: true,
	}
}

// Mode returns the mode in force.
func (in *Intake) Mode() Mode { return in.mode }

// Inherited returns what the process was handed by the one that started it.
func (in *Intake) Inherited() Inherited { return in.found }

// Lost returns how many signals could not be kept since the start. Anything but zero
// is a defect to be told.
func (in *Intake) Lost() uint64 { return boot.Lost() }

// Wait returns the next signal. It returns ok = false, and no signal, when a child may
// have changed state, somebody called [Intake.Wake], or the timeout in nanoseconds has
// passed; any of these may also be a false alarm. A timeout of 0 does not wait,
// [Forever] waits without end.
//
// SIGCHLD is never returned as a signal, nor is anything that the process sent itself.
// Signals that are held ([Intake.Hold]) stay in the kernel.
func (in *Intake) Wait(timeout int64) (info signals.Info, ok bool) {
	kept := boot.Take((*[128]byte)(&in.relay.info))
	if !kept && in.next(timeout) <= 0 {
		info, ok = signals.Info{}, false
	} else {
		info, ok = in.arrived()
	}
	// Only now: a Wake from here on must be seen by the next Wait, and what was left for
	// the caller by an earlier one will be found when this one returns.
	in.woken.Store(false)
	return info, ok
}

// next fills in relay.info and returns the signal's number, 0 or less for none.
func (in *Intake) next(timeout int64) int64 {
	const second = 1_000_000_000
	in.relay.timeout, in.relay.limited = [2]int64{}, 0
	if timeout >= 0 {
		in.relay.timeout, in.relay.limited = [2]int64{timeout / second, timeout % second}, 1
	}
	if timeout == 0 {
		return relayWait(&in.relay)
	}
	return in.block()
}

// block is relayWait in the runtime's eyes: a system call. Between the brackets no Go
// code may run that could grow the stack.
//
//go:nosplit
func (in *Intake) block() int64 {
	entersyscall()
	signal := relayWait(&in.relay)
	exitsyscall()
	return signal
}

// arrived decides whether what lies in relay.info is a signal for the caller.
func (in *Intake) arrived() (signals.Info, bool) {
	info := signals.Decode(&in.relay.info)
	if info.Signal == signals.SIGCHLD || in.own(info) {
		return signals.Info{}, false
	}
	return info, true
}

// own reports whether the process sent the signal to itself: the runtime to preempt a
// thread (SIGURG), a write into a pipe that nobody reads (SIGPIPE), Wake and Quiet.
func (in *Intake) own(info signals.Info) bool {
	switch info.Code {
	case signals.CodeUser, signals.CodeThread, signals.CodeQueue:
		return int(info.PID) == in.pid
	}
	return false
}

// Wake makes the Wait that is under way, or else the next one, return. It may be called
// from any goroutine; calls that come before the wait has returned count as one.
func (in *Intake) Wake() {
	if in.woken.CompareAndSwap(false, true) {
		_ = sys.KillThread(in.pid, in.tid, signals.SIGCHLD)
	}
}

// Hold leaves the given signals in the kernel's queue until [Intake.Release], so that
// those who send them see the queue fill up. Only for signals that no thread of the Go
// runtime unblocks, of which the real-time ones from SIGRTMIN+1 on are the useful part;
// others stay as they are. It returns what is held now.
func (in *Intake) Hold(set signals.Set) signals.Set {
	in.relay.set &^= set &^ signals.Set(boot.Forced)
	return taken &^ in.relay.set
}

// Release ends [Intake.Hold] for the given signals.
func (in *Intake) Release(set signals.Set) { in.relay.set |= set & taken }

// Relay makes Wait hand on the signals of the set to a child itself, as
// [signals.Info.Forwardable] has it, for as long as the kernel takes them: a signal that
// it refuses is returned, as are those from the kernel and from this process. Pid 0 ends
// it. The caller is the one that reaps the child, and ends the relay before it does.
func (in *Intake) Relay(pid int, set signals.Set) {
	in.relay.call, in.relay.flags = syscall.SYS_RT_SIGQUEUEINFO, 0
	if pid == 0 {
		in.relay.call = 0
	}
	in.relay.target, in.relay.hand = int64(pid), set
}

// RelayGroup is [Intake.Relay] to the process group that a child leads, which its pidfd
// stands for. A kernel before 6.9 refuses, so that every signal is returned.
func (in *Intake) RelayGroup(pidfd int, set signals.Set) {
	in.relay.call, in.relay.flags = sys.NrPIDFDSendSignal, sys.PIDFDProcessGroup
	in.relay.target, in.relay.hand = int64(pidfd), set
}

// RelayAs has a relay hand each signal on as another, as[signal], from then on. What Wait
// and [Intake.Relayed] return is the signal that came.
func (in *Intake) RelayAs(as [signals.Max + 1]signals.Signal) { in.relay.as = as }

// Relayed returns how many signals were handed on, and the last of them.
func (in *Intake) Relayed() (count uint64, last signals.Info) {
	var raw signals.RawInfo
	copy(raw[:], in.relay.last[:])
	return in.relay.handed, signals.Decode(&raw)
}

// Quiet makes every other thread that the process has now block all signals but real
// faults, by sending each the one that the catcher in package boot lets it have, and
// returns when they do, or quietTime has passed. Without it they do so one by one as
// signals happen to meet them, and a real-time signal that is caught that way may be
// overtaken by those behind it.
func (in *Intake) Quiet() {
	in.Hush()
	for deadline := sys.Now() + quietTime; boot.Caught() < uint64(len(in.hushed)) && sys.Now() < deadline; {
		// They may have to wait for this processor.
		_ = syscall.Nanosleep(&syscall.Timespec{Nsec: quietPause}, nil)
	}
}

// In nanoseconds.
const (
	quietTime  = 100_000_000
	quietPause = 20_000
)

// Hush is [Intake.Quiet] without waiting for it. What a thread has not caught then it does
// not catch: the hint comes first. Each is sent one alone: a second would stay pending for
// ever, and be counted against what its user may have pending (RLIMIT_SIGPENDING).
func (in *Intake) Hush() {
	hint := signals.Info{Signal: signals.SIGCHLD, Code: signals.CodeQueue, PID: int32(in.pid)}
	for tid := range sys.Threads() {
		if tid != in.tid && !slices.Contains(in.hushed, tid) && sys.QueueThread(in.pid, tid, hint) == nil {
			in.hushed = append(in.hushed, tid)
		}
	}
}
