package bpf

import (
	"syscall"

	"supervise/internal/bpf"
	"supervise/signals"
	"supervise/signals/trace"
)

// What a pid is; another one is 0.
const (
	traced = 1 // the process is in the filter
	aside  = 2 // a traced process has sent it a signal, whose end is of interest
)

// Places on the stack.
const (
	keySlot   = -8  // the pid of the process in question
	mySlot    = -16 // that of the current process
	valueSlot = -24
	chainSlot = -32
	indexSlot = -40 // which of the calls
)

const eagain = syscall.EAGAIN

// Counters of lost records.
const (
	lostSent = iota
	lostDelivered
	lostOther
	lostKinds
)

// maker makes one program.
type maker struct {
	bpf.Code
	types   *bpf.Types
	filter  *trace.Filter
	cgroups []cgroup
	pids    *bpf.Bytes
	lost    bpf.Map
	ring    *bpf.Ring
	wake    int // bytes in the ring that wake the reader
	labels  int
	kind    trace.Kind
}

func (m *maker) at(structure, member string) int { return m.types.Offset(structure, member) }

// label makes a label that is not there yet.
func (m *maker) label(name string) string {
	m.labels++
	return name + string(rune('A'+m.labels/26)) + string(rune('a'+m.labels%26))
}

// read copies from R3 into the record.
func (m *maker) read(offset, size int) {
	m.Move(bpf.R1, record)
	m.DoConst(bpf.Add, bpf.R1, offset)
	m.Set(bpf.R2, int64(size))
	m.Call(bpf.ReadKernel)
}

// wanted leaves the program if the signal, the first argument, is not in a set; 0 is all.
func (m *maker) wanted(set signals.Set) {
	if set == 0 {
		return
	}
	m.Load(bpf.Double, bpf.R1, context, 0)
	m.DoConst(bpf.Sub, bpf.R1, 1)
	m.DoConst(bpf.And, bpf.R1, 63)
	m.Set(bpf.R2, int64(set))
	m.Do(bpf.ShiftRight, bpf.R2, bpf.R1)
	m.DoConst(bpf.And, bpf.R2, 1)
	m.IfConst(bpf.R2, bpf.Equal, 0, "out")
}

// mine leaves the program if the current process is neither traced nor followed aside, and
// puts which it is into valueSlot.
func (m *maker) mine() {
	m.StoreConst(bpf.Double, bpf.R10, valueSlot, traced)
	if m.filter.All {
		return
	}
	in := m.label("in")
	m.lookup(m.me())
	m.IfConst(bpf.R0, bpf.Equal, traced, in)
	if len(m.cgroups) > 0 {
		m.Store(bpf.Double, bpf.R10, indexSlot, bpf.R0)
		m.Call(bpf.CurrentTaskBTF)
		m.below(bpf.R0, in)
		m.Load(bpf.Double, bpf.R0, bpf.R10, indexSlot)
	}
	m.IfConst(bpf.R0, bpf.NotEqual, aside, "out")
	m.StoreConst(bpf.Double, bpf.R10, valueSlot, aside)
	m.Label(in)
}

// caller leaves the program unless the current process is traced, or the pid in other is.
func (m *maker) caller() {
	if m.filter.All {
		return
	}
	in := m.label("in")
	m.lookup(m.me())
	m.IfConst(bpf.R0, bpf.Equal, traced, in)
	m.Store(bpf.Word, bpf.R10, keySlot, other)
	m.lookup(keySlot)
	m.IfConst(bpf.R0, bpf.Equal, traced, in)
	if len(m.cgroups) > 0 {
		m.Call(bpf.CurrentTaskBTF)
		m.below(bpf.R0, in)
	}
	m.Jump("out")
	m.Label(in)
}

