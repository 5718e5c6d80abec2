//go:build linux && (amd64 || arm64)

package boot

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Forced are the signals that every thread of the Go runtime unblocks when it starts: those
// with _SigUnblock in the runtime's sigtable_linux_generic.go, and URG, which preempts
// threads. All others stay blocked in all threads if they were blocked when the runtime
// started.
//
// HUP INT QUIT ILL TRAP ABRT BUS FPE SEGV TERM STKFLT CHLD URG PROF SYS 32 33 34.
const Forced = uint64(1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<10 |
	1<<14 | 1<<15 | 1<<16 | 1<<22 | 1<<26 | 1<<30 | 1<<31 | 1<<32 | 1<<33)

// faults stay unblocked in every thread, because a thread that faults with its signal blocked
// is killed without a message: ILL TRAP BUS FPE SEGV SYS.
const faults = uint64(1<<3 | 1<<4 | 1<<6 | 1<<7 | 1<<10 | 1<<30)

// ThreadMask is what the catcher blocks in every thread but the intake's.
const ThreadMask = ^faults

// What the entry point found. The names are used from assembly.
var (
	entered uint32
	stack   *uintptr  // where the kernel put argc, argv and the rest: the System V ABI, "Process Initialization"
	mask    uint64    // the inherited signal mask
	ignored uint64    // the inherited ignored signals
	noFile  [2]uint64 // RLIMIT_NOFILE, soft and hard

	variablesSet uint32 // what the entry point put into the environment
)

// profileRate is set to 0 by the entry point. What the runtime allocates while it starts is
// then no more profiled than anything later; nothing here uses the profile.
//
//lint:ignore U1000 used from assembly
var profileRate = &runtime.MemProfileRate

// What the catcher and withhold work with.
var (
	holding uint32 // the runtime's handlers are not passed to the kernel
	//lint:ignore U1000 used from assembly
	selfPID   int32
	intakeTID int32
	//lint:ignore U1000 used from assembly
	threadMask = ThreadMask
	goHandler  [65]uintptr // the runtime's handlers, by signal
	caught     uint64      // by threads other than the first
)

// What the observer has seen: signal<<32 | si_code. A program that does not look for so long that
// older ones are lost has got them as one anyhow.
const observedSize = 256

var (
	observed     [observedSize]uint64
	observedHead uint64 // advanced by the observer
	observedTail uint64 // advanced by Observed
)

// slot stores one siginfo_t. Its state goes from free to claimed to ready in the catcher, and
// back to free in Take.
type slot struct {
	state uint32
	_     uint32
	raw   [128]byte
}

const (
	slotFree uint32 = iota
	slotClaimed
	slotReady
)

// Signals below 32 coalesce, as they do in the kernel: one slot each. The real-time ones of
// Forced (32, 33, 34) use a ring. A thread catches at most one of them, and the runtime
// allows 10,000 threads (debug.SetMaxThreads), so the ring is large enough for all. Pages
// that are never written cost nothing.
const ringSize = 1 << 14

var (
	standard [32]slot
	ring     [ringSize]slot
	//lint:ignore U1000 used from assembly
	ringHead uint64 // advanced by the catcher
	ringTail uint64 // advanced by Take
	lost     uint64
)

// In assembly.
func rawSyscall(nr, a1, a2, a3, a4 uintptr) uintptr
func catcherPC() uintptr
func observerPC() uintptr
func restorerPC() uintptr

// Entered reports whether the process started at our ELF entry point.
func Entered() bool { return entered != 0 }

// Restorer is where a signal handler returns to, 0 where the kernel knows.
func Restorer() uintptr { return restorerPC() }

// Arguments returns the program's arguments, if [Entered]. Package os has them only once it
// is initialised.
func Arguments() []string {
	argc := int(*stack)
	argv := unsafe.Slice((**byte)(unsafe.Add(unsafe.Pointer(stack), unsafe.Sizeof(*stack))), argc)
	arguments := make([]string, argc)
	for i, first := range argv {
		arguments[i] = text(first)
	}
	return arguments
}

