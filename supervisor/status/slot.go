package status

import (
	"unsafe"

	"supervise/signals"
)

// Lengths of the texts of a slot, in bytes.
const (
	maxState  = 16
	maxSender = 16
	maxName   = 80
	maxCause  = 48
)

// Slot is a service as it lies in the memory of the status board: 256 bytes, all numbers in
// the machine's byte order, times in nanoseconds since 1970, 0 being none.
//
//	offset size
//	 0     4    sequence: odd while the slot is being written
//	 4     4    flags: 1 ready, 2 has exited, 4 dumped core, 8 paused, 16 there is more to say:
//	            a text was cut, or the service is wanted neither up nor down but gone
//	 8     8    since when it is in its state
//	16     8    when it will be started again
//	24     8    number of restarts
//	32     4    pid of the main process, 0 for none
//	36     4    exit code
//	40     4    signal that killed it, 0 for none
//	44     4    pid of who sent that signal, 0 when not known
//	48     4    uid of the same
//	52     4    signals held by the supervisor
//	56     8    when it exited
//	64     8    signals queued for its user (SigQ)
//	72     8    limit of these
//	80     4    rung of the ladder, from 1, 0 when it is not being stopped
//	84     4    rungs of it
//	88     4    1: wanted up, 0: down
//	92     4    reserved
//	96    16    state, in letters, the rest 0
//	112   16    name of who sent the signal, the rest 0
//	128   80    name of the service, the rest 0
//	208   48    who sent the signal, in words, as far as it is known, the rest 0
//
// A slot without a name is empty.
type Slot struct {
	Sequence    uint32 // for package segment, as is that Flags are in the same word
	Flags       uint32
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
	cause       [maxCause]byte
}

// SlotSize is the size of a slot in bytes.
const SlotSize = 256

// The compiler refuses this if the size ever differs.
var _ [SlotSize]byte = [unsafe.Sizeof(Slot{})]byte{}

// The flags.
const (
	flagReady = 1 << iota
	flagExited
	flagCore
	flagPaused
	flagMore
)

// Pack makes a slot of a service, all but the sequence. Texts that are too long are cut.
func (slot *Slot) Pack(s *Service) {
	*slot = Slot{
		since: s.Since, next: s.NextRestart, restarts: uint64(s.Restarts), pid: int32(s.PID), code: int32(s.Exit.Code),
		signal: int32(s.Exit.Signal), senderPID: int32(s.Exit.By.PID), senderUID: uint32(s.Exit.By.UID), held: uint32(s.Held),
		exited: s.Exit.Time, sigqUsed: s.SigQ.Used, sigqLimit: s.SigQ.Limit, rung: uint32(s.Rung), rungs: uint32(s.Rungs),
		wanted: bit(s.Wanted == Up, 1),
	}
	copy(slot.state[:], s.State)
	copy(slot.sender[:], s.Exit.By.Name)
	copy(slot.name[:], s.Name)
	copy(slot.cause[:], shorten(s.Exit.Cause, maxCause))
	more := len(s.State) > maxState || len(s.Exit.By.Name) > maxSender || len(s.Name) > maxName || len(s.Exit.Cause) > maxCause ||
		s.Name != "" && s.Wanted != Up && s.Wanted != Down
	slot.Flags = bit(s.Ready, flagReady) | bit(s.Exited, flagExited) | bit(s.Exit.Core, flagCore) | bit(s.Paused, flagPaused) | bit(more, flagMore)
}

func bit(set bool, flag uint32) uint32 {
	if set {
		return flag
	}
	return 0
}

// Unpack reads a service, whatever is in the slot; complete is false if there is more to
// it than a slot can say. Texts that the service has already are not made anew. It assigns
// one by one, so that there is no second service on the stack, which is small where a
// program has just begun.
func (slot *Slot) Unpack(s *Service) (complete bool) {
	s.Name, s.State = word(slot.name[:], s.Name), word(slot.state[:], s.State)
	switch {
	case s.Name == "":
		s.Wanted = ""
	case slot.wanted == 0:
		s.Wanted = Down
	default:
		s.Wanted = Up
	}
	s.Ready, s.Paused = slot.Flags&flagReady != 0, slot.Flags&flagPaused != 0
	s.PID, s.Since, s.Restarts, s.NextRestart = int(slot.pid), slot.since, int(slot.restarts), slot.next
	s.Rung, s.Rungs, s.Held = int(slot.rung), int(slot.rungs), int(slot.held)
	s.SigQ.Used, s.SigQ.Limit = slot.sigqUsed, slot.sigqLimit
	s.Exited, s.Exit.Time, s.Exit.Core = slot.Flags&flagExited != 0, slot.exited, slot.Flags&flagCore != 0
	s.Exit.Code, s.Exit.Signal = int(slot.code), signals.Signal(slot.signal)
	s.Exit.By.PID, s.Exit.By.UID = int(slot.senderPID), int(slot.senderUID)
	s.Exit.By.Name, s.Exit.Cause = word(slot.sender[:], s.Exit.By.Name), word(slot.cause[:], s.Exit.Cause)
	return slot.Flags&flagMore == 0
}

// Named reports whether a slot is that of a service.
func (slot *Slot) Named(name string) bool {
	n := len(name)
	return n <= maxName && string(slot.name[:n]) == name && (n == maxName || slot.name[n] == 0)
}

// word returns a text up to its first zero byte; before, if that is the same, so that
// nothing is allocated.
func word(text []byte, before string) string {
	n := 0
	for n < len(text) && text[n] != 0 {
		n++
	}
	if string(text[:n]) == before {
		return before
	}
	return string(text[:n])
}

// shorten cuts a sentence to a number of bytes: it leaves out what stands behind its last
// colon or comma, and again, until it fits. It never cuts into parentheses; where there is
// nothing to leave out it cuts off the end.
func shorten(sentence string, limit int) string {
	for len(sentence) > limit {
		end := lastSeparator(sentence)
		if end == 0 {
			return sentence[:limit]
		}
		sentence = sentence[:end]
	}
	return sentence
}

// lastSeparator finds the last ": " or ", " behind the last parenthesis, 0 if there is none.
func lastSeparator(sentence string) int {
	for i := len(sentence) - 2; i > 0 && sentence[i+1] != ')'; i-- {
		if sentence[i+1] == ' ' && (sentence[i] == ':' || sentence[i] == ',') {
			return i
		}
	}
	return 0
}