// either leaves the program unless the current process is traced, or the one whose pid is in
// the register and whose task is in register task. A target outside is followed from now on.
func (m *maker) either(pid bpf.Reg) {
	if m.filter.All {
		return
	}
	in, sends := m.label("in"), m.label("sends")
	m.Store(bpf.Word, bpf.R10, keySlot, pid)
	m.lookup(keySlot)
	m.IfConst(bpf.R0, bpf.Equal, traced, in)
	m.lookup(m.me())
	m.IfConst(bpf.R0, bpf.Equal, traced, sends)
	if len(m.cgroups) > 0 {
		m.below(task, in)
		m.Call(bpf.CurrentTaskBTF)
		m.below(bpf.R0, sends)
	}
	m.Jump("out")
	m.Label(sends)
	m.mark(keySlot, aside)
	m.Label(in)
}

// me puts the pid of the current process into a place on the stack, and returns it.
func (m *maker) me() (slot int) {
	m.Call(bpf.CurrentPID)
	m.DoConst(bpf.ShiftRight, bpf.R0, 32)
	m.Store(bpf.Word, bpf.R10, mySlot, bpf.R0)
	return mySlot
}

// entry puts the address of what is known of the pid in a place on the stack into R2, or goes to
// a label, if it is beyond all pids.
func (m *maker) entry(slot int, beyond string) {
	m.Load(bpf.Word, bpf.R1, bpf.R10, slot)
	m.IfConst(bpf.R1, bpf.AtLeast, len(m.pids.Data), beyond)
	m.Value(bpf.R2, m.pids)
	m.Do(bpf.Add, bpf.R2, bpf.R1)
}

// lookup puts into R0 what the pid in a place on the stack is: traced, aside or 0.
func (m *maker) lookup(slot int) {
	end := m.label("end")
	m.Set(bpf.R0, 0)
	m.entry(slot, end)
	m.Load(bpf.Byte, bpf.R0, bpf.R2, 0)
	m.Label(end)
}

// mark notes what the pid in a place on the stack is. Who is traced stays that.
func (m *maker) mark(slot, how int) {
	end := m.label("end")
	m.entry(slot, end)
	if how == aside {
		m.Load(bpf.Byte, bpf.R1, bpf.R2, 0)
		m.IfConst(bpf.R1, bpf.NotEqual, 0, end)
	}
	m.StoreConst(bpf.Byte, bpf.R2, 0, how)
	m.Label(end)
}

// below goes to a label if a task is in one of the filter's cgroups or below.
func (m *maker) below(of bpf.Reg, label string) {
	outside := m.label("outside")
	m.Load(bpf.Double, bpf.R1, of, m.at("task_struct", "cgroups"))
	m.IfConst(bpf.R1, bpf.Equal, 0, outside)
	m.Load(bpf.Double, bpf.R1, bpf.R1, m.at("css_set", "dfl_cgrp"))
	m.IfConst(bpf.R1, bpf.Equal, 0, outside)
	m.Store(bpf.Double, bpf.R10, chainSlot, bpf.R1)
	for _, g := range m.cgroups {
		other := m.label("other")
		m.Load(bpf.Double, bpf.R1, bpf.R10, chainSlot)
		m.Load(bpf.Word, bpf.R2, bpf.R1, m.at("cgroup", "level"))
		m.IfConst(bpf.R2, bpf.Below, g.level, other)
		m.ancestor(g.level)
		m.Set(bpf.R2, int64(g.id))
		m.If(bpf.R1, bpf.Equal, bpf.R2, label)
		m.Label(other)
	}
	m.Label(outside)
}

// ancestor puts the id of the ancestor, at a level, of the cgroup in R1 into R1.
func (m *maker) ancestor(level int) {
	const ids = "ancestor_ids" // before Linux 6.1
	chase := func(offset int) {
		m.Move(bpf.R3, bpf.R1)
		m.DoConst(bpf.Add, bpf.R3, offset)
		m.Move(bpf.R1, bpf.R10)
		m.DoConst(bpf.Add, bpf.R1, mySlot)
		m.Set(bpf.R2, 8)
		m.Call(bpf.ReadKernel)
		m.Load(bpf.Double, bpf.R1, bpf.R10, mySlot)
	}
	if m.types.Has("cgroup", ids) {
		chase(m.at("cgroup", ids) + 8*level)
		return
	}
	chase(m.at("cgroup", "ancestors") + 8*level)
	chase(m.at("cgroup", "kn"))
	chase(m.at("kernfs_node", "id"))
}
