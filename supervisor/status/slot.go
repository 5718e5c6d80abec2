package status

import (
	"unsafe"

	"supervise/internal/text"
	"supervise/signals"
)

// Lengths of the texts of a slot, in bytes.
const (
	maxState  = 16
	maxSender = 16
	maxName   = 80
	maxCause  = 48
)

// Slot is the layout of a service in the memory of the status board: 256 bytes, numbers in
// the machine's byte order, times in nanoseconds since 1970, 0 being none.
//
//	offset size
//	 0     4    sequence: odd while the slot is being written
//	 4     4    flags: 1 ready, 2 has exited, 4 dumped core, 8 paused, 16 incomplete: a text
//	            was cut, or the service is wanted neither up nor down, or waits for others; 32 then:
//	            only the sender in words was cut
//	 8     8    when its state began
//	16     8    when it will be started again
//	24     8    number of restarts
//	32     4    pid of the main process, 0 for none
//	36     4    exit code
//	40     4    signal that killed it, 0 for none
//	44     4    pid of the sender of that signal, 0 if it is not known
//	48     4    uid of the sender
//	52     4    signals held by the supervisor
//	56     8    when it exited
//	64     8    signals queued for its user (SigQ)
//	72     8    limit of these
//	80     4    rung of the ladder, from 1, 0 unless it is being stopped
//	84     4    number of rungs
//	88     4    1: wanted up, 0: down
//	92     4    what was in the way of the last start, if that has failed, else 0: [Obstacle]
//	 96   16    state, as text, padded with zeros as the following
//	112   16    name of the sender
//	128   80    name of the service
//	208   48    the sender in words, as far as it is known
//
// A slot without a name is empty. It has neither the last lines before an exit, nor what is
// known of a core, nor all that is known of a failed start.
type Slot struct {
	Sequence    uint32 // for package segment, which reads it together with Flags
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
	obstacle    uint32
	state       [maxState]byte
	sender      [maxSender]byte
	name        [maxName]byte
	cause       [maxCause]byte
}

// SlotSize is the size of a slot in bytes.
const SlotSize = 256

// The compiler checks the size.
var _ [SlotSize]byte = [unsafe.Sizeof(Slot{})]byte{}

// The flags.
const (
	flagReady = 1 << iota
	flagExited
	flagCore
	flagPaused
	flagMore
	flagCause
)

// Pack fills a slot with a service, except for the sequence. Texts that are too long are cut.
func (slot *Slot) Pack(s *Service) {
	*slot = Slot{
		since: s.Since, next: s.NextRestart, restarts: uint64(s.Restarts), pid: int32(s.PID), code: int32(s.Exit.Code),
		signal: int32(s.Exit.Signal), senderPID: int32(s.Exit.By.PID), senderUID: uint32(s.Exit.By.UID), held: uint32(s.Held),
		exited: s.Exit.Time, sigqUsed: s.SigQ.Used, sigqLimit: s.SigQ.Limit, rung: uint32(s.Rung), rungs: uint32(s.Rungs),
		wanted: bit(s.Wanted == Up, 1), obstacle: uint32(s.Unstarted.Obstacle),
	}
	copy(slot.state[:], s.State)
	copy(slot.sender[:], s.Exit.By.Name)
	copy(slot.name[:], s.Name)
	copy(slot.cause[:], shorten(s.Exit.Cause, maxCause))
	cause := len(s.Exit.Cause) > maxCause
	more := len(s.State) > maxState || len(s.Exit.By.Name) > maxSender || len(s.Name) > maxName ||
		s.Name != "" && s.Wanted != Up && s.Wanted != Down || s.Awaits != ""
	slot.Flags = bit(s.Ready, flagReady) | bit(s.Exited, flagExited) | bit(s.Exit.Core, flagCore) | bit(s.Paused, flagPaused) | bit(more || cause, flagMore) |
		bit(cause && !more, flagCause)
}

func bit(set bool, flag uint32) uint32 {
	if set {
		return flag
	}
	return 0
}

