package bpf

import (
	"golang.org/x/sys/unix"

	"supervise/internal/bpf"
	"supervise/signals"
	"supervise/signals/trace"
)

// Registers: what a program was called with, a siginfo or whatever it needs, the task in
// question, and the record.
const (
	context = bpf.R6
	other   = bpf.R7
	task    = bpf.R8
	record  = bpf.R9
)

// generate is signal_generate(sig, info, task, group, result).
func (m *maker) generate() {
	m.Move(context, bpf.R1)
	m.Load(bpf.Double, task, context, 16)
	m.wanted(m.filter.Signals)
	m.Load(bpf.Word, bpf.R7, task, m.at("task_struct", "tgid"))
	m.either(bpf.R7)
	m.Load(bpf.Double, other, context, 8)
	m.reserve(trace.Sent, sentSize)
	m.Load(bpf.Double, bpf.R1, context, 24)
	m.Store(bpf.Word, record, atGroup, bpf.R1)
	m.Load(bpf.Double, bpf.R1, context, 32)
	m.Store(bpf.Word, record, atResult, bpf.R1)
	m.info()
	m.task(task, atTarget)
	m.Load(bpf.Double, bpf.R1, task, m.at("task_struct", "blocked"))
	m.Store(bpf.Double, record, atBlocked, bpf.R1)
	m.Load(bpf.Double, bpf.R1, task, m.at("task_struct", "signal"))
	m.Set(bpf.R2, 0)
	m.IfConst(bpf.R1, bpf.Equal, 0, "no signal")
	m.Load(bpf.Word, bpf.R2, bpf.R1, m.at("signal_struct", "flags"))
	m.Label("no signal")
	m.Store(bpf.Word, record, atFlags, bpf.R2)
	m.action()
	m.current()
	m.submit(true)
}

// info copies the siginfo at other.
func (m *maker) info() {
	m.Store(bpf.Double, record, atInfo, other)
	m.Load(bpf.Double, bpf.R1, record, atInfo) // the same as a number
	m.Set(bpf.R2, 0)
	m.Store(bpf.Double, record, atCode, bpf.R2)
	m.Store(bpf.Word, record, atBare, bpf.R2)
	m.IfConst(bpf.R1, bpf.Above, privInfo, "real")
	m.DoConst(bpf.Add, bpf.R1, 1)
	m.Store(bpf.Word, record, atBare, bpf.R1)
	m.Store(bpf.Double, record, atSender, bpf.R2)
	m.Store(bpf.Double, record, atValue, bpf.R2)
	m.Jump("informed")
	m.Label("real")
	m.IfConst(other, bpf.Equal, 0, "informed")
	m.Load(bpf.Word, bpf.R1, other, m.at("kernel_siginfo", "si_code"))
	m.Store(bpf.Word, record, atCode, bpf.R1)
	m.Load(bpf.Word, bpf.R1, other, m.at("kernel_siginfo", "si_errno"))
	m.Store(bpf.Word, record, atErrno, bpf.R1)
	// Most have a pid and a uid, and nothing more: a plain load costs less than a call.
	m.Load(bpf.Word, bpf.R1, other, m.at("kernel_siginfo", "_sifields"))
	m.Store(bpf.Word, record, atSender, bpf.R1)
	m.Load(bpf.Word, bpf.R1, other, m.at("kernel_siginfo", "_sifields")+4)
	m.Store(bpf.Word, record, atSender+4, bpf.R1)
	m.Set(bpf.R1, 0)
	m.Store(bpf.Double, record, atValue, bpf.R1)
	m.Load(bpf.Word, bpf.R1, record, atCode)
	m.IfConst(bpf.R1, bpf.Equal, int(signals.CodeUser), "informed")
	m.Move(bpf.R3, other)
	m.DoConst(bpf.Add, bpf.R3, m.at("kernel_siginfo", "_sifields")+8)
	m.read(atValue, 8)
	m.Label("informed")
}

