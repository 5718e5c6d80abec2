package recorder

import (
	"supervise/internal/bpf"
	"supervise/signals"
)

// The hooks.
var (
	onGenerate = bpf.Tracepoint("signal_generate")
	onVictim   = bpf.Tracepoint("mark_victim")
)

// want is all that the programs look at.
func want() bpf.Want {
	return bpf.Want{
		Structs: map[string][]string{
			"task_struct": {
				"pid", "tgid", "comm", "blocked", "sighand", "signal", "cgroups", "cred", "flags", "real_parent", "group_leader", "pdeath_signal",
			},
			"cred":           {"uid"},
			"css_set":        {"dfl_cgrp"},
			"cgroup":         {"kn", "level", "ancestors", "ancestor_ids"},
			"kernfs_node":    {"id"},
			"pid":            {"level", "numbers"},
			"upid":           {"nr", "ns"},
			"pid_namespace":  {"ns"},
			"ns_common":      {"inum"},
			"signal_struct":  {"flags", "pids"},
			"sighand_struct": {"action"},
			"k_sigaction":    {"sa"},
			"sigaction":      {"sa_handler"},
			"kernel_siginfo": {"si_code", "_sifields"},
		},
		Hooks: []bpf.Hook{onGenerate, onVictim},
	}
}

// Registers that calls keep: the arguments, the siginfo and later the sender, the target, the
// record.
const (
	context = bpf.R6
	other   = bpf.R7
	target  = bpf.R8
	record  = bpf.R9
)

// Places on the stack.
const (
	chainSlot   = -8
	valueSlot   = -16 // what was read by ReadKernel
	valueSlot2  = -24 // 16 bytes from here
	rootSlot    = -32
	cgroupSlot  = -40
	handlerSlot = -48
	codeSlot    = -56
)

// uninteresting are the signals that nobody asks about: they do nothing by default, and some
// come all the time.
var uninteresting = signals.SetOf(signals.SIGCHLD, signals.SIGURG, signals.SIGWINCH)

// program makes one program.
type program struct {
	bpf.Code
	types  *bpf.Types
	scope  *scope
	ring   *bpf.Ring
	lost   *bpf.Bytes
	half   int // bytes in the ring that wake the reader
	labels int
}

func (p *program) at(structure, member string) int { return p.types.Offset(structure, member) }

// label makes a label that is not there yet.
func (p *program) label(name string) string {
	p.labels++
	return name + string(rune('A'+p.labels/26)) + string(rune('a'+p.labels%26))
}

// peek copies from R3 to a place on the stack.
func (p *program) peek(slot, size int) {
	p.Move(bpf.R1, bpf.R10)
	p.DoConst(bpf.Add, bpf.R1, slot)
	p.Set(bpf.R2, int64(size))
	p.Call(bpf.ReadKernel)
}

// generate is signal_generate(signal, info, task, group, result).
func (p *program) generate() {
	p.Move(context, bpf.R1)
	p.Load(bpf.Double, bpf.R1, context, 0)
	p.DoConst(bpf.Sub, bpf.R1, 1)
	p.DoConst(bpf.And, bpf.R1, 63)
	p.Set(bpf.R2, int64(uninteresting))
	p.Do(bpf.ShiftRight, bpf.R2, bpf.R1)
	p.DoConst(bpf.And, bpf.R2, 1)
	p.IfConst(bpf.R2, bpf.NotEqual, 0, "out")
	p.Load(bpf.Double, target, context, 16)
	p.within()
	p.Load(bpf.Double, other, context, 8)
	p.code()
	p.handler()
	p.leaveOwn()
	p.reserve(kindSent)
	p.Load(bpf.Double, bpf.R1, context, 0)
	p.Store(bpf.Word, record, atSignal, bpf.R1)
	p.Load(bpf.Double, bpf.R1, context, 24)
	p.Store(bpf.Word, record, atGroup, bpf.R1)
	p.Load(bpf.Double, bpf.R1, context, 32)
	p.Store(bpf.Word, record, atResult, bpf.R1)
	p.info()
	p.receiver()
	p.Call(bpf.CurrentTaskBTF)
	p.Move(other, bpf.R0)
	p.sender()
	p.submit()
}

