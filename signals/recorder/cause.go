package recorder

import (
	"strconv"

	"supervise/signals"
)

// Cause is how a signal came about.
type Cause uint8

// The causes. With the first four there is a sender that means it.
const (
	NoCause      Cause = iota // nothing is known
	FromProcess               // another process sent it
	CgroupKill                // another process wrote to cgroup.kill
	ParentDeath               // its parent ended: PR_SET_PDEATHSIG
	NamespaceEnd              // the init of its PID namespace ended
	FromItself                // it sent it itself
	Fault                     // what it did: a bad address, an illegal instruction
	OOMKill                   // the kernel's OOM killer
	HangUp                    // its terminal was hung up
	Typed                     // a key of its terminal: ^C, ^\, ^Z
	Background                // it used its terminal from the background
	Timer                     // a timer: alarm(2), setitimer(2), timer_create(2)
	CPULimit                  // RLIMIT_CPU
	FileLimit                 // RLIMIT_FSIZE
	BrokenPipe                // it wrote to what nobody reads
	Seccomp                   // a system call that its filter forbids
	IO                        // I/O, a message queue: F_SETSIG, mq_notify(3), aio(7)
	FromKernel                // the kernel, for another reason

	numCauses = iota
)

var causeNames = [numCauses]string{
	NoCause: "none", FromProcess: "process", CgroupKill: "cgroup.kill", ParentDeath: "parent-death", NamespaceEnd: "namespace-end",
	FromItself: "itself", Fault: "fault", OOMKill: "oom-killer", HangUp: "hang-up", Typed: "typed", Background: "background",
	Timer: "timer", CPULimit: "cpu-limit", FileLimit: "file-limit", BrokenPipe: "broken-pipe", Seccomp: "seccomp", IO: "io",
	FromKernel: "kernel",
}

// String is the cause in a word that does not change: "cgroup.kill".
func (c Cause) String() string {
	if int(c) < len(causeNames) {
		return causeNames[c]
	}
	return strconv.Itoa(int(c))
}

// MarshalText returns the word.
func (c Cause) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText parses the word.
func (c *Cause) UnmarshalText(word []byte) error {
	for i, name := range causeNames {
		if name == string(word) {
			*c = Cause(i)
			return nil
		}
	}
	return &WordError{string(word)}
}

// WordError says that a word is no cause of a signal.
type WordError struct{ Word string }

func (e *WordError) Error() string { return strconv.Quote(e.Word) + " is not a cause of a signal" }

// Meant reports whether a process that can be named meant the signal, or caused it by its end.
func (c Cause) Meant() bool {
	return c == FromProcess || c == CgroupKill || c == ParentDeath || c == NamespaceEnd
}

// seccompCode is SYS_SECCOMP, the code of SIGSYS.
const seccompCode = 1

// Cause tells how the signal came about. What was read in the kernel: kill(2) and its like send a
// siginfo; what the kernel sends has none, either in its own name or, as with SIGPIPE and cgroup.kill,
// in that of the current process; a fault has one with a code above 0.
func (s *Signal) Cause() Cause {
	switch {
	case s.OOM:
		return OOMKill
	case s.Code == signals.CodeKernel && s.bare:
		return s.kernelCause()
	case s.Signal == signals.SIGSYS && s.Code == seccompCode:
		return Seccomp
	case s.Code > 0 && signals.Faults.Has(s.Signal):
		return Fault
	case s.Code == signals.CodeTimer:
		return Timer
	case s.Code == signals.CodeMessage, s.Code == signals.CodeAsync, s.Code == signals.CodeIO, s.Code > 0 && s.Signal == signals.SIGIO:
		return IO
	case s.Code > 0:
		return FromKernel
	case s.bare:
		return s.namedCause()
	case s.Self:
		return FromItself
	default:
		return FromProcess
	}
}

// kernelCause is that of a signal that the kernel sent in its own name.
func (s *Signal) kernelCause() Cause {
	// What is not named has no cause of its own.
	//exhaustive:ignore
	switch s.Signal {
	case signals.SIGKILL:
		switch {
		case s.exiting && !s.Self:
			return NamespaceEnd
		case s.Self && !s.unsure:
			return CPULimit
		}
	case signals.SIGXCPU:
		return CPULimit
	case signals.SIGALRM, signals.SIGVTALRM, signals.SIGPROF:
		return Timer
	case signals.SIGHUP:
		return HangUp
	case signals.SIGINT, signals.SIGQUIT, signals.SIGTSTP:
		return Typed
	case signals.SIGTTIN, signals.SIGTTOU:
		return Background
	}
	return FromKernel
}