// action copies handler and flags of the target's action for a signal that was ignored. That of
// another one is told when it is delivered.
func (m *maker) action() {
	m.Set(bpf.R1, 0)
	m.Store(bpf.Double, record, atHandler, bpf.R1)
	m.Store(bpf.Double, record, atActions, bpf.R1)
	m.Load(bpf.Double, bpf.R1, context, 32)
	m.IfConst(bpf.R1, bpf.NotEqual, int(trace.IgnoredAtOnce), "queued")
	m.Load(bpf.Double, bpf.R1, task, m.at("task_struct", "sighand"))
	m.Store(bpf.Double, record, atInfo, bpf.R1)
	m.Load(bpf.Double, bpf.R3, record, atInfo) // as a number, which may be computed with
	m.Load(bpf.Double, bpf.R1, context, 0)
	m.DoConst(bpf.Sub, bpf.R1, 1)
	m.DoConst(bpf.And, bpf.R1, 63)
	m.DoConst(bpf.Mul, bpf.R1, m.types.Size("k_sigaction"))
	m.Do(bpf.Add, bpf.R3, bpf.R1)
	m.DoConst(bpf.Add, bpf.R3, m.at("sighand_struct", "action")+m.at("k_sigaction", "sa")+m.at("sigaction", "sa_handler"))
	m.read(atHandler, 16) // sa_flags follows
	m.Label("queued")
}

// deliver is signal_deliver(sig, info, action), in the process that gets it.
func (m *maker) deliver() {
	m.Move(context, bpf.R1)
	if m.filter.Signals != 0 { // SIGKILL is delivered as the end of what another signal began
		m.wanted(m.filter.Signals.With(signals.SIGKILL))
	}
	m.mine()
	m.Load(bpf.Double, other, context, 8)
	m.reserve(trace.Delivered, deliverSize)
	m.Load(bpf.Double, bpf.R2, context, 16)
	m.Load(bpf.Double, bpf.R1, bpf.R2, m.at("k_sigaction", "sa")+m.at("sigaction", "sa_handler"))
	m.Store(bpf.Double, record, atHandler, bpf.R1)
	m.Load(bpf.Double, bpf.R1, bpf.R2, m.at("k_sigaction", "sa")+m.at("sigaction", "sa_flags"))
	m.Store(bpf.Double, record, atActions, bpf.R1)
	m.StoreConst(bpf.Word, record, atCode, 0)
	m.StoreConst(bpf.Word, record, atErrno, bareMark)
	m.StoreConst(bpf.Double, record, atTaken, 0)
	m.Store(bpf.Double, record, atTask+taskWork, other)
	m.Load(bpf.Double, bpf.R1, record, atTask+taskWork)
	m.IfConst(bpf.R1, bpf.AtMost, privInfo, "informed")
	m.IfConst(other, bpf.Equal, 0, "informed")
	m.Load(bpf.Word, bpf.R1, other, m.at("kernel_siginfo", "si_code"))
	m.Store(bpf.Word, record, atCode, bpf.R1)
	m.Load(bpf.Word, bpf.R1, other, m.at("kernel_siginfo", "si_errno"))
	m.Store(bpf.Word, record, atErrno, bpf.R1)
	m.Load(bpf.Word, bpf.R1, record, atCode)
	m.IfConst(bpf.R1, bpf.Equal, int(signals.CodeUser), "informed")
	m.Move(bpf.R3, other)
	m.DoConst(bpf.Add, bpf.R3, m.at("kernel_siginfo", "_sifields")+8)
	m.read(atTaken, 8)
	m.Label("informed")
	m.brief()
	m.submit(false) // the next sending wakes the reader
}

// dequeue is the return of dequeue_signal(mask, ...), which takes a signal from the queue of
// the current thread. Most are then delivered: these calls use the thread's own mask.
func (m *maker) dequeue() {
	m.Move(context, bpf.R1)
	m.Load(bpf.Double, other, context, 8*m.types.Parameters(onDequeue))
	m.IfConst(other, bpf.Equal, 0, "out")
	m.Call(bpf.CurrentTaskBTF)
	m.DoConst(bpf.Add, bpf.R0, m.at("task_struct", "blocked"))
	m.Load(bpf.Double, bpf.R1, context, 8*max(0, m.types.Parameter(onDequeue, "mask")))
	m.If(bpf.R0, bpf.Equal, bpf.R1, "out")
	m.mine()
	m.reserve(trace.Dequeued, shortSize)
	m.Store(bpf.Word, record, atSignal, other)
	m.brief()
	m.submit(true)
}