// Unpack reads a service, whatever is in the slot; complete is false if the slot cannot hold
// all of it. Texts that s has already are kept, without an allocation.
func (slot *Slot) Unpack(s *Service) (complete bool) {
	name, state, sender, cause := s.Name, s.State, s.Exit.By.Name, s.Exit.Cause
	complete = slot.View(s)
	s.Name, s.State = kept(name, s.Name), kept(state, s.State)
	s.Exit.By.Name, s.Exit.Cause = kept(sender, s.Exit.By.Name), kept(cause, s.Exit.Cause)
	return complete
}

// kept is a text of its own: the one before if that is the same.
func kept(before, now string) string {
	if before == now {
		return before
	}
	return string([]byte(now))
}

// View is [Slot.Unpack] without any allocation: the texts stay in the slot, which must not
// change. The fields are set one by one, so that there is no second service on the stack,
// which is small in a program that has just started.
func (slot *Slot) View(s *Service) (complete bool) {
	s.Name, s.State = word(slot.name[:]), word(slot.state[:])
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
	s.Unstarted.Obstacle, s.Unstarted.Text, s.Exit.Lines = Obstacle(min(slot.obstacle, uint32(numObstacles))), "", ""
	s.Exit.Crash, s.Awaits = Crash{}, ""
	s.Exit.By.PID, s.Exit.By.UID = int(slot.senderPID), int(slot.senderUID)
	s.Exit.By.Name, s.Exit.Cause = word(slot.sender[:]), word(slot.cause[:])
	return slot.Flags&flagMore == 0
}

// Keep writes what [Service.Observe] has changed.
func (slot *Slot) Keep(s *Service) {
	slot.Flags = slot.Flags&^(flagReady|flagPaused) | bit(s.Ready, flagReady) | bit(s.Paused, flagPaused)
	slot.sigqUsed, slot.sigqLimit = s.SigQ.Used, s.SigQ.Limit
}

// ForTable reports whether the slot holds all that the table has, which is without the cause
// of an exit.
func (slot *Slot) ForTable() bool { return slot.Flags&flagMore == 0 || slot.Flags&flagCause != 0 }

// NameWord is where the name begins, as a number: [NameWord]. Most slots that have another name
// can be told by it.
func (slot *Slot) NameWord() *uint64 { return (*uint64)(unsafe.Pointer(&slot.name)) }

// NameWord is the number of a name.
func NameWord(name string) uint64 {
	var slot Slot
	copy(slot.name[:], name)
	return *slot.NameWord()
}

// Named reports whether the slot is that of the service with a name.
func (slot *Slot) Named(name string) bool {
	n := len(name)
	return n <= maxName && text.Equal(word(slot.name[:n]), name) && (n == maxName || slot.name[n] == 0)
}

// word returns a text up to its first zero byte, where it is.
func word(memory []byte) string {
	n := 0
	for n < len(memory) && memory[n] != 0 {
		n++
	}
	return unsafe.String(unsafe.SliceData(memory), n)
}

// shorten cuts a sentence to a number of bytes: it drops what follows the last colon or
// comma, again and again, until it fits. It never cuts into parentheses, unless there is no
// other place to cut: then they are closed.
func shorten(sentence string, limit int) string {
	for len(sentence) > limit {
		end := lastSeparator(sentence)
		if end == 0 {
			return within(sentence, limit)
		}
		sentence = sentence[:end]
	}
	return sentence
}

// within cuts what is in parentheses behind one of its parts: "pid 812 (bash, tty pts/3)".
func within(sentence string, limit int) string {
	for i := limit - 1; i > 0 && sentence[i] != '('; i-- {
		if sentence[i] == ',' {
			return sentence[:i] + ")"
		}
	}
	return sentence[:limit]
}

// lastSeparator finds the last ": " or ", " after the last parenthesis, 0 if there is none.
func lastSeparator(sentence string) int {
	for i := len(sentence) - 2; i > 0 && sentence[i+1] != ')'; i-- {
		if sentence[i+1] == ' ' && (sentence[i] == ':' || sentence[i] == ',') {
			return i
		}
	}
	return 0
}
