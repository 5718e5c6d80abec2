package bpf

import (
	"supervise/internal/bpf"
	"supervise/signals/trace"
)

// reserve takes room for a record, and fills in its head.
func (m *maker) reserve(kind trace.Kind, size int) {
	m.kind = kind
	m.Map(bpf.R1, m.ring.Map)
	m.Set(bpf.R2, int64(size))
	m.Set(bpf.R3, 0)
	m.Call(bpf.RingReserve)
	m.IfConst(bpf.R0, bpf.Equal, 0, "full")
	m.Move(record, bpf.R0)
	m.StoreConst(bpf.Word, record, atKind, int(kind))
	m.Set(bpf.R1, 0)
	if kind == trace.Sent || kind == trace.Delivered {
		m.Load(bpf.Double, bpf.R1, context, 0)
	}
	m.Store(bpf.Word, record, atSignal, bpf.R1)
	m.Call(bpf.BootTime)
	m.Store(bpf.Double, record, atTime, bpf.R0)
}

// submit gives the record to the reader, and ends the program. It may wake the reader, but only
// if much is waiting: the reader looks by itself now and then, and to wake it costs more than
// the record.
func (m *maker) submit(mayWake bool) {
	const (
		available = 0 // BPF_RB_AVAIL_DATA
		noWakeUp  = 1 // BPF_RB_NO_WAKEUP
		wakeUp    = 2 // BPF_RB_FORCE_WAKEUP

		// A wake-up costs more than a signal: a few are enough while the ring fills up.
		wakeSpan = 4 * sentSize
	)
	if mayWake {
		m.Map(bpf.R1, m.ring.Map)
		m.Set(bpf.R2, available)
		m.Call(bpf.RingQuery)
		m.Set(bpf.R2, wakeUp)
		m.DoConst(bpf.Sub, bpf.R0, m.wake)
		m.IfConst(bpf.R0, bpf.Below, wakeSpan, "awake")
	}
	m.Set(bpf.R2, noWakeUp)
	m.Label("awake")
	m.Move(bpf.R1, record)
	m.Call(bpf.RingSubmit)
	m.Label("out")
	m.Return()
	m.Label("full")
	m.StoreConst(bpf.Word, bpf.R10, keySlot, lostIndex(m.kind))
	m.Map(bpf.R1, m.lost)
	m.Move(bpf.R2, bpf.R10)
	m.DoConst(bpf.Add, bpf.R2, keySlot)
	m.Call(bpf.MapLookup)
	m.IfConst(bpf.R0, bpf.Equal, 0, "counted")
	m.Set(bpf.R1, 1)
	m.AddAtomic(bpf.R0, 0, bpf.R1)
	m.Label("counted")
	m.Return()
}

func lostIndex(kind trace.Kind) int {
	// The rest is counted together.
	//exhaustive:ignore
	switch kind {
	case trace.Sent:
		return lostSent
	case trace.Delivered:
		return lostDelivered
	default:
		return lostOther
	}
}

// current describes the current thread in the record.
func (m *maker) current() {
	m.Call(bpf.CurrentTaskBTF)
	m.Move(other, bpf.R0)
	m.task(other, atTask)
	m.StoreConst(bpf.Word, record, atTask+taskAside, 0)
}

// brief describes the current thread by what the reader does not know: it has seen it before,
// as a target.
func (m *maker) brief() {
	m.Call(bpf.CurrentTaskBTF)
	m.ids(bpf.R0, atTask)
	m.comm(bpf.R0, atTask)
	m.StoreConst(bpf.Word, record, atTask+taskUID, -1)
	m.StoreConst(bpf.Word, record, atTask+taskNSPID, -1)
	m.StoreConst(bpf.Double, record, atTask+taskCgroup, -1)
	m.Load(bpf.Double, bpf.R1, bpf.R10, valueSlot)
	m.DoConst(bpf.And, bpf.R1, aside)
	m.Store(bpf.Word, record, atTask+taskAside, bpf.R1)
}

func (m *maker) ids(of bpf.Reg, at int) {
	m.Load(bpf.Word, bpf.R1, of, m.at("task_struct", "tgid"))
	m.Store(bpf.Word, record, at+taskPID, bpf.R1)
	m.Load(bpf.Word, bpf.R1, of, m.at("task_struct", "pid"))
	m.Store(bpf.Word, record, at+taskTID, bpf.R1)
}

func (m *maker) comm(of bpf.Reg, at int) {
	for i := 0; i < 16; i += 8 {
		m.Load(bpf.Double, bpf.R1, of, m.at("task_struct", "comm")+i)
		m.Store(bpf.Double, record, at+taskComm+i, bpf.R1)
	}
}

// task describes a thread in the record: its task is in one of the kept registers.
func (m *maker) task(of bpf.Reg, at int) {
	m.ids(of, at)
	m.comm(of, at)
	m.chain(of, []member{{"task_struct", "cred"}, {"cred", "uid"}}, bpf.Word, at+taskUID)
	m.chain(of, []member{{"task_struct", "cgroups"}, {"css_set", "dfl_cgrp"}, {"cgroup", "kn"}, {"kernfs_node", "id"}}, bpf.Double, at+taskCgroup)
	m.spacePID(of, at)
}

type member struct{ structure, name string }

// chain follows pointers and stores the last member, or -1 if one of them is 0.
func (m *maker) chain(of bpf.Reg, members []member, size bpf.Size, at int) {
	end := m.label("end")
	m.StoreConst(size, record, at, -1)
	for i, member := range members {
		if last := i == len(members)-1; last {
			m.Load(size, bpf.R1, of, m.at(member.structure, member.name))
			m.Store(size, record, at, bpf.R1)
			break
		}
		m.Load(bpf.Double, bpf.R1, of, m.at(member.structure, member.name))
		m.IfConst(bpf.R1, bpf.Equal, 0, end)
		of = bpf.R1
	}
	m.Label(end)
}

// spacePID stores the pid of a task's process in its own PID namespace:
// signal->pids[PIDTYPE_TGID]->numbers[level].nr.
func (m *maker) spacePID(of bpf.Reg, at int) {
	const tgid = 1 // PIDTYPE_TGID
	end := m.label("end")
	m.Load(bpf.Word, bpf.R1, record, at+taskPID)
	m.Store(bpf.Word, record, at+taskNSPID, bpf.R1)
	m.Load(bpf.Double, bpf.R1, of, m.at("task_struct", "signal"))
	m.IfConst(bpf.R1, bpf.Equal, 0, end)
	m.Load(bpf.Double, bpf.R1, bpf.R1, m.at("signal_struct", "pids")+8*tgid)
	m.IfConst(bpf.R1, bpf.Equal, 0, end)
	m.Load(bpf.Word, bpf.R2, bpf.R1, m.at("pid", "level"))
	m.IfConst(bpf.R2, bpf.Equal, 0, end)
	m.Store(bpf.Double, record, at+taskWork, bpf.R1)
	m.Load(bpf.Double, bpf.R3, record, at+taskWork) // as a number
	m.DoConst(bpf.And, bpf.R2, 31)
	m.DoConst(bpf.Mul, bpf.R2, m.types.Size("upid"))
	m.Do(bpf.Add, bpf.R3, bpf.R2)
	m.DoConst(bpf.Add, bpf.R3, m.at("pid", "numbers")+m.at("upid", "nr"))
	m.read(at+taskNSPID, 4)
	m.Label(end)
}
