package elfcore

import (
	"slices"

	"supervise/internal/text"
)

// Offsets in struct elf_prstatus, linux/elfcore.h, which both architectures share.
const (
	statusSignal    = 12 // pr_cursig
	statusPending   = 16
	statusBlocked   = 24
	statusPID       = 32
	statusRegisters = 112
)

func (n *Notes) takeStatus(machine Machine, d []byte) {
	t := Thread{Registers: Registers{Machine: machine}}
	names := len(t.Registers.Names())
	if len(d) < statusRegisters+8*names {
		return
	}
	t.Signal = int(int16(order.Uint16(d[statusSignal:])))
	t.Pending, t.Blocked = order.Uint64(d[statusPending:]), order.Uint64(d[statusBlocked:])
	t.TID = int(int32(order.Uint32(d[statusPID:])))
	for i := range names {
		t.Registers.Values[i] = order.Uint64(d[statusRegisters+8*i:])
	}
	if machine == AMD64 {
		t.TLS = t.Registers.Values[amd64FSBase]
	}
	n.Threads = append(n.Threads, t)
}

// Offsets in struct elf_prpsinfo.
const (
	processState = 1  // pr_sname
	processUID   = 16 // then gid, pid, ppid, pgrp, sid
	processName  = 40
	processArgs  = 56
	processSize  = 136
)

func (n *Notes) takeProcess(d []byte) {
	if len(d) < processSize || n.Process != (Process{}) {
		return
	}
	number := func(i int) int { return int(int32(order.Uint32(d[processUID+4*i:]))) }
	n.Process = Process{
		UID: int(order.Uint32(d[processUID:])), GID: int(order.Uint32(d[processUID+4:])),
		PID: number(2), PPID: number(3), State: d[processState],
		Name: cString(d[processName:processArgs]),
		// The kernel has a blank for each byte 0, one behind the last argument too.
		Args: text.TrimRight(cString(d[processArgs:processSize]), ' '),
	}
}

// cString returns what stands before the first byte 0.
func cString(b []byte) string {
	before, _, _ := text.Cut(string(b), 0)
	return before
}

// Numbers of signals and codes: asm-generic/siginfo.h.
const (
	sigILL, sigTRAP, sigBUS, sigFPE, sigSEGV, sigSYS = 4, 5, 7, 8, 11, 31

	codeKernel = 0x80 // SI_KERNEL
	codeTimer  = -2   // SI_TIMER: a number of a timer instead of a sender
)

// takeSiginfo keeps the first: gcore writes one for each thread.
func (n *Notes) takeSiginfo(d []byte) {
	if len(d) < 32 || n.Siginfo != (Siginfo{}) {
		return
	}
	number := func(offset int) int { return int(int32(order.Uint32(d[offset:]))) }
	s := Siginfo{Signal: number(0), Errno: number(4), Code: number(8)}
	fault := slices.Contains([]int{sigILL, sigTRAP, sigBUS, sigFPE, sigSEGV, sigSYS}, s.Signal)
	switch {
	case s.Code == codeTimer:
		s.Value = order.Uint64(d[24:])
	case s.Code <= 0:
		s.PID, s.UID, s.Value = number(16), int(order.Uint32(d[20:])), order.Uint64(d[24:])
	case s.Code != codeKernel && fault:
		s.Address = order.Uint64(d[16:])
		if s.Signal == sigSYS {
			s.Syscall = number(24)
		}
	}
	n.Siginfo = s
}

// takeFiles reads NT_FILE: a count, the size of a page, then start, end and page of each
// mapping, then the names. fill_files_note in fs/binfmt_elf.c.
func (n *Notes) takeFiles(d []byte) {
	const head, each = 16, 24
	if len(d) < head || n.Files != nil {
		return
	}
	count, page := order.Uint64(d), order.Uint64(d[8:])
	if count > uint64(len(d)-head)/each {
		return
	}
	names := d[head+count*each:]
	for entry := d[head:]; count > 0; count, entry = count-1, entry[each:] {
		end := slices.Index(names, 0)
		if end < 0 {
			return
		}
		m := Mapping{
			Start: order.Uint64(entry), End: order.Uint64(entry[8:]), Offset: order.Uint64(entry[16:]) * page, Path: string(names[:end]),
		}
		if names = names[end+1:]; m.Start < m.End {
			n.Files = append(n.Files, m)
		}
	}
}

// maxAuxv is far more entries than a kernel has.
const maxAuxv = 1024

func (n *Notes) takeAuxv(d []byte) {
	if n.Auxv != nil {
		return
	}
	n.Auxv = make(map[uint64]uint64)
	for ; len(d) >= 16 && len(n.Auxv) < maxAuxv; d = d[16:] {
		key := order.Uint64(d)
		if key == 0 {
			return
		}
		n.Auxv[key] = order.Uint64(d[8:])
	}
}

func (n *Notes) takeNames(d []byte) {
	if n.names == nil {
		n.names = make(map[int]string)
	}
	for ; len(d) >= nameEntry; d = d[nameEntry:] {
		n.names[int(int32(order.Uint32(d)))] = cString(d[4:nameEntry])
	}
}

func (n *Notes) nameThreads() {
	for i := range n.Threads {
		n.Threads[i].Name = n.names[n.Threads[i].TID]
	}
	n.names = nil
}