// victim is mark_victim(task, uid).
func (p *program) victim() {
	p.Move(context, bpf.R1)
	p.Load(bpf.Double, target, context, 0)
	p.within()
	p.reserve(kindVictim)
	p.pid(target, atTarget, atTGID)
	p.submit()
}

// code puts si_code into its slot; 1 in the upper half says that there was no siginfo.
func (p *program) code() {
	const noInfo, fromKernel = 0, 1 // SEND_SIG_NOINFO, SEND_SIG_PRIV: the kernel's sched/signal.h
	p.Store(bpf.Double, bpf.R10, valueSlot, other)
	p.Load(bpf.Double, bpf.R1, bpf.R10, valueSlot) // as a number
	p.StoreConst(bpf.Word, bpf.R10, codeSlot+4, 1)
	p.StoreConst(bpf.Word, bpf.R10, codeSlot, int(signals.CodeUser))
	p.IfConst(bpf.R1, bpf.Equal, noInfo, "coded")
	p.StoreConst(bpf.Word, bpf.R10, codeSlot, int(signals.CodeKernel))
	p.IfConst(bpf.R1, bpf.Equal, fromKernel, "coded")
	p.StoreConst(bpf.Word, bpf.R10, codeSlot+4, 0)
	p.Move(bpf.R3, bpf.R1)
	p.DoConst(bpf.Add, bpf.R3, p.at("kernel_siginfo", "si_code"))
	p.peek(codeSlot, 4)
	p.Label("coded")
}

// handler puts the handler of the signal into its slot.
func (p *program) handler() {
	p.StoreConst(bpf.Double, bpf.R10, handlerSlot, 0)
	p.Load(bpf.Double, bpf.R1, target, p.at("task_struct", "sighand"))
	p.Store(bpf.Double, bpf.R10, valueSlot, bpf.R1)
	p.Load(bpf.Double, bpf.R3, bpf.R10, valueSlot)
	p.IfConst(bpf.R3, bpf.Equal, 0, "unhandled")
	p.Load(bpf.Double, bpf.R1, context, 0)
	p.DoConst(bpf.Sub, bpf.R1, 1)
	p.DoConst(bpf.And, bpf.R1, 63)
	p.DoConst(bpf.Mul, bpf.R1, p.types.Size("k_sigaction"))
	p.Do(bpf.Add, bpf.R3, bpf.R1)
	p.DoConst(bpf.Add, bpf.R3, p.at("sighand_struct", "action")+p.at("k_sigaction", "sa")+p.at("sigaction", "sa_handler"))
	p.peek(handlerSlot, 8)
	p.Label("unhandled")
}

// leaveOwn leaves the program if the process handles or ignores the signal, and it is from itself
// or from the kernel: a profiler's timer, a JVM's faults, writes to a closed pipe come by the
// thousand, and end nothing.
func (p *program) leaveOwn() {
	p.Load(bpf.Double, bpf.R1, bpf.R10, handlerSlot)
	p.IfConst(bpf.R1, bpf.Equal, 0, "wanted")
	for _, c := range []signals.Code{signals.CodeUser, signals.CodeThread, signals.CodeQueue} {
		// A comparison is of 64 bits, and the upper half of what was loaded is 0.
		p.Load(bpf.Word, bpf.R1, bpf.R10, codeSlot)
		p.DoConst(bpf.Sub, bpf.R1, int(c))
		p.DoConst(bpf.ShiftLeft, bpf.R1, 32)
		p.IfConst(bpf.R1, bpf.Equal, 0, "whose")
	}
	p.Jump("out")
	p.Label("whose")
	p.Call(bpf.CurrentPID)
	p.DoConst(bpf.ShiftRight, bpf.R0, 32)
	p.Load(bpf.Word, bpf.R1, target, p.at("task_struct", "tgid"))
	p.If(bpf.R0, bpf.Equal, bpf.R1, "out")
	p.Label("wanted")
}

