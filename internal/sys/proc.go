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
func ParseStat(line string) (s Stat, err error) {
	open, end := -1, -1
	for i := range len(line) {
		switch {
		case line[i] == '(' && open < 0:
			open = i
		case line[i] == ')':
			end = i
		}
	}
	if open < 1 || end < open {
		return Stat{}, syscall.EINVAL
	}
	s.Name = line[open+1 : end]
	if s.PID, err = strconv.Atoi(text.Trim(line[:open])); err != nil {
		return Stat{}, syscall.EINVAL
	}
	numbers := [...]*int{&s.Parent, &s.Group, &s.Session, (*int)(&s.Terminal)}
	const flags, started = 9 - 3, 22 - 3 // their indices, counted from the state, which is the third field
	field := 0
	for value := range text.Split(text.Trim(line[end+1:]), ' ') {
		switch {
		case field == 0 && len(value) == 1:
			s.State = value[0]
		case field == 0:
			return Stat{}, syscall.EINVAL
		case field <= len(numbers):
			*numbers[field-1], err = strconv.Atoi(value)
		case field == flags:
			var bits uint64
			bits, err = strconv.ParseUint(value, 10, 64)
			s.NoExec = bits&0x40 != 0
		case field == started:
			s.Started, err = strconv.ParseUint(value, 10, 64)
			if err == nil {
				return s, nil
			}
		}
		if err != nil {
			return Stat{}, syscall.EINVAL
		}
		field++
	}
	return Stat{}, syscall.EINVAL
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
