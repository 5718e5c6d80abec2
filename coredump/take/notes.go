package take

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/coredump/elfcore"
	"supervise/internal/ptrace"
)

var order = binary.LittleEndian

// machine is the architecture of this program, and so of those whose registers it can read.
func machine() (elfcore.Machine, error) {
	switch runtime.GOARCH {
	case "amd64":
		return elfcore.AMD64, nil
	case "arm64":
		return elfcore.ARM64, nil
	}
	return 0, fmt.Errorf("no core can be taken on %s, only on amd64 and arm64", runtime.GOARCH)
}

// state is a thread's registers: the notes, by type, that the kernel makes for it.
type state struct {
	tid     int
	blocked uint64
	sets    []set
}

type set struct {
	kind uint32
	data []byte
}

// sets are what is read of each thread beside the general registers, in the order of a core:
// linux's arch/*/kernel/ptrace.c. What the processor lacks is left out.
var sets = map[elfcore.Machine][]uint32{
	elfcore.AMD64: {elfcore.NoteFloat, elfcore.NoteXState},
	elfcore.ARM64: {elfcore.NoteFloat, elfcore.NoteARM64TLS, noteSystemCall, elfcore.NoteARM64Codes},
}

const noteSystemCall = 0x404 // NT_ARM_SYSTEM_CALL

// maxSet is more than the state of any processor so far: 11 KB with AMX.
const maxSet = 32 << 10

// readState reads the registers of a stopped thread. scratch has maxSet bytes.
func readState(m elfcore.Machine, th *ptrace.Thread, scratch []byte) (state, error) {
	s := state{tid: th.TID, blocked: th.Blocked()}
	for i, kind := range append([]uint32{elfcore.NoteStatus}, sets[m]...) {
		data, err := th.Registers(kind, scratch)
		if err == nil {
			s.sets = append(s.sets, set{kind, append([]byte(nil), data...)})
			continue
		}
		if i == 0 {
			return s, err
		}
	}
	return s, nil
}

// process is what the notes on the process are made of.
type process struct {
	pid  int
	auxv []byte
	stat stat
	uid  int
	gid  int
	args string
}

// readProcess reads it while the process runs: nothing of that changes with a stop.
func readProcess(pid int) (process, error) {
	dir := "/proc/" + strconv.Itoa(pid) + "/"
	p := process{pid: pid}
	var ok bool
	if p.stat, ok = readStat(dir + "stat"); !ok {
		return p, gone(pid)
	}
	auxv, err := os.ReadFile(dir + "auxv")
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return p, fmt.Errorf("cannot read what process %d is: %w", pid, err)
	}
	if len(auxv) == 0 {
		return p, fmt.Errorf("process %d has no memory: it is a thread of the kernel, or has ended", pid)
	}
	p.auxv = auxv
	p.uid, _ = strconv.Atoi(first(statusField(dir+"status", "Uid")))
	p.gid, _ = strconv.Atoi(first(statusField(dir+"status", "Gid")))
	args, _ := os.ReadFile(dir + "cmdline")
	p.args = strings.ReplaceAll(string(args), "\x00", " ")
	return p, nil
}

func first(text string) string {
	word, _, _ := strings.Cut(text, "\t")
	return word
}

// The siginfo of a process that got no signal, as gdb's gcore writes it.
const (
	sigstop    = 19
	codeKernel = 0x80

	siginfoSize = 128
)

// noteData makes the notes, as the kernel orders them. What is to be looked up for each thread
// is left out while the process is stopped.
func noteData(p process, states []state, maps []mapping, stopped bool) []byte {
	var b []byte
	for i, s := range states {
		var t times
		if !stopped {
			t = readTimes(p.pid, s.tid)
		}
		b = elfcore.AppendNote(b, "CORE", elfcore.NoteStatus, status(p, s, t))
		if i == 0 {
			b = elfcore.AppendNote(b, "CORE", elfcore.NoteProcess, p.info())
			siginfo := make([]byte, siginfoSize)
			order.PutUint32(siginfo, sigstop)
			order.PutUint32(siginfo[8:], codeKernel)
			b = elfcore.AppendNote(b, "CORE", elfcore.NoteSiginfo, siginfo)
			b = elfcore.AppendNote(b, "CORE", elfcore.NoteAuxv, p.auxv)
			b = elfcore.AppendNote(b, "CORE", elfcore.NoteFiles, files(maps))
		}
		for _, set := range s.sets[1:] {
			owner := "LINUX"
			if set.kind == elfcore.NoteFloat {
				owner = "CORE"
			}
			b = elfcore.AppendNote(b, owner, set.kind, set.data)
		}
	}
	return b
}

// times is what of a thread is read when it runs again.
type times struct {
	// pending are signals. One that is pending is blocked, and likely stays so.
	pending uint64
	ticks   [4]uint64
}

func readTimes(pid, tid int) times {
	dir := "/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(tid) + "/"
	pending, _ := strconv.ParseUint(statusField(dir+"status", "SigPnd"), 16, 64)
	t, _ := readStat(dir + "stat")
	return times{pending, [4]uint64{t.utime, t.stime, t.childUtime, t.childStime}}
}

// status makes struct elf_prstatus.
func status(p process, s state, t times) []byte {
	b := make([]byte, 16, 512) // no signal
	b = order.AppendUint64(b, t.pending)
	b = order.AppendUint64(b, s.blocked)
	for _, n := range []int{s.tid, p.stat.ppid, p.stat.pgrp, p.stat.sid} {
		b = order.AppendUint32(b, uint32(n))
	}
	for _, ticks := range t.ticks {
		const hz = 100 // USER_HZ, the same everywhere
		b = order.AppendUint64(b, ticks/hz)
		b = order.AppendUint64(b, ticks%hz*(1e6/hz))
	}
	b = append(b, s.sets[0].data...)
	b = order.AppendUint32(b, 1) // pr_fpvalid
	return append(b, make([]byte, -len(b)&7)...)
}

// info makes struct elf_prpsinfo.
func (p *process) info() []byte {
	const nameSize, argsSize = 16, 80
	states := "RSDTZW"
	b := []byte{byte(max(strings.IndexByte(states, p.stat.state), 0)), p.stat.state, 0, byte(p.stat.nice), 0, 0, 0, 0}
	b = order.AppendUint64(b, p.stat.flags)
	for _, n := range []int{p.uid, p.gid, p.pid, p.stat.ppid, p.stat.pgrp, p.stat.sid} {
		b = order.AppendUint32(b, uint32(n))
	}
	var name [nameSize]byte
	copy(name[:nameSize-1], p.stat.comm)
	var args [argsSize]byte
	copy(args[:argsSize-1], p.args)
	return append(append(b, name[:]...), args[:]...)
}

// files makes NT_FILE.
func files(maps []mapping) []byte {
	page := uint64(os.Getpagesize())
	var entries, names []byte
	count := uint64(0)
	for i := range maps {
		m := &maps[i]
		if m.anonymous() {
			continue
		}
		count++
		entries = order.AppendUint64(entries, m.start)
		entries = order.AppendUint64(entries, m.end)
		entries = order.AppendUint64(entries, m.offset/page)
		names = append(append(names, m.path...), 0)
	}
	b := order.AppendUint64(nil, count)
	b = order.AppendUint64(b, page)
	return append(append(b, entries...), names...)
}
