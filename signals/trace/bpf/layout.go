package bpf

import (
	"supervise/internal/bpf"
	"supervise/signals"
	"supervise/signals/trace"
)

// Offsets in a record. Every record begins with the head and the task; those of the sending
// and of fork have a target, and the sending what the signal is.
const (
	atKind   = 0  // 4 bytes: trace.Kind
	atSignal = 4  // 4
	atTime   = 8  // 8
	atTask   = 16 // a task

	atCode    = atTask + taskSize // 4, of Sent and Delivered; of Refused the errno
	atErrno   = atCode + 4        // 4
	atHandler = atCode + 8        // 8; of Refused the pid that was named
	atActions = atCode + 16       // 8: sa_flags
	shortSize = atCode + 24       // all kinds but:

	atTaken     = shortSize // 8, of Delivered: the value that was sent with it, if any
	deliverSize = atTaken + 8

	atTarget  = shortSize           // of Sent and Forked
	forkSize  = atTarget + taskSize //
	atSender  = forkSize            // 8: si_pid and si_uid
	atValue   = atSender + 8        // 8
	atRest    = atSender + 16       // 8: what else was read of the siginfo
	atBlocked = atSender + 24       // 8
	atFlags   = atSender + 32       // 4
	atResult  = atSender + 36       // 4
	atGroup   = atSender + 40       // 4
	atBare    = atSender + 44       // 4
	atInfo    = atSender + 48       // 8: addresses, for the programs
	sentSize  = atSender + 56

	atFile     = shortSize // of Executed
	fileLength = 128
	execSize   = atFile + fileLength
)

// Offsets in a task, of 56 bytes.
const (
	taskPID    = 0  // 4
	taskTID    = 4  // 4
	taskUID    = 8  // 4
	taskNSPID  = 12 // 4
	taskCgroup = 16 // 8
	taskComm   = 24 // 16
	taskAside  = 40 // 4: its process is followed only because a traced one sent it a signal
	taskSpare  = 44 // 4
	taskWork   = 48 // 8: scratch of the programs
	taskSize   = 56
)

// Special values of a siginfo's address: the kernel's sched/signal.h.
const (
	noInfo   = 0 // SEND_SIG_NOINFO: as kill(2) would have it, from the current process
	privInfo = 1 // SEND_SIG_PRIV: from the kernel
)

// decode makes a record of what a program wrote.
func decode(b []byte, r *trace.Record) bool {
	if len(b) < shortSize {
		return false
	}
	*r = trace.Record{
		Kind: trace.Kind(b[atKind]), Signal: signals.Signal(b[atSignal]), Time: bpf.Number[uint64](b, atTime),
		Code: signals.Code(bpf.Number[int32](b, atCode)), Errno: bpf.Number[int32](b, atErrno),
		Handler: bpf.Number[uint64](b, atHandler), Actions: bpf.Number[uint64](b, atActions),
		Status: -1, Target: unknown, SenderPID: -1, SenderUID: -1,
	}
	decodeTask(b[atTask:], &r.Task)
	r.Aside = b[atTask+taskAside] != 0
	switch r.Kind {
	case trace.Sent:
		return decodeSent(b, r)
	case trace.Forked:
		if len(b) < forkSize {
			return false
		}
		decodeTask(b[atTarget:], &r.Target)
	case trace.Delivered:
		if len(b) < deliverSize {
			return false
		}
		r.Bare = bpf.Number[int32](b, atErrno) == bareMark
		r.ValueKnown, r.Value = !r.Bare, bpf.Number[uint64](b, atTaken)
	case trace.Executed:
		if len(b) < execSize {
			return false
		}
		r.File = text(b[atFile : atFile+fileLength])
	case trace.Exited:
		r.Status = bpf.Number[int32](b, atCode)
	case trace.Refused, trace.Probed:
		decodeCall(b, r)
	case trace.Dequeued:
	default:
		return false
	}
	return true
}

// bareMark is in the place of the errno of a Delivered without a siginfo.
const bareMark = -0x5afe

func decodeSent(b []byte, r *trace.Record) bool {
	if len(b) < sentSize {
		return false
	}
	decodeTask(b[atTarget:], &r.Target)
	r.Detailed, r.ValueKnown = true, true
	r.Group, r.Result = b[atGroup] != 0, trace.Result(b[atResult])
	r.Blocked, r.Flags = signals.Set(bpf.Number[uint64](b, atBlocked)), bpf.Number[uint32](b, atFlags)
	switch b[atBare] {
	case noInfo + 1:
		r.Code, r.SenderPID, r.SenderUID = signals.CodeUser, r.Task.PID, r.Task.UID
	case privInfo + 1:
		r.Code, r.SenderPID, r.SenderUID = signals.CodeKernel, 0, 0
	default:
		r.SenderPID, r.SenderUID = bpf.Number[int32](b, atSender), int64(bpf.Number[uint32](b, atSender+4))
		r.Value = bpf.Number[uint64](b, atValue)
		if r.Signal == signals.SIGCHLD && r.Code > 0 {
			r.Value &= 1<<32 - 1 // si_status is an int; si_utime follows
		}
	}
	return true
}

func decodeCall(b []byte, r *trace.Record) {
	if i := bpf.Number[uint64](b, atActions); i < uint64(len(calls)) {
		r.Call = calls[i].name
	}
	r.Target.PID = int32(bpf.Number[uint64](b, atHandler))
	r.Errno, r.Handler, r.Actions, r.Code = int32(r.Code), 0, 0, 0
}

// unknown is a thread that nothing is known of.
var unknown = trace.Thread{PID: -1, TID: -1, NSPID: -1, UID: -1, CgroupID: -1}

func decodeTask(b []byte, t *trace.Thread) {
	t.PID, t.TID = bpf.Number[int32](b, taskPID), bpf.Number[int32](b, taskTID)
	t.UID, t.NSPID = int64(bpf.Number[uint32](b, taskUID)), bpf.Number[int32](b, taskNSPID)
	if t.UID == 1<<32-1 {
		t.UID = -1
	}
	t.CgroupID = bpf.Number[int64](b, taskCgroup)
	copy(t.Comm[:], b[taskComm:taskComm+16])
}

func text(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
