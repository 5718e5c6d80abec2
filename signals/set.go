package signals

import (
	"errors"
	"iter"
	"math/bits"
	"strconv"
)

// Set is a set of signals, laid out as the kernel's sigset_t: signal n is bit n-1.
// The zero value is the empty set.
type Set uint64

// Full holds all 64 signals. The kernel silently leaves SIGKILL and SIGSTOP out of
// a mask: sigprocmask(2).
const Full = ^Set(0)

// Faults are the signals that the processor raises for the running thread (SYS: for a system
// call that seccomp traps). A thread that blocks them when it faults is killed at once:
// force_sig_info_to_task in the kernel's signal.c.
const Faults = Set(1<<(SIGILL-1) | 1<<(SIGTRAP-1) | 1<<(SIGBUS-1) | 1<<(SIGFPE-1) | 1<<(SIGSEGV-1) | 1<<(SIGSYS-1))

// SetOf returns the set of the given signals.
func SetOf(members ...Signal) Set {
	var set Set
	for _, s := range members {
		set = set.With(s)
	}
	return set
}

// bit is 0 for a number that is not a signal, so that such numbers have no effect.
func bit(s Signal) Set {
	if !s.Valid() {
		return 0
	}
	return 1 << (s - 1)
}

// Has reports whether s is in the set.
func (set Set) Has(s Signal) bool { return set&bit(s) != 0 }

// With returns the set with s in it.
func (set Set) With(s Signal) Set { return set | bit(s) }

// Without returns the set with s not in it.
func (set Set) Without(s Signal) Set { return set &^ bit(s) }

// Len returns how many signals are in the set.
func (set Set) Len() int { return bits.OnesCount64(uint64(set)) }

// All yields the members in ascending order.
func (set Set) All() iter.Seq[Signal] {
	return func(yield func(Signal) bool) {
		for rest := uint64(set); rest != 0; rest &= rest - 1 {
			if !yield(Signal(bits.TrailingZeros64(rest) + 1)) {
				return
			}
		}
	}
}

// String lists the names, "SIGHUP SIGTERM"; the empty set is "none", the full one "all".
func (set Set) String() string {
	switch set {
	case 0:
		return "none"
	case Full:
		return "all"
	}
	var names []byte
	for s := range set.All() {
		if len(names) > 0 {
			names = append(names, ' ')
		}
		names = append(names, s.String()...)
	}
	return string(names)
}

// ParseMask parses a mask as in SigBlk, SigIgn, SigCgt, SigPnd and ShdPnd of
// /proc/PID/status: 16 hexadecimal digits. proc_pid_status(5).
func ParseMask(text string) (Set, error) {
	set, ok := LookupMask(text)
	if !ok {
		return 0, errors.New("signal mask " + strconv.Quote(text) + " is not a 64-bit hexadecimal number")
	}
	return set, nil
}

// LookupMask is [ParseMask] without allocation.
func LookupMask(text string) (set Set, ok bool) {
	for i := range len(text) {
		digit := uint64(text[i])
		switch {
		case '0' <= digit && digit <= '9':
			digit -= '0'
		case 'a' <= digit|0x20 && digit|0x20 <= 'f':
			digit = digit | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		if set>>60 != 0 {
			return 0, false
		}
		set = set<<4 | Set(digit)
	}
	return set, text != ""
}

// Mask returns the set as /proc/PID/status shows it; [ParseMask] parses it.
func (set Set) Mask() string {
	digits := strconv.FormatUint(uint64(set), 16)
	return "0000000000000000"[len(digits):] + digits
}
