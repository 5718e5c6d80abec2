package signals

import (
	"strconv"
	"unsafe"
)

// Code is si_code of siginfo_t: what caused a signal. sigaction(2).
type Code int32

// The codes that mean the same with every signal (asm-generic/siginfo.h). Positive
// codes below CodeKernel depend on the signal: CLD_EXITED, SEGV_MAPERR and so on.
const (
	CodeUser    Code = 0    // kill(2)
	CodeKernel  Code = 0x80 // the kernel itself: a terminal's ^C, an expired timer
	CodeQueue   Code = -1   // sigqueue(3), rt_sigqueueinfo(2)
	CodeTimer   Code = -2   // timer_create(2)
	CodeMessage Code = -3   // mq_notify(3)
	CodeAsync   Code = -4   // aio(7)
	CodeIO      Code = -5   // fcntl(2) F_SETSIG
	CodeThread  Code = -6   // tkill(2), tgkill(2), pthread_kill(3)
)

// RawInfo is the kernel's siginfo_t in memory: 128 bytes on every architecture, of which the
// kernel fills in at most the first 48 (struct kernel_siginfo).
type RawInfo [128]byte

// Info is what the kernel says about one signal. The zero value describes none.
type Info struct {
	Signal Signal `json:",omitzero"`
	Code   Code
	Errno  int32

	// PID and UID are the sender's if Code is one with a sender (see [Info.Sender]); UID is
	// its real user id. Both are as seen from the receiver's namespaces; a sender outside its
	// PID namespace has PID 0.
	PID int32
	UID uint32

	// Value is the payload that sigqueue sent: the union sigval, all 64 bits.
	Value uint64

	// The next bytes of siginfo_t, kept so that Raw restores what Decode was given.
	rest [16]byte
}

// layout is siginfo_t as kill and sigqueue fill it in. Every other kind that can be passed on
// (code below 0) uses the same bytes.
type layout struct {
	signo, errno, code, _ int32
	pid                   int32
	uid                   uint32
	value                 uint64
	rest                  [16]byte
	_                     [80]byte
}

// The compiler rejects this if the two sizes ever differ.
var _ [unsafe.Sizeof(RawInfo{})]byte = [unsafe.Sizeof(layout{})]byte{}

// Decode reads a siginfo_t.
func Decode(raw *RawInfo) Info {
	var l layout
	*(*RawInfo)(unsafe.Pointer(&l)) = *raw
	return Info{
		Signal: Signal(l.signo), Errno: l.errno, Code: Code(l.code),
		PID: l.pid, UID: l.uid, Value: l.value, rest: l.rest,
	}
}

// Raw restores the siginfo_t that [Decode] read.
func (i Info) Raw() RawInfo {
	l := layout{
		signo: int32(i.Signal), errno: i.Errno, code: int32(i.Code),
		pid: i.PID, uid: i.UID, value: i.Value, rest: i.rest,
	}
	return *(*RawInfo)(unsafe.Pointer(&l))
}

// Rest is what siginfo_t has behind Value, which has no name here. It may be written to.
func (i *Info) Rest() *[16]byte { return &i.rest }

// Forwardable returns the info in the form in which the kernel lets one process pass it to
// another, with sender and payload. The kernel refuses every code of 0 and above, and
// SI_TKILL, from everybody, even root (do_rt_sigqueueinfo in the kernel's signal.c). So a
// signal sent by kill or tgkill becomes one queued by the same sender, and one from the
// kernel itself becomes one queued by nobody. All others are passed on verbatim.
func (i Info) Forwardable() Info {
	if i.Code < 0 && i.Code != CodeThread {
		return i
	}
	forward := Info{Signal: i.Signal, Code: CodeQueue, Errno: i.Errno}
	if i.HasSender() {
		forward.PID, forward.UID = i.PID, i.UID
	}
	return forward
}

// HasSender reports whether PID and UID identify a sending process. Those of SIGCHLD, with a
// code from CLD_EXITED to CLD_CONTINUED, are of the child that changed state.
func (i Info) HasSender() bool {
	switch i.Code {
	case CodeUser, CodeQueue, CodeThread, CodeMessage:
		return true
	}
	return i.Signal == SIGCHLD && i.Code >= 1 && i.Code <= 6
}

// Sender returns where the signal came from, for people: "pid 812 (uid 0)", "the kernel", "a
// process outside this PID namespace".
func (i Info) Sender() string {
	switch {
	case i.HasSender() && i.PID != 0:
		return "pid " + strconv.Itoa(int(i.PID)) + " (uid " + strconv.FormatUint(uint64(i.UID), 10) + ")"
	case i.HasSender():
		return "a process outside this PID namespace"
	case i.Code == CodeTimer:
		return "a timer"
	case i.Code == CodeIO, i.Code == CodeAsync:
		return "an I/O completion"
	case i.Code > 0:
		return "the kernel"
	default:
		return "an unknown source (si_code " + strconv.Itoa(int(i.Code)) + ")"
	}
}

// String returns all of it on one line: "SIGRTMIN+3 with value 42 from pid 812 (uid 0)".
func (i Info) String() string {
	text := i.Signal.String()
	if i.Code == CodeQueue && i.Value != 0 {
		text += " with value " + strconv.FormatUint(i.Value, 10)
	}
	return text + " from " + i.Sender()
}
