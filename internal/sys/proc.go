package sys

import (
	"iter"
	"strconv"
	"syscall"

	"supervise/internal/text"
)

// Stat is the part of /proc/PID/stat that supervising needs: proc_pid_stat(5).
type Stat struct {
	PID      int
	Name     string // the kernel's comm: 15 bytes at the most, any bytes
	State    byte   // R S D Z T t X and so on
	Parent   int
	Group    int
	Session  int
	Terminal Device // the controlling one
	NoExec   bool   // it has not executed a program since it was forked: PF_FORKNOEXEC in linux/sched.h
	Started  uint64 // clock ticks after boot: with PID it identifies one process for good
}

// Zombie reports whether the process has ended and has not been reaped.
func (s Stat) Zombie() bool { return s.State == 'Z' || s.State == 'X' }

// Stopped reports whether a signal or a debugger has stopped the process.
func (s Stat) Stopped() bool { return s.State == 'T' || s.State == 't' }

// ReadStat reads a process's stat file; ENOENT or ESRCH if it is gone.
func ReadStat(pid int) (s Stat, err error) {
	err = ReadProc("/proc/"+strconv.Itoa(pid)+"/stat", func(line string) (err error) {
		s, err = ParseStat(line)
		s.Name = string([]byte(s.Name))
		return err
	})
	return s, err
}

// ParseStat parses the text of a /proc/PID/stat. The name may contain blanks and parentheses,
// so it ends at the last one.
func ParseStat(line string) (Stat, error) {
	s, ok := parseStat(line)
	if !ok {
		return Stat{}, syscall.EINVAL
	}
	return s, nil
}

func parseStat(line string) (s Stat, ok bool) {
	open, end := text.IndexByte(line, '('), text.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return Stat{}, false
	}
	s.Name = line[open+1 : end]
	if s.PID, ok = number(text.Trim(line[:open])); !ok {
		return Stat{}, false
	}
	numbers := [...]*int{&s.Parent, &s.Group, &s.Session, (*int)(&s.Terminal)}
	const flags, started = 9 - 3, 22 - 3 // their indices, counted from the state, which is the third field
	rest := text.Trim(line[end+1:])
	for field := 0; ok; field++ {
		value, after, _ := text.Cut(rest, ' ')
		rest = after
		switch {
		case field == 0:
			if ok = len(value) == 1; ok {
				s.State = value[0]
			}
		case field <= len(numbers):
			*numbers[field-1], ok = number(value)
		case field == flags:
			var bits uint64
			bits, ok = text.Uint(value, 1<<64-1)
			s.NoExec = bits&0x40 != 0
		case field == started:
			s.Started, ok = text.Uint(value, 1<<64-1)
			return s, ok
		}
	}
	return Stat{}, false
}

// number parses one that may be negative.
func number(s string) (n int, ok bool) {
	digits, negative := text.CutPrefix(s, "-")
	abs, ok := text.Uint(digits, 1<<63-1)
	if negative {
		return -int(abs), ok
	}
	return int(abs), ok
}

// Processes yields the stat of every process visible in /proc, one after the other, so that
// the whole is no snapshot. It yields none if there is no /proc.
func Processes() iter.Seq[Stat] {
	return func(yield func(Stat) bool) {
		for pid := range numbered("/proc") {
			if stat, err := ReadStat(pid); err == nil && !yield(stat) {
				return
			}
		}
	}
}
