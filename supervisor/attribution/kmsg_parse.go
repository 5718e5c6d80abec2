package attribution

import (
	"strconv"
	"strings"
)

// oomKill is what the kernel's log says of one process that the OOM killer chose.
type oomKill struct {
	pid    int    // in the initial PID namespace
	reason string // what was full, "" if the record does not say
}

// Reasons, for records that say no more.
const (
	machineFull = "the machine was out of memory"
	cgroupFull  = "its memory cgroup was full"
)

// parseKernelRecord reads one record of /dev/kmsg, "priority,sequence,time,flags;message".
// mm/oom_kill.c prints two about a kill; the second always comes, the first is rate-limited:
//
//	oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/a,task_memcg=/a,task=tail,pid=812,uid=0
//	Memory cgroup out of memory: Killed process 812 (tail) total-vm:22192kB, ...
//
// Processes choose their names themselves, so nothing after a name is believed that could be
// part of it. Users can write to the log, too: only records of the kernel count.
func parseKernelRecord(record string) (kill oomKill, ok bool) {
	prefix, message, _ := strings.Cut(record, ";")
	level, _, _ := strings.Cut(prefix, ",")
	if priority, err := strconv.ParseUint(level, 10, 32); err != nil || priority>>3 != 0 {
		return kill, false // LOG_KERN is facility 0
	}
	message, _, _ = strings.Cut(message, "\n")
	if fields, choice := strings.CutPrefix(message, "oom-kill:constraint="); choice {
		return parseChoice(fields)
	}
	before, after, found := strings.Cut(message, "Killed process ")
	if !found || before != "" && !strings.HasSuffix(before, ": ") {
		return kill, false
	}
	switch {
	case strings.HasPrefix(before, "Memory cgroup out of memory"):
		kill.reason = cgroupFull
	case strings.HasPrefix(before, "Out of memory"):
		kill.reason = machineFull
	case before != "":
		return kill, false
	}
	pid, name, _ := strings.Cut(after, " ")
	if !strings.HasPrefix(name, "(") {
		return oomKill{}, false
	}
	kill.pid, ok = parsePID(pid)
	return kill, ok
}

// parseChoice reads what stands behind "oom-kill:constraint=".
func parseChoice(fields string) (kill oomKill, ok bool) {
	uid := strings.LastIndex(fields, ",uid=")
	if uid < 0 {
		return kill, false
	}
	pid := strings.LastIndex(fields[:uid], ",pid=")
	task := strings.Index(fields, ",task=")
	if pid < 0 || task < 0 || task > pid {
		return kill, false
	}
	switch constraint, _, _ := strings.Cut(fields, ","); constraint {
	case "CONSTRAINT_MEMCG":
		kill.reason = cgroupFull
		if group := between(fields[:task], ",oom_memcg=", ",task_memcg="); group != "" {
			kill.reason = "memory cgroup " + group + " was full"
		}
	case "CONSTRAINT_CPUSET", "CONSTRAINT_MEMORY_POLICY":
		kill.reason = "the memory nodes that it may use were full"
	default:
		kill.reason = machineFull
	}
	kill.pid, ok = parsePID(fields[pid+len(",pid=") : uid])
	return kill, ok
}

func between(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, found := strings.Cut(text, to)
	if !found {
		return ""
	}
	return text
}

func parsePID(text string) (int, bool) {
	pid, err := strconv.ParseUint(text, 10, 31)
	return int(pid), err == nil && pid > 0
}