// Environ returns the inherited environment, if [Entered]. Package syscall would first copy
// all of it into a map.
func Environ() []string {
	first := environ()
	n := 0
	for *(**byte)(unsafe.Add(first, n*pointerSize)) != nil {
		n++
	}
	all := make([]string, n)
	for i, entry := range unsafe.Slice((**byte)(first), n) {
		all[i] = text(entry)
	}
	return all
}

// LookupEnv returns the value of an inherited environment variable, and whether it is set, if
// [Entered].
func LookupEnv(name string) (value string, ok bool) { return LookupIn(environ(), name) }

// LookupIn is the same in an environment, given its first pointer.
func LookupIn(at unsafe.Pointer, name string) (value string, ok bool) {
	for ; *(**byte)(at) != nil; at = unsafe.Add(at, pointerSize) {
		entry := text(*(**byte)(at))
		if len(entry) > len(name) && entry[len(name)] == '=' && entry[:len(name)] == name {
			return entry[len(name)+1:], true
		}
	}
	return "", false
}

const pointerSize = int(unsafe.Sizeof(uintptr(0)))

// environ returns the address of the environment: it follows the arguments and a null
// pointer, and ends with another (the System V ABI).
func environ() unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(stack), (2+int(*stack))*pointerSize)
}

// text returns the string at an address, up to a zero byte. It stays there for the lifetime
// of the process.
func text(first *byte) string {
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(first), n)) != 0 {
		n++
	}
	return unsafe.String(first, n)
}

// The variables that the entry point sets, as bits of variablesSet.
const (
	processorsSet = 1 << iota
	debugSet
	bothSet = processorsSet | debugSet
)

// Variables reports whether the entry point put GOMAXPROCS=1 and GODEBUG=asyncpreemptoff=1
// into the environment, which it does if the variable is not set and the environment is of a
// usual size. [Environ] has neither; package os does. On amd64 the latter has cpu.sse42=off too:
// package zstd, which every command initialises, makes a table for CRC-32C, which nobody uses. For
// the processor's own instruction that takes a twentieth of the whole start.
//
// Without the first the runtime would prepare to run on all processors: threads, and memory
// for each processor, that a program which waits for a child does not need. Without the
// second it would preempt its threads by SIGURG. When the user's queue of pending signals is
// full (RLIMIT_SIGPENDING), the kernel has no room for that signal's siginfo, and it comes as
// one from nobody, which cannot be told from one that was sent from outside the PID namespace.
func Variables() (gomaxprocs, godebug bool) {
	return variablesSet&processorsSet != 0, variablesSet&debugSet != 0
}

// Mask returns the inherited signal mask, if [Entered].
func Mask() uint64 { return mask }

// Ignored returns the inherited ignored signals, if [Entered].
func Ignored() uint64 { return ignored }

// Found notes what the entry point of package nucleus has found, which has blocked all signals:
// where the arguments are, the inherited mask, and signals that were ignored and are no more.
func Found(arguments *uintptr, blocked, unignored uint64) {
	stack, mask, ignored = arguments, blocked, unignored
}

// NoFile returns RLIMIT_NOFILE (soft, hard) before package os raised it.
func NoFile() (soft, hard uint64) { return noFile[0], noFile[1] }

// Lost returns how many real-time signals found the ring full, which should never happen.
func Lost() uint64 { return atomic.LoadUint64(&lost) }

// Caught returns how many signals were caught and stored by other threads than the process's
// first. Each thread catches one, apart from faults.
func Caught() uint64 { return atomic.LoadUint64(&caught) }

// SetIntake names the thread that the catcher wakes when it has stored a signal, and that
// keeps its mask. 0 is none.
func SetIntake(tid int) { atomic.StoreInt32(&intakeTID, int32(tid)) }

// Take moves one stored siginfo_t into raw and reports whether there was one. Only the intake
// thread may call it.
func Take(raw *[128]byte) bool {
	if ring[ringTail%ringSize].move(raw) {
		ringTail++
		return true
	}
	for i := range standard {
		if standard[i].move(raw) {
			return true
		}
	}
	return false
}

// Stored reports whether Take would move one.
func Stored() bool {
	if atomic.LoadUint32(&ring[ringTail%ringSize].state) == slotReady {
		return true
	}
	for i := range standard {
		if atomic.LoadUint32(&standard[i].state) == slotReady {
			return true
		}
	}
	return false
}

