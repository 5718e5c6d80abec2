package trace

import "supervise/signals"

// Kind is what happened in the kernel.
type Kind uint8

// The kinds. Task is who ran at that moment, Target who it was done to.
const (
	Sent      Kind = iota + 1 // Task sent Signal to Target, with Result
	Delivered                 // Task was given Signal: Handler says what for
	Dequeued                  // Task took Signal from its queue: sigtimedwait(2), signalfd(2)
	Refused                   // Task called Call, which failed with Errno; Target as far as it was named
	Probed                    // Task called Call with signal 0, which found Target
	Forked                    // Task made the process Target
	Executed                  // Task executed a program
	Exited                    // the process of Task ended, with Status
)

// Result is what __send_signal_locked made of a signal: TRACE_SIGNAL_* in the kernel's
// trace/events/signal.h.
type Result uint8

// The results.
const (
	Queued         Result = iota
	IgnoredAtOnce         // not queued: ignored, or kept from an init, or the target is dying
	AlreadyPending        // a standard signal that waits already
	QueueFull             // a real-time signal over RLIMIT_SIGPENDING: the sender has EAGAIN
	InfoLost              // queued, but without its siginfo
)

// Name is the name of a thread: comm in /proc/PID/task/TID, padded with zeros.
type Name [16]byte

// String returns the name without its padding.
func (n *Name) String() string {
	for i, c := range n {
		if c == 0 {
			return string(n[:i])
		}
	}
	return string(n[:])
}

// Thread is a thread as it was at one moment. Numbers that a backend does not know are -1,
// also a CgroupID, which is the inode of the cgroup's directory.
type Thread struct {
	PID      int32 // of its process, in the outermost PID namespace that the backend sees
	TID      int32
	NSPID    int32 // of its process, in its own PID namespace
	UID      int64 // real user id, in the initial user namespace
	CgroupID int64
	Comm     Name
}

// Flags of a process that say what becomes of a signal: signal_struct.flags in the kernel's
// sched/signal.h.
const (
	FlagDying     = 0x4  // SIGNAL_GROUP_EXIT
	FlagContinued = 0x20 // SIGNAL_CLD_CONTINUED: SIGCONT has just ended a stop
	FlagInit      = 0x40 // SIGNAL_UNKILLABLE: the init of a PID namespace
)

// SomeHandler is a handler whose address is not known.
const SomeHandler = ^uint64(0)

// Record is one event.
type Record struct {
	Kind   Kind
	Result Result // of Sent

	// Group tells a signal for the whole process from one for the thread Target.TID.
	Group bool

	// Detailed says that Blocked, Flags and Handler of a record Sent are known.
	Detailed bool

	// Bare says that a record Delivered came without a siginfo: of a SIGKILL that ends a process which
	// another signal, exit_group(2) or execve(2) is ending.
	Bare bool

	// Context says that an Executed or Exited is of interest by itself.
	Context bool

	// Aside says that the process of Task is seen only because a process of the filter sent it
	// signals: what others sent it is not told.
	Aside bool

	Signal signals.Signal
	Time   uint64 // nanoseconds since boot (CLOCK_BOOTTIME)
	Task   Thread
	Target Thread

	Code  signals.Code
	Errno int32 // of Refused: the error, positive

	// Value is what sigqueue or a timer sent with it, of Sent and Delivered; of SIGCHLD the
	// status; ValueKnown says that the backend sees values.
	Value      uint64
	ValueKnown bool

	// SenderPID and SenderUID are those of the siginfo, as the receiver sees them.
	SenderPID int32
	SenderUID int64

	Blocked signals.Set // of Target.TID, when the signal was sent
	Flags   uint32      // of Target's process: FlagDying and so on
	Handler uint64      // sa_handler: 0 is SIG_DFL, 1 SIG_IGN; of Sent only with IgnoredAtOnce
	Actions uint64      // sa_flags of Delivered

	Status int32  // of Exited: the wait status, -1 if it is not known
	Call   string // of Refused and Probed: "kill", "tgkill" and so on
	File   string // of Executed: the program, if it is known
}