// info copies what the siginfo has.
func (p *program) info() {
	p.Load(bpf.Word, bpf.R1, bpf.R10, codeSlot)
	p.Store(bpf.Word, record, atCode, bpf.R1)
	p.Load(bpf.Word, bpf.R1, bpf.R10, codeSlot+4)
	p.Store(bpf.Word, record, atBare, bpf.R1)
	p.Load(bpf.Double, bpf.R2, bpf.R10, handlerSlot)
	p.Store(bpf.Double, record, atHandler, bpf.R2)
	p.IfConst(bpf.R1, bpf.NotEqual, 0, "bare")
	p.Store(bpf.Double, bpf.R10, valueSlot, other)
	p.Load(bpf.Double, bpf.R3, bpf.R10, valueSlot)
	p.DoConst(bpf.Add, bpf.R3, p.at("kernel_siginfo", "_sifields"))
	p.Move(bpf.R1, record)
	p.DoConst(bpf.Add, bpf.R1, atFields)
	p.Set(bpf.R2, 16)
	p.Call(bpf.ReadKernel)
	p.Label("bare")
}

// receiver describes the target.
func (p *program) receiver() {
	p.pid(target, atTarget, atTGID)
	p.name(target, atTargets)
	p.Load(bpf.Double, bpf.R1, target, p.at("task_struct", "blocked"))
	p.Store(bpf.Double, record, atBlocked, bpf.R1)
	p.Load(bpf.Word, bpf.R1, target, p.at("task_struct", "pdeath_signal"))
	p.Store(bpf.Word, record, atDeath, bpf.R1)
	p.chain(target, []member{{"task_struct", "signal"}, {"signal_struct", "flags"}}, bpf.Word, atSignals)
}

// sender describes the current task, in other.
func (p *program) sender() {
	p.pid(other, atSender, atGlobal)
	p.Load(bpf.Word, bpf.R1, other, p.at("task_struct", "flags"))
	p.Store(bpf.Word, record, atFlags, bpf.R1)
	p.name(other, atName)
	p.chain(other, []member{{"task_struct", "cred"}, {"cred", "uid"}}, bpf.Word, atUID)
	p.chain(other, []member{{"task_struct", "cgroups"}, {"css_set", "dfl_cgrp"}, {"cgroup", "kn"}, {"kernfs_node", "id"}}, bpf.Double, atSenders)
	p.Load(bpf.Double, target, other, p.at("task_struct", "real_parent"))
	p.IfConst(target, bpf.Equal, 0, "no parent")
	p.Load(bpf.Word, bpf.R1, target, p.at("task_struct", "tgid"))
	p.Store(bpf.Word, record, atParent, bpf.R1)
	p.name(target, atParents)
	p.Label("no parent")
}

// name stores the name of a task's process, which is that of its first thread.
func (p *program) name(of bpf.Reg, at int) {
	end := p.label("end")
	p.Load(bpf.Double, bpf.R1, of, p.at("task_struct", "group_leader"))
	p.IfConst(bpf.R1, bpf.Equal, 0, end)
	for i := 0; i < 16; i += 8 {
		p.Load(bpf.Double, bpf.R2, bpf.R1, p.at("task_struct", "comm")+i)
		p.Store(bpf.Double, record, at+i, bpf.R2)
	}
	p.Label(end)
}

type member struct{ structure, name string }

// chain follows pointers and stores the last member, or 0 if one of them is 0.
func (p *program) chain(of bpf.Reg, members []member, size bpf.Size, at int) {
	end := p.label("end")
	p.StoreConst(size, record, at, 0)
	for i, m := range members {
		if i == len(members)-1 {
			p.Load(size, bpf.R1, of, p.at(m.structure, m.name))
			p.Store(size, record, at, bpf.R1)
			break
		}
		p.Load(bpf.Double, bpf.R1, of, p.at(m.structure, m.name))
		p.IfConst(bpf.R1, bpf.Equal, 0, end)
		of = bpf.R1
	}
	p.Label(end)
}