// namedCause is that of a signal that the kernel sent in the name of the current process.
func (s *Signal) namedCause() Cause {
	switch {
	case s.exiting && s.death == uint32(s.Signal):
		return ParentDeath
	case s.Signal == signals.SIGPIPE && s.Self:
		return BrokenPipe
	case s.Signal == signals.SIGXFSZ && s.Self:
		return FileLimit
	case s.Signal == signals.SIGKILL:
		return CgroupKill
	}
	return FromKernel
}

// Detail says more about a cause: "SEGV_MAPERR at 0x10" of a fault, "system call 57" of seccomp,
// "abort(3)", "timer_create(2)"; "" if there is nothing.
func (s *Signal) Detail() string {
	// The others have none.
	//exhaustive:ignore
	switch s.Cause() {
	case Fault:
		return s.fault()
	case Seccomp:
		return "system call " + strconv.FormatUint(s.detail&(1<<32-1), 10)
	case Timer:
		if s.Code == signals.CodeTimer {
			return "timer_create(2)"
		}
		return "alarm(2) or setitimer(2)"
	case FromItself:
		if s.Signal == signals.SIGABRT && s.Code == signals.CodeThread {
			return "abort(3)"
		}
	}
	return ""
}

// faultCodes are the names of si_code of faults: sigaction(2).
var faultCodes = map[signals.Signal][]string{
	signals.SIGSEGV: {"SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR"},
	signals.SIGBUS:  {"BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR", "BUS_MCEERR_AO"},
	signals.SIGILL:  {"ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP", "ILL_PRVOPC", "ILL_PRVREG", "ILL_COPROC", "ILL_BADSTK"},
	signals.SIGFPE:  {"FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF", "FPE_FLTUND", "FPE_FLTRES", "FPE_FLTINV", "FPE_FLTSUB"},
	signals.SIGTRAP: {"TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT", "TRAP_UNK"},
}

func (s *Signal) fault() string {
	names := faultCodes[s.Signal]
	if i := int(s.Code) - 1; i < len(names) {
		return names[i] + " at 0x" + strconv.FormatUint(s.address, 16)
	}
	return "" // SI_KERNEL: a general protection fault has no address
}

// Fate is what the kernel made of the signal when it was sent, and what is to follow from that.
type Fate uint8

// The fates.
const (
	Ends         Fate = iota // the process ends
	Stops                    // it stops
	Continues                // it goes on, if it was stopped
	Handled                  // it has a handler
	Waits                    // it is blocked, and pending
	Merged                   // one was pending already
	Refused                  // the queue was full, and the sender has EAGAIN
	IgnoredByIt              // it ignores it
	IgnoredByDef             // nothing happens by default
	Dropped                  // the init of a PID namespace gets only what it handles
	TooLate                  // the process was ending already

	numFates = iota
)

var fateTexts = [numFates]string{
	Ends: "ends it", Stops: "stops it", Continues: "has it go on", Handled: "handled", Waits: "blocked: pending until that changes",
	Merged: "merged with one that was pending", Refused: "not sent: the queue is full, and the sender got EAGAIN",
	IgnoredByIt: "ignored by it", IgnoredByDef: "ignored by default", Dropped: "dropped: the init of a PID namespace gets only what it handles",
	TooLate: "too late: it was ending",
}

// String says it in words.
func (f Fate) String() string {
	if int(f) < len(fateTexts) {
		return fateTexts[f]
	}
	return "Fate(" + strconv.Itoa(int(f)) + ")"
}

// Fate says what became of the signal, as far as it was decided when it was sent.
func (s *Signal) Fate() Fate {
	switch s.Result {
	case Coalesced:
		return Merged
	case Overflow:
		return Refused
	case Ignored:
		switch {
		case s.flags&groupDying != 0:
			return TooLate
		case s.Handler == 1:
			return IgnoredByIt
		case s.flags&groupInit != 0 && s.Signal.Default() != signals.Ignore:
			return Dropped
		case s.Signal == signals.SIGCONT:
			return Continues
		}
		return IgnoredByDef
	case Queued, InfoLost:
	}
	switch {
	case s.Signal.Catchable() && s.Blocked.Has(s.Signal):
		return Waits
	case s.Handler > 1:
		return Handled
	}
	switch s.Signal.Default() {
	case signals.Stop:
		return Stops
	case signals.Continue:
		return Continues
	case signals.Ignore:
		return IgnoredByDef
	case signals.Terminate, signals.Core:
	}
	return Ends
}