// fork is sched_process_fork(parent, child), before the child runs.
func (m *maker) fork() {
	m.Move(context, bpf.R1)
	m.Load(bpf.Double, task, context, 8)
	m.Load(bpf.Word, bpf.R1, task, m.at("task_struct", "pid"))
	m.Load(bpf.Word, bpf.R2, task, m.at("task_struct", "tgid"))
	m.If(bpf.R1, bpf.NotEqual, bpf.R2, "out") // a thread
	m.Store(bpf.Word, bpf.R10, keySlot, bpf.R2)
	m.mine()
	m.Load(bpf.Double, bpf.R1, bpf.R10, valueSlot)
	m.IfConst(bpf.R1, bpf.NotEqual, traced, "out") // no concern of ours
	if m.filter.Descendants && !m.filter.All {
		m.mark(keySlot, traced)
	}
	if !m.filter.Context {
		m.Label("full")
		m.Label("out")
		m.Return()
		return
	}
	m.reserve(trace.Forked, forkSize)
	m.task(task, atTarget)
	m.current()
	m.submit(true)
}

// free is sched_process_free(task), when the pid of a process may be used again.
func (m *maker) free() {
	m.Load(bpf.Double, task, bpf.R1, 0)
	m.Load(bpf.Word, bpf.R1, task, m.at("task_struct", "pid"))
	m.Load(bpf.Word, bpf.R2, task, m.at("task_struct", "tgid"))
	m.If(bpf.R1, bpf.NotEqual, bpf.R2, "out")
	m.Store(bpf.Word, bpf.R10, keySlot, bpf.R2)
	m.mark(keySlot, 0)
	m.Label("out")
	m.Return()
}

// exit is sched_process_exit(task), of which the last thread's is the end of a process.
func (m *maker) exit() {
	m.Move(context, bpf.R1)
	m.Load(bpf.Double, task, context, 0)
	m.Load(bpf.Double, bpf.R1, task, m.at("task_struct", "signal"))
	m.IfConst(bpf.R1, bpf.Equal, 0, "out")
	m.Load(bpf.Word, bpf.R2, bpf.R1, m.at("signal_struct", "live"))
	m.IfConst(bpf.R2, bpf.NotEqual, 0, "out")
	m.mine()
	m.reserve(trace.Exited, shortSize)
	m.Load(bpf.Double, bpf.R1, task, m.at("task_struct", "signal"))
	m.IfConst(bpf.R1, bpf.Equal, 0, "own")
	m.Load(bpf.Word, bpf.R2, bpf.R1, m.at("signal_struct", "flags"))
	m.DoConst(bpf.And, bpf.R2, trace.FlagDying)
	m.IfConst(bpf.R2, bpf.Equal, 0, "own")
	m.Load(bpf.Word, bpf.R1, bpf.R1, m.at("signal_struct", "group_exit_code"))
	m.Jump("status")
	m.Label("own")
	m.Load(bpf.Double, bpf.R2, task, m.at("task_struct", "group_leader"))
	m.Set(bpf.R1, 0)
	m.IfConst(bpf.R2, bpf.Equal, 0, "status")
	m.Load(bpf.Word, bpf.R1, bpf.R2, m.at("task_struct", "exit_code"))
	m.Label("status")
	m.Store(bpf.Word, record, atCode, bpf.R1)
	m.current()
	m.submit(true)
}