// pid stores the pid of a task's process in the reader's PID namespace, 0 if it is not in there,
// and that in the first one.
func (p *program) pid(of bpf.Reg, at, global int) {
	const tgid = 1 // PIDTYPE_TGID
	p.Load(bpf.Word, bpf.R1, of, p.at("task_struct", "tgid"))
	p.Store(bpf.Word, record, global, bpf.R1)
	p.Store(bpf.Word, record, at, bpf.R1)
	if p.scope.level == 0 {
		return
	}
	end := p.label("end")
	p.StoreConst(bpf.Word, record, at, 0)
	p.Load(bpf.Double, bpf.R1, of, p.at("task_struct", "signal"))
	p.IfConst(bpf.R1, bpf.Equal, 0, end)
	p.Load(bpf.Double, bpf.R1, bpf.R1, p.at("signal_struct", "pids")+8*tgid)
	p.IfConst(bpf.R1, bpf.Equal, 0, end)
	p.Load(bpf.Word, bpf.R2, bpf.R1, p.at("pid", "level"))
	p.IfConst(bpf.R2, bpf.Below, p.scope.level, end)
	upid := p.at("pid", "numbers") + p.scope.level*p.types.Size("upid")
	p.peekAt(bpf.R1, upid+p.at("upid", "nr"), 4)
	p.Load(bpf.Word, bpf.R1, bpf.R10, valueSlot)
	p.Store(bpf.Word, record, atWork+8, bpf.R1)
	p.Load(bpf.Double, bpf.R1, record, atWork)
	p.peekNumber(upid+p.at("upid", "ns"), 8)
	p.Load(bpf.Double, bpf.R1, bpf.R10, valueSlot)
	p.peekNumber(p.at("pid_namespace", "ns")+p.at("ns_common", "inum"), 4)
	p.Load(bpf.Word, bpf.R1, bpf.R10, valueSlot)
	p.Set(bpf.R2, int64(p.scope.namespace))
	p.If(bpf.R1, bpf.NotEqual, bpf.R2, end)
	p.Load(bpf.Word, bpf.R1, record, atWork+8)
	p.Store(bpf.Word, record, at, bpf.R1)
	p.Label(end)
}

// peekAt reads memory behind a pointer, which it keeps as a number in the record.
func (p *program) peekAt(of bpf.Reg, offset, size int) {
	p.Store(bpf.Double, record, atWork, of)
	p.Load(bpf.Double, bpf.R1, record, atWork)
	p.peekNumber(offset, size)
}

// peekNumber reads memory behind the address in R1 into valueSlot.
func (p *program) peekNumber(offset, size int) {
	p.Move(bpf.R3, bpf.R1)
	p.DoConst(bpf.Add, bpf.R3, offset)
	p.peek(valueSlot, size)
}

// reserve takes room for a record.
func (p *program) reserve(kind int) {
	p.Map(bpf.R1, p.ring.Map)
	p.Set(bpf.R2, recordSize)
	p.Set(bpf.R3, 0)
	p.Call(bpf.RingReserve)
	p.IfConst(bpf.R0, bpf.Equal, 0, "full")
	p.Move(record, bpf.R0)
	for at := 0; at < recordSize; at += 8 {
		p.StoreConst(bpf.Double, record, at, 0)
	}
	p.StoreConst(bpf.Word, record, atKind, kind)
	p.Call(bpf.BootTime)
	p.Store(bpf.Double, record, atTime, bpf.R0)
	p.Load(bpf.Double, bpf.R1, bpf.R10, rootSlot)
	p.Store(bpf.Word, record, atRoot, bpf.R1)
	p.Load(bpf.Double, bpf.R1, bpf.R10, cgroupSlot)
	p.Store(bpf.Double, record, atCgroup, bpf.R1)
}

// submit gives the record to the reader, which is woken if the ring is half full. It ends the program.
func (p *program) submit() {
	const (
		available = 0 // BPF_RB_AVAIL_DATA
		noWakeUp  = 1 // BPF_RB_NO_WAKEUP
		wakeUp    = 2 // BPF_RB_FORCE_WAKEUP
	)
	p.Map(bpf.R1, p.ring.Map)
	p.Set(bpf.R2, available)
	p.Call(bpf.RingQuery)
	p.Set(bpf.R2, wakeUp)
	p.IfConst(bpf.R0, bpf.AtLeast, p.half, "awake")
	p.Set(bpf.R2, noWakeUp)
	p.Label("awake")
	p.Move(bpf.R1, record)
	p.Call(bpf.RingSubmit)
	p.Label("out")
	p.Return()
	p.Label("full")
	p.Value(bpf.R1, p.lost)
	p.Set(bpf.R2, 1)
	p.AddAtomic(bpf.R1, 0, bpf.R2)
	p.Return()
}
