package segment

import "supervise/signals"

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

	// More says that the service has something to it that the slot cannot say: a longer text,
	// or that it is wanted neither up nor down, but gone.
	More bool

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
	more := s.More || len(s.State) > maxState || len(s.Sender) > maxSender || len(s.Name) > maxName || len(s.Blame) > MaxBlame
	raw.flags = bit(s.Ready, flagReady) | bit(s.Exited, flagExited) | bit(s.Core, flagCore) | bit(s.Paused, flagPaused) | bit(more, flagMore)
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

// unpack reads it back, whatever is in it. It assigns one by one, so that there is no second
// slot on the stack, which is small where a program has just begun.
func (raw *rawSlot) unpack(s *Slot) {
	s.Name, s.State = word(raw.name[:], s.Name), word(raw.state[:], s.State)
	s.Sender, s.Blame = word(raw.sender[:], s.Sender), word(raw.blame[:], s.Blame)
	s.Wanted = raw.wanted != 0
	s.Ready, s.Paused = raw.flags&flagReady != 0, raw.flags&flagPaused != 0
	s.PID, s.Since, s.Restarts, s.NextRestart = raw.pid, raw.since, raw.restarts, raw.next
	s.Rung, s.Rungs, s.Held = raw.rung, raw.rungs, raw.held
	s.Exited, s.ExitTime, s.ExitCode, s.ExitSignal = raw.flags&flagExited != 0, raw.exited, raw.code, raw.signal
	s.Core, s.SenderPID, s.SenderUID = raw.flags&flagCore != 0, raw.senderPID, raw.senderUID
	s.SigQUsed, s.SigQLimit = raw.sigqUsed, raw.sigqLimit
	s.More, s.Torn = raw.flags&flagMore != 0, false
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

// Exit says in words how the last main process ended, and by whom; "" when there was none.
func (s *Slot) Exit() string {
	if !s.Exited {
		return ""
	}
	text := signals.Exit{Code: int(s.ExitCode), Signal: signals.Signal(s.ExitSignal), Core: s.Core}.String()
	if s.Blame != "" {
		text += ", " + s.Blame
	}
	return text
}
