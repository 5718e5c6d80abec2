package state

import (
	"supervise/internal/text"
	"supervise/signals"
)

// Status is what /proc/PID/status, or /proc/PID/task/TID/status, says of one thread that has
// to do with signals: proc_pid_status(5).
type Status struct {
	Comm  string // the thread's name, as the kernel escapes it
	State byte   // R S D Z T t X and so on

	// Process is the pid, Thread the tid, Parent the pid of the parent, and Tracer the tid of
	// who traces the thread, 0 for none: all of them in the namespace of that /proc.
	Process, Thread, Parent, Tracer int

	// Inner is the tid in the innermost PID namespace, Namespaces how many there are from that
	// of /proc to it: 1 if they are the same. Kernels that do not say: the tid, and 1.
	Inner, Namespaces int

	UID     uint32 // real
	Threads int    // of the process
	Kernel  bool   // it is a thread of the kernel
	Dumping bool   // the process writes its core: signals but SIGKILL wait

	// Pending are for this thread, Shared for any of the process, Blocked are blocked by this
	// thread. What a thread waits for in sigwait(3) is not among them while it does.
	Pending, Shared, Blocked signals.Set

	// Ignored and Caught hold for all threads of a process.
	Ignored, Caught signals.Set

	// Queued is the number of queued signals of the process's real user, Limit the process's
	// RLIMIT_SIGPENDING: the number from which on its user gets no more.
	Queued, Limit uint64
}

// Stopped reports whether a signal has stopped the thread. Under ptrace(2) it is not.
func (s *Status) Stopped() bool { return s.State == 'T' }

// Ended reports whether the thread is a zombie or dead. The main thread may be while the
// process lives: pthread_exit(3).
func (s *Status) Ended() bool { return s.State == 'Z' || s.State == 'X' }

// errNoSignals is a constant, as this is used before variables are initialised.
const errNoSignals = statusError("not a status file of /proc: it says nothing of signals")

type statusError string

func (e statusError) Error() string { return string(e) }

// Parse parses the text of a status file. Comm is a part of that text. Lines that it does not
// know are left out; the error is that a signal mask is none, or that there is none.
//
// The lines come in the order of fs/proc/array.c. Behind SigCgt, where nearly half of the text
// is, is none that is needed.
func Parse(status string) (Status, error) {
	s, mask, wrong := parse(status)
	switch wrong {
	case noMask:
		_, err := signals.ParseMask(mask)
		return Status{}, err
	case noSignals:
		return Status{}, errNoSignals
	}
	return s, nil
}

// Lookup is [Parse] without a word about what is wrong, and without allocation.
func Lookup(status string) (s Status, ok bool) {
	s, _, wrong := parse(status)
	return s, wrong == 0
}

// What is wrong with the text of a status file.
const (
	noMask    = 1 + iota // a mask
	noSignals            // there is no mask
)

// parse says what is wrong, 0 if nothing is, and returns the mask that is none.
func parse(status string) (s Status, mask string, wrong int) {
	p := parser{Status: &s}
	for more := true; more; {
		var line string
		line, status, more = text.Cut(status, '\n')
		name, value, _ := text.Cut(line, ':')
		value, tab := text.CutPrefix(value, "\t")
		if !tab {
			continue
		}
		set := p.field(name, value)
		if set == nil {
			continue
		}
		var ok bool
		if *set, ok = signals.LookupMask(value); !ok {
			return s, value, noMask
		}
		p.found = true
		if set == &s.Caught {
			break
		}
	}
	if !p.said {
		s.Kernel = !p.memory && !s.Ended()
	}
	if s.Namespaces == 0 {
		s.Inner, s.Namespaces = s.Thread, 1
	}
	if !p.found {
		return s, "", noSignals
	}
	return s, "", 0
}

// parser is a status while it is parsed.
type parser struct {
	*Status
	found  bool // there was a set
	memory bool // it has an address space
	said   bool // it has been said whether it is a thread of the kernel
}

// field takes a line, unless it is one with a set, which it returns.
func (s *parser) field(name, value string) *signals.Set {
	switch name {
	case "SigPnd":
		return &s.Pending
	case "ShdPnd":
		return &s.Shared
	case "SigBlk":
		return &s.Blocked
	case "SigIgn":
		return &s.Ignored
	case "SigCgt":
		return &s.Caught
	case "Kthread": // since Linux 6.8
		s.Kernel, s.said = value == "1", true
	case "VmSize":
		s.memory = true
	case "Name":
		s.Comm = value
	case "State":
		if value != "" {
			s.State = value[0]
		}
	case "Tgid":
		s.Process = number(value)
	case "Pid":
		s.Thread = number(value)
	case "PPid":
		s.Parent = number(value)
	case "TracerPid":
		s.Tracer = number(value)
	case "Threads":
		s.Threads = number(value)
	case "Uid":
		real, _, _ := text.Cut(value, '\t')
		s.UID = uint32(number(real))
	case "CoreDumping": // Linux 4.15
		s.Dumping = value == "1"
	case "NSpid":
		for more := true; more; s.Namespaces++ {
			var id string
			id, value, more = text.Cut(value, '\t')
			s.Inner = number(id)
		}
	case "SigQ":
		used, limit, _ := text.Cut(value, '/')
		s.Queued, _ = text.Uint(used, 1<<64-1)
		s.Limit, _ = text.Uint(limit, 1<<64-1)
	}
	return nil
}

// number parses one; what is none is 0.
func number(digits string) int {
	n, _ := text.Uint(digits, 1<<32-1)
	return int(n)
}
