package ipc

import (
	"os"
	"strconv"
	"strings"

	"supervise/internal/sys"
)

// Owner is a process, told from all others that ever had its pid by when it began.
type Owner struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // starttime of proc_pid_stat(5): clock ticks since boot
}

// Self is the calling process.
func Self() Owner {
	o := Owner{PID: os.Getpid()}
	o.Start, _ = started(o.PID)
	return o
}

// Alive reports whether the process still runs, be it stopped. A zombie does not.
func (o Owner) Alive() bool {
	start, ok := started(o.PID)
	return ok && start == o.Start
}

// running reports whether some process has the pid.
func running(pid int) bool {
	_, ok := started(pid)
	return ok
}

// started returns when the process began that has the pid now, if one has and it is no
// zombie.
func started(pid int) (start uint64, ok bool) {
	if pid <= 0 {
		return 0, false
	}
	stat, err := sys.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}
	return parseStat(stat)
}

// parseStat reads the third and the 22nd field; the second is the name in parentheses,
// which may have anything in it.
func parseStat(stat string) (start uint64, ok bool) {
	rest := stat[strings.LastIndexByte(stat, ')')+1:]
	fields := strings.Fields(rest)
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return 0, false
	}
	start, err := strconv.ParseUint(fields[19], 10, 64)
	return start, err == nil
}
