package elfcore

import (
	"iter"

	"supervise/internal/text"
)

// Notes are what the notes of a core say.
type Notes struct {
	// Threads begins with the one that crashed.
	Threads []Thread
	Process Process
	Siginfo Siginfo
	// Files are the mapped files, in the order of addresses: NT_FILE.
	Files []Mapping
	// Auxv is the auxiliary vector, getauxval(3), by AT_*.
	Auxv map[uint64]uint64

	names map[int]string // of threads, by TID
}

// Thread is one thread: NT_PRSTATUS, and what belongs to it of other notes.
type Thread struct {
	TID int
	// Name is its comm. Only the cores of package mini have it.
	Name      string
	Signal    int // the one that it was dumped for; 0 for the threads of a living process
	Pending   uint64
	Blocked   uint64 // the signal masks, bit 0 for signal 1
	Registers Registers
	// TLS is the thread pointer: fs_base, or tpidr_el0.
	TLS uint64
	// CodeMask has the bits of a code address that are its signature, and no part of it: pointer
	// authentication of arm64. 0 for none.
	CodeMask uint64
}

// Process is NT_PRPSINFO.
type Process struct {
	PID, PPID int // in the PID namespace of the process
	UID, GID  int // real ones
	Name      string
	Args      string // the command line, of which the kernel keeps 79 bytes
	State     byte   // as in /proc/PID/stat: 'R'
}

// Siginfo is NT_SIGINFO: why the process got the signal. sigaction(2) says which members
// a signal and a code have.
type Siginfo struct {
	Signal, Errno, Code int

	Address  uint64 // of a fault
	PID, UID int    // of the sender
	Value    uint64 // sigqueue(3)
	Syscall  int    // SIGSYS
}

// Mapping is a part of a mapped file.
type Mapping struct {
	Start, End uint64
	Offset     uint64 // in the file, in bytes
	Path       string
}

// Note is one note as it stands in the file.
type Note struct {
	Owner string // "CORE"
	Type  uint32
	Data  []byte
	// Whole is the note with its header and padding.
	Whole []byte
}

const noteHeaderSize = 12

// EachNote returns the notes in data, up to the first that is cut short.
func EachNote(data []byte) iter.Seq[Note] {
	return func(yield func(Note) bool) {
		for len(data) >= noteHeaderSize {
			nameSize, size := uint64(order.Uint32(data)), uint64(order.Uint32(data[4:]))
			from := noteHeaderSize + (nameSize+3)&^3
			// The padding of the last note may be missing.
			if from+size > uint64(len(data)) {
				return
			}
			end := min(from+(size+3)&^3, uint64(len(data)))
			note := Note{
				Owner: text.TrimRight(string(data[noteHeaderSize:noteHeaderSize+nameSize]), 0),
				Type:  order.Uint32(data[8:]), Data: data[from : from+size : from+size], Whole: data[:end:end],
			}
			if !yield(note) {
				return
			}
			data = data[end:]
		}
	}
}

// The types of notes: NT_* of uapi/linux/elf.h.
const (
	NoteStatus     = 1          // NT_PRSTATUS
	NoteFloat      = 2          // NT_PRFPREG
	NoteProcess    = 3          // NT_PRPSINFO
	NoteAuxv       = 6          // NT_AUXV
	NoteSiginfo    = 0x53494749 // NT_SIGINFO
	NoteFiles      = 0x46494c45 // NT_FILE
	NoteXState     = 0x202      // NT_X86_XSTATE
	NoteARM64TLS   = 0x401      // NT_ARM_TLS
	NoteARM64Codes = 0x406      // NT_ARM_PAC_MASK
)

// Owner is the owner of the notes that only supervise writes.
const Owner = "supervise"

// NoteNames has the names of threads: for each its TID, 32 bits, and 16 bytes padded with 0.
const NoteNames = 0x53560001

const nameEntry = 4 + 16

// takeNotes reads the notes of one segment.
func (h *Head) takeNotes(data []byte) {
	used := 0
	for note := range EachNote(data) {
		used += len(note.Whole)
		h.Notes.take(h.Machine, note)
	}
	if len(h.NoteData) == 0 {
		h.NoteData = data[:used:used]
	} else {
		h.NoteData = append(h.NoteData, data[:used]...)
	}
	h.NoteData = append(h.NoteData, make([]byte, -len(h.NoteData)&3)...)
	if used < len(data) && text.TrimRight(string(data[used:]), 0) != "" {
		h.problem("its notes are damaged after " + number(used) + " bytes of " + number(len(data)))
	}
}

// last is the thread whose notes are being read.
func (n *Notes) last() *Thread {
	if len(n.Threads) == 0 {
		return &Thread{}
	}
	return &n.Threads[len(n.Threads)-1]
}

func (n *Notes) take(machine Machine, note Note) {
	d := note.Data
	if note.Owner == Owner {
		if note.Type == NoteNames {
			n.takeNames(d)
		}
		return
	}
	switch note.Type {
	case NoteStatus:
		n.takeStatus(machine, d)
	case NoteProcess:
		n.takeProcess(d)
	case NoteSiginfo:
		n.takeSiginfo(d)
	case NoteFiles:
		n.takeFiles(d)
	case NoteAuxv:
		n.takeAuxv(d)
	case NoteARM64TLS:
		if machine == ARM64 && len(d) >= 8 {
			n.last().TLS = order.Uint64(d)
		}
	case NoteARM64Codes:
		if machine == ARM64 && len(d) >= 16 {
			n.last().CodeMask = order.Uint64(d[8:])
		}
	}
}

// ParseNotes returns what notes say that follow one another in data.
func ParseNotes(machine Machine, data []byte) Notes {
	h := Head{Machine: machine}
	h.takeNotes(data)
	h.Notes.nameThreads()
	return h.Notes
}