// exec is sched_process_exec(task, old pid, binary).
func (m *maker) exec() {
	m.Move(context, bpf.R1)
	m.mine()
	m.reserve(trace.Executed, execSize)
	m.Load(bpf.Double, bpf.R1, context, 16)
	m.Load(bpf.Double, bpf.R3, bpf.R1, m.at("linux_binprm", "filename"))
	m.Move(bpf.R1, record)
	m.DoConst(bpf.Add, bpf.R1, atFile)
	m.Set(bpf.R2, fileLength)
	m.Call(bpf.ReadKernelString)
	m.current()
	m.submit(true)
}

// call is the return of one of the calls, by struct pt_regs and its result.
func (m *maker) call(index int) {
	m.Move(context, bpf.R1)
	m.arguments(index)
	m.refused()
}

// anyCall is sys_exit(struct pt_regs, result): the same for all of the calls.
func (m *maker) anyCall() {
	m.Move(context, bpf.R1)
	m.Load(bpf.Double, bpf.R1, context, 0)
	m.Load(bpf.Double, bpf.R2, bpf.R1, number(m.types))
	for i := range calls {
		m.IfConst(bpf.R2, bpf.Equal, calls[i].number, calls[i].name)
	}
	m.Jump("out")
	for i := range calls {
		m.Label(calls[i].name)
		m.arguments(i)
		m.Jump("known")
	}
	m.Label("known")
	m.refused()
}

// arguments puts the signal into register task, the pid into other, and the index into
// indexSlot.
func (m *maker) arguments(index int) {
	c := calls[index]
	m.StoreConst(bpf.Double, bpf.R10, indexSlot, index)
	m.Load(bpf.Double, bpf.R1, context, 0) // struct pt_regs
	m.Load(bpf.Double, task, bpf.R1, argument(m.types, c.signal))
	m.Set(other, -1)
	if c.pid >= 0 {
		m.Load(bpf.Double, other, bpf.R1, argument(m.types, c.pid))
	}
}

// refused records a call that failed, but not for a full queue, as signal_generate tells of
// these; or that sent nothing, as the signal was 0.
func (m *maker) refused() {
	m.Load(bpf.Double, bpf.R0, context, 8)
	m.IfConst(bpf.R0, bpf.Equal, -int(eagain), "out")
	if m.filter.Context {
		m.IfConst(bpf.R0, bpf.NotEqual, 0, "failed")
		m.IfConst(task, bpf.NotEqual, 0, "out")
	} else {
		m.IfConst(bpf.R0, bpf.Equal, 0, "out")
	}
	m.Label("failed")
	m.caller()
	m.reserve(trace.Refused, shortSize)
	m.Store(bpf.Word, record, atSignal, task)
	m.Load(bpf.Double, bpf.R0, context, 8)
	m.IfConst(bpf.R0, bpf.NotEqual, 0, "kind")
	m.StoreConst(bpf.Word, record, atKind, int(trace.Probed))
	m.Label("kind")
	m.Set(bpf.R1, 0)
	m.Do(bpf.Sub, bpf.R1, bpf.R0)
	m.Store(bpf.Word, record, atCode, bpf.R1)
	m.StoreConst(bpf.Word, record, atErrno, 0)
	m.Store(bpf.Double, record, atHandler, other)
	m.Load(bpf.Double, bpf.R1, bpf.R10, indexSlot)
	m.Store(bpf.Double, record, atActions, bpf.R1)
	m.current()
	m.submit(true)
}

// waited is sys_exit(struct pt_regs, result) of rt_sigtimedwait, which took a signal.
func (m *maker) waited() {
	m.Move(context, bpf.R1)
	m.Load(bpf.Double, bpf.R1, context, 0)
	m.Load(bpf.Double, bpf.R2, bpf.R1, number(m.types))
	m.IfConst(bpf.R2, bpf.NotEqual, unix.SYS_RT_SIGTIMEDWAIT, "out")
	m.Load(bpf.Double, other, context, 8)
	m.IfConst(other, bpf.Equal, 0, "out")
	m.IfConst(other, bpf.Above, int(signals.Max), "out")
	m.mine()
	m.reserve(trace.Dequeued, shortSize)
	m.Store(bpf.Word, record, atSignal, other)
	m.brief()
	m.submit(true)
}
