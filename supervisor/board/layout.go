package board

import (
	"bytes"
	"sync/atomic"
	"unsafe"
)

// Version is the version of the layout.
const Version = 1

const magic = 'S' | 'V'<<8 | 'B'<<16 | 'D'<<24 // the bytes in the order of a little-endian machine

const (
	headerSize = 64
	slotSize   = 256
	slotWords  = slotSize / 8

	// maxSlots is what a reader believes.
	maxSlots = 1 << 20
)

// Lengths of texts, in bytes. Longer ones are cut.
const (
	maxState  = 16
	maxSender = 16
	maxName   = 80
	MaxBlame  = 48
)

// header is the beginning of the segment. The fields are read and written atomically, as
// each can change while somebody reads.
type header struct {
	magic      uint32
	version    uint32
	headerSize uint32
	slotSize   uint32
	capacity   uint32
	used       uint32
	moved      uint32
	pid        int32
	start      uint64
	generation uint64
	changes    uint64
	_          uint64
}

// rawSlot is one slot as it lies in memory.
type rawSlot struct {
	sequence    uint32
	flags       uint32
	since       int64
	next        int64
	restarts    uint64
	pid         int32
	code        int32
	signal      int32
	senderPID   int32
	senderUID   uint32
	held        uint32
	exited      int64
	sigqUsed    uint64
	sigqLimit   uint64
	rung, rungs uint32
	wanted      uint32
	_           uint32
	state       [maxState]byte
	sender      [maxSender]byte
	name        [maxName]byte
	blame       [MaxBlame]byte
}

// The compiler refuses these if the sizes ever part.
var (
	_ [headerSize]byte = [unsafe.Sizeof(header{})]byte{}
	_ [slotSize]byte   = [unsafe.Sizeof(rawSlot{})]byte{}
)

// The flags of a slot.
const (
	flagReady = 1 << iota
	flagExited
	flagCore
	flagPaused
)

// Slot is the state of one service.
type Slot struct {
	Name   string // up to 80 bytes
	State  string // up to 16
	Wanted bool   // up
	Ready  bool
	Paused bool
	PID    int32 // of the main process, 0 for none
	Since  int64 // when State began, as all times here in nanoseconds since 1970

	Restarts    uint64
	NextRestart int64  // 0 for none
	Rung, Rungs uint32 // while it is being stopped, from 1
	Held        uint32 // signals that wait in the supervisor

	Exited     bool  // there was one
	ExitTime   int64 // of the last
	ExitCode   int32
	ExitSignal int32  // what killed it, 0 for none
	Core       bool   // it dumped core
	SenderPID  int32  // who sent that signal, 0 when not known, or the kernel if Sender is not empty
	SenderUID  uint32 // of the same
	Sender     string // its name, up to 16 bytes
	Blame      string // the same in words, up to 48: "from pid 812 (bash, uid 0)"; "" when it was no signal

	SigQUsed, SigQLimit uint64

	// Torn says that the slot could not be read whole: the supervisor died, or was
	// stopped, in the middle of writing it.
	Torn bool
}

// pack puts a slot into its form in memory, all but the sequence.
func (s *Slot) pack(raw *rawSlot) {
	*raw = rawSlot{
		since: s.Since, next: s.NextRestart, restarts: s.Restarts, pid: s.PID, code: s.ExitCode,
		signal: s.ExitSignal, senderPID: s.SenderPID, senderUID: s.SenderUID, held: s.Held,
		exited: s.ExitTime, sigqUsed: s.SigQUsed, sigqLimit: s.SigQLimit, rung: s.Rung, rungs: s.Rungs,
	}
	raw.flags = bit(s.Ready, flagReady) | bit(s.Exited, flagExited) | bit(s.Core, flagCore) | bit(s.Paused, flagPaused)
	raw.wanted = bit(s.Wanted, 1)
	copy(raw.state[:], s.State)
	copy(raw.sender[:], s.Sender)
	copy(raw.name[:], s.Name)
	copy(raw.blame[:], s.Blame)
}

func bit(set bool, flag uint32) uint32 {
	if set {
		return flag
	}
	return 0
}

// unpack reads it back, whatever is in it.
func (raw *rawSlot) unpack(s *Slot) {
	*s = Slot{
		Name: word(raw.name[:], s.Name), State: word(raw.state[:], s.State), Sender: word(raw.sender[:], s.Sender),
		Blame:  word(raw.blame[:], s.Blame),
		Wanted: raw.wanted != 0, Ready: raw.flags&flagReady != 0, Paused: raw.flags&flagPaused != 0,
		PID: raw.pid, Since: raw.since, Restarts: raw.restarts, NextRestart: raw.next,
		Rung: raw.rung, Rungs: raw.rungs, Held: raw.held,
		Exited: raw.flags&flagExited != 0, ExitTime: raw.exited, ExitCode: raw.code, ExitSignal: raw.signal,
		Core: raw.flags&flagCore != 0, SenderPID: raw.senderPID, SenderUID: raw.senderUID,
		SigQUsed: raw.sigqUsed, SigQLimit: raw.sigqLimit,
	}
}

// word returns a text up to its first zero byte; before, if that is the same, so that
// nothing is allocated.
func word(text []byte, before string) string {
	if n := bytes.IndexByte(text, 0); n >= 0 {
		text = text[:n]
	}
	if string(text) == before {
		return before
	}
	return string(text)
}

// words is a slot as the memory is accessed: word by word, each atomically, so that what
// is read is what was written, in this order, on every machine.
type words [slotWords]uint64

func wordsOf(raw *rawSlot) *words { return (*words)(unsafe.Pointer(raw)) }

// store writes a slot's content with the sequence odd meanwhile, unless that is there
// already. There is one writer.
func (raw *rawSlot) store(content *rawSlot) (changed bool) {
	content.sequence = raw.sequence
	if *raw == *content { // reading what only we write
		return false
	}
	sequence := atomic.LoadUint32(&raw.sequence) | 1
	atomic.StoreUint32(&raw.sequence, sequence)
	atomic.StoreUint32(&raw.flags, content.flags)
	to, from := wordsOf(raw), wordsOf(content)
	for i := 1; i < slotWords; i++ {
		if from[i] != to[i] {
			atomic.StoreUint64(&to[i], from[i])
		}
	}
	atomic.StoreUint32(&raw.sequence, sequence+1)
	return true
}

// tries is how often a slot is read that changes meanwhile: a writer takes well below a
// microsecond for one.
const tries = 64

// load reads a slot; whole is false when that was not possible.
func (raw *rawSlot) load(content *rawSlot) (whole bool) {
	to, from := wordsOf(content), wordsOf(raw)
	for range tries {
		before := atomic.LoadUint32(&raw.sequence)
		content.flags = atomic.LoadUint32(&raw.flags)
		for i := 1; i < slotWords; i++ {
			to[i] = atomic.LoadUint64(&from[i])
		}
		if before&1 == 0 && atomic.LoadUint32(&raw.sequence) == before {
			return true
		}
	}
	return false
}
