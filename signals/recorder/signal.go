package recorder

import (
	"bytes"

	"supervise/internal/bpf"
	"supervise/signals"
)

// Result is what the kernel made of a signal when it was sent: TRACE_SIGNAL_* in the kernel's
// trace/events/signal.h.
type Result uint8

// The results.
const (
	Queued    Result = iota
	Ignored          // not queued: ignored, kept from an init, or the process is ending
	Coalesced        // one was pending already
	Overflow         // the queue is full: the sender has EAGAIN, and nothing is sent
	InfoLost         // queued, but its sender and value are lost to the receiver
)

// Process is who sent a signal, as it was then.
type Process struct {
	PID    int32 // in the reader's PID namespace; 0: outside of it
	Global int32 // in the first PID namespace
	UID    uint32
	Name   string // comm
	Cgroup uint64 // the inode of its cgroup's directory

	Parent     int32 // of its parent, in the first PID namespace
	ParentName string

	Service string // whose process it is, filled in by who knows; "" if it is none's
}

// Signal is one signal to a supervised process.
type Signal struct {
	Signal signals.Signal
	Code   signals.Code // 0 is kill(2), CodeKernel the kernel itself
	Result Result
	Group  bool   // for the process, not for one of its threads
	Time   uint64 // nanoseconds since boot: CLOCK_BOOTTIME

	Target  int32  // pid of the process, in the reader's PID namespace
	Name    string // of the process, comm
	Root    int32  // of its ancestors, or itself, the child of the supervisor; 0 by cgroup
	Cgroup  uint64 // the service's cgroup; 0 without
	Service string // whose cgroup that is, filled in by who knows
	Self    bool   // the process sent it itself, or the kernel while the process ran

	// Sender is who ran when the signal was sent: for what the kernel sends itself not always
	// a cause.
	Sender Process

	// OOM says of a SIGKILL that the OOM killer sent it. One with nothing else is about the last
	// one that was sent to its target: see [Memory.Take].
	OOM bool

	address uint64 // of a fault, else what si_pid and si_uid say
	detail  uint64 // what follows

	Handler uint64      // 0 is the default action, 1 to ignore it
	Blocked signals.Set // of the thread, then
	flags   uint32      // of the target's signal_struct

	exiting bool   // the sender is ending
	kthread bool   // the sender is a thread of the kernel
	death   uint32 // the signal that the target wants at the end of its parent
	bare    bool   // there was no siginfo: the kernel sent it, with CodeUser in the name of the sender
	unsure  bool   // the OOM killer is not recorded
}

// Offsets in a record.
const (
	atKind     = 0   // 4: kindSent or kindVictim
	atSignal   = 4   // 4
	atTime     = 8   // 8
	atTarget   = 16  // 4
	atTGID     = 20  // 4: the target in the first PID namespace
	atRoot     = 24  // 4
	atResult   = 28  // 4
	atCgroup   = 32  // 8
	atCode     = 40  // 4
	atBare     = 44  // 4
	atFields   = 48  // 8: the first of the siginfo
	atDetail   = 56  // 8: the next
	atSender   = 64  // 4
	atGlobal   = 68  // 4
	atUID      = 72  // 4
	atFlags    = 76  // 4: of the sender's task
	atName     = 80  // 16
	atSenders  = 96  // 8: its cgroup
	atHandler  = 104 // 8
	atBlocked  = 112 // 8
	atGroup    = 120 // 4
	atSignals  = 124 // 4: of the target's signal_struct
	atDeath    = 128 // 4
	atParent   = 132 // 4
	atParents  = 136 // 16: its name
	atTargets  = 152 // 16: the target's name
	atWork     = 168 // 16: of the program
	recordSize = 184
)

const (
	kindSent   = 1
	kindVictim = 2 // the OOM killer has chosen Target
)

// Flags of a task, and of a signal_struct: the kernel's sched.h and sched/signal.h.
const (
	taskExiting = 0x4
	taskKernel  = 0x200000
	groupInit   = 0x40
	groupDying  = 0x4
)

// decode makes a signal of a record, whose kind it returns.
func decode(b []byte, s *Signal) (kind uint32) {
	if len(b) < recordSize {
		return 0
	}
	word := func(at int) uint32 { return bpf.Number[uint32](b, at) }
	double := func(at int) uint64 { return bpf.Number[uint64](b, at) }
	flags := word(atFlags)
	*s = Signal{
		Signal: signals.Signal(word(atSignal)), Code: signals.Code(int32(word(atCode))), Result: Result(word(atResult)),
		Group: word(atGroup) != 0, Time: double(atTime),
		Target: int32(word(atTarget)), Name: name(b[atTargets:]), Root: int32(word(atRoot)), Cgroup: double(atCgroup),
		Self: word(atGlobal) == word(atTGID), address: double(atFields), detail: double(atDetail), Handler: double(atHandler),
		Blocked: signals.Set(double(atBlocked)), flags: word(atSignals),
		Sender: Process{
			PID: int32(word(atSender)), Global: int32(word(atGlobal)), UID: word(atUID), Name: name(b[atName:]),
			Cgroup: double(atSenders), Parent: int32(word(atParent)), ParentName: name(b[atParents:]),
		},
		exiting: flags&taskExiting != 0, kthread: flags&taskKernel != 0,
		death: word(atDeath), bare: word(atBare) != 0,
	}
	return word(atKind)
}

// name is a comm without its padding.
func name(b []byte) string {
	text, _, _ := bytes.Cut(b[:16], []byte{0})
	return string(text)
}
