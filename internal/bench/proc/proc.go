package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// PSS returns the memory of a process in KiB, with what it shares divided by the number of
// processes that share it: Pss in /proc/PID/smaps_rollup, Linux 4.14. It may be read of
// processes of the same user, and by root.
func PSS(pid int) (kib int64, err error) {
	file := path(pid, "smaps_rollup")
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	value, ok := field(string(text), "Pss:")
	if !ok {
		return 0, fmt.Errorf("no Pss in %s", file)
	}
	return value, nil
}

// CPU returns the processor time that all threads of a process have used, those that have
// ended included: clock_getcpuclockid(3).
func CPU(pid int) (time.Duration, error) {
	const schedClock = 2 // CPUCLOCK_SCHED: include/linux/posix-timers_types.h
	var used unix.Timespec
	if err := unix.ClockGettime(^int32(pid)<<3|schedClock, &used); err != nil {
		return 0, fmt.Errorf("cannot read the clock of process %d: %w", pid, err)
	}
	return time.Duration(used.Nano()), nil
}

// Switches returns how often the threads of a process have gone to sleep, which is how often
// they were woken, and how often they were pushed off a processor: the context switches
// in /proc/PID/task/TID/status, of all threads there are now.
func Switches(pid int) (voluntary, involuntary int64, err error) {
	files, err := filepath.Glob(path(pid, "task/*/status"))
	if err != nil || len(files) == 0 {
		return 0, 0, fmt.Errorf("process %d has no threads: %w", pid, os.ErrNotExist)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, 0, err
		}
		v, vok := field(string(text), "voluntary_ctxt_switches:")
		n, nok := field(string(text), "nonvoluntary_ctxt_switches:")
		if !vok || !nok {
			return 0, 0, fmt.Errorf("no context switches in %s", file)
		}
		voluntary, involuntary = voluntary+v, involuntary+n
	}
	return voluntary, involuntary, nil
}

// PageTables returns the memory of a process's page tables in KiB, which PSS leaves out: VmPTE in
// /proc/PID/status.
func PageTables(pid int) (kib int64, err error) {
	file := path(pid, "status")
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	value, ok := field(string(text), "VmPTE:")
	if !ok {
		return 0, fmt.Errorf("no VmPTE in %s", file)
	}
	return value, nil
}

// Threads returns the number of threads of a process.
func Threads(pid int) (int, error) {
	entries, err := os.ReadDir(path(pid, "task"))
	return len(entries), err
}

// Process is one process as a walk over /proc finds it.
type Process struct {
	PID, Parent int
	Zombie      bool
}

// All lists the processes of the PID namespace. Those that end meanwhile are left out.
func All() ([]Process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []Process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(path(pid, "stat"))
		if err != nil {
			continue
		}
		if p, ok := parseStat(pid, string(text)); ok {
			all = append(all, p)
		}
	}
	return all, nil
}

// Children lists the children of a process, without a look at them: proc_tid_children(5).
func Children(pid int) (children []int, err error) {
	files, err := filepath.Glob(path(pid, "task/*/children"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("the children of process %d are not known: %w", pid, os.ErrNotExist)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			children = append(children, child)
		}
	}
	return children, nil
}

// parseStat reads /proc/PID/stat: the name, in parentheses, may hold anything.
func parseStat(pid int, text string) (p Process, ok bool) {
	after := text[strings.LastIndexByte(text, ')')+1:]
	fields := strings.Fields(after)
	if len(fields) < 2 {
		return p, false
	}
	parent, err := strconv.Atoi(fields[1])
	return Process{PID: pid, Parent: parent, Zombie: fields[0] == "Z"}, err == nil
}

// field returns the number that follows a name at the beginning of a line.
func field(text, name string) (value int64, ok bool) {
	for line := range strings.Lines(text) {
		rest, found := strings.CutPrefix(line, name)
		if !found {
			continue
		}
		words := strings.Fields(rest)
		if len(words) == 0 {
			return 0, false
		}
		value, err := strconv.ParseInt(words[0], 10, 64)
		return value, err == nil
	}
	return 0, false
}

func path(pid int, file string) string { return "/proc/" + strconv.Itoa(pid) + "/" + file }