func (s *slot) move(raw *[128]byte) bool {
	if atomic.LoadUint32(&s.state) != slotReady {
		return false
	}
	*raw = s.raw
	atomic.StoreUint32(&s.state, slotFree)
	return true
}

// sigaction is the kernel's struct sigaction: rt_sigaction(2).
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// Install installs the catcher in place of the runtime's handlers for the signals of Forced,
// which the entry point has already done if [Entered]. [Uninstall] restores them.
func Install() {
	selfPID = int32(rawSyscall(sysGetpid, 0, 0, 0, 0))
	for sig := uintptr(1); sig <= 64; sig++ {
		if Forced>>(sig-1)&1 == 0 {
			continue
		}
		action := catcherAction()
		var old sigaction
		rawSyscall(sysRtSigaction, sig, uintptr(unsafe.Pointer(&action)), uintptr(unsafe.Pointer(&old)), 8)
		goHandler[sig] = old.handler
	}
}

// Uninstall gives the signals of Forced back to the Go runtime.
func Uninstall() {
	atomic.StoreUint32(&holding, 0)
	for sig := uintptr(1); sig <= 64; sig++ {
		if Forced>>(sig-1)&1 == 0 {
			continue
		}
		// The runtime's flags: runtime.setsig in os_linux.go.
		action := catcherAction()
		action.handler = goHandler[sig]
		rawSyscall(sysRtSigaction, sig, uintptr(unsafe.Pointer(&action)), 0, 8)
	}
}

// Observe lets [Observed] know how the signals of a set come, as far as the runtime has handlers for
// them, which run as before.
func Observe(set uint64) {
	for sig := uintptr(1); sig <= 64; sig++ {
		if set>>(sig-1)&1 == 0 {
			continue
		}
		var action sigaction
		rawSyscall(sysRtSigaction, sig, 0, uintptr(unsafe.Pointer(&action)), 8)
		if action.handler <= 1 || action.handler == observerPC() { // SIG_DFL, SIG_IGN
			continue
		}
		goHandler[sig], action.handler = action.handler, observerPC()
		rawSyscall(sysRtSigaction, sig, uintptr(unsafe.Pointer(&action)), 0, 8)
	}
}

// Observed returns the next signal that came since [Observe], and its si_code (sigaction(2)); 0 if
// there is none. The runtime's handler runs, and package os/signal tells of the signal, when it is
// there. Only one goroutine may call it.
func Observed() (sig int, code int32) {
	head := atomic.LoadUint64(&observedHead)
	if head-observedTail > observedSize {
		observedTail = head - observedSize
	}
	if observedTail == head {
		return 0, 0
	}
	one := atomic.SwapUint64(&observed[observedTail%observedSize], 0)
	if one != 0 {
		observedTail++
	}
	return int(one >> 32), int32(one)
}

// catcherAction is like the runtime's own (runtime.setsig), but for the handler.
func catcherAction() sigaction {
	const saSiginfo, saOnstack, saRestart, saRestorer = 0x4, 0x08000000, 0x10000000, 0x04000000
	action := sigaction{handler: catcherPC(), flags: saSiginfo | saOnstack | saRestart, mask: ^uint64(0)}
	if r := restorerPC(); r != 0 {
		action.flags |= saRestorer
		action.restorer = r
	}
	return action
}

// startupFiles is the soft RLIMIT_NOFILE while the runtime starts. Otherwise the runtime
// would read the size of huge pages and the CPU limits of the cgroup
// (runtime.defaultGOMAXPROCSInit): some six files, and a tenth of the program's start-up
// time, for nothing that a waiting program needs. It treats a file that it cannot open as
// missing. If one of the three standard descriptors is closed, it can still open its
// replacement.
const startupFiles = 3

const rlimitNoFile = 7

// init restores the limit, before any code that could need more.
func init() {
	if entered == 0 {
		var keep [2]uint64
		rawSyscall(sysPrlimit64, 0, rlimitNoFile, 0, uintptr(unsafe.Pointer(&keep)))
		noFile = keep
	} else if noFile[0] > startupFiles {
		rawSyscall(sysPrlimit64, 0, rlimitNoFile, uintptr(unsafe.Pointer(&noFile)), 0)
	}
}
