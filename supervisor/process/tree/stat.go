package tree

import (
	"bytes"
	"os"
	"strconv"

	"supervise/internal/sys"
)

// entry is a process as in /proc/PID/stat.
type entry struct {
	pid, ppid, group, session int
	started                   int // clock ticks after boot
	name                      string
	zombie                    bool // all its threads have ended
	execing                   bool // it has no environment at present: it is in the middle of execve(2) or exit(2)
}

// same reports whether pid is still the process that the entry was read from. Its parent,
// group, session and name may have changed.
func (p entry) same(pid int) bool {
	now, ok := readStat(strconv.Itoa(pid))
	return ok && now.started == p.started
}

// processes lists all visible processes.
func processes() ([]entry, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	all := make([]entry, 0, len(names))
	for _, name := range names {
		if name[0] < '1' || name[0] > '9' {
			continue
		}
		if p, ok := readStat(name); ok {
			all = append(all, p)
		}
	}
	return all, nil
}

func readStat(pid string) (entry, bool) {
	text, err := sys.ReadFile("/proc/" + pid + "/stat") // without the system calls that package os adds
	if err != nil {
		return entry{}, false
	}
	return parseStat([]byte(text))
}

// parseStat parses "pid (name) state ppid pgrp session ...": proc_pid_stat(5). The name may
// contain blanks and parentheses, so it ends at the last one.
func parseStat(text []byte) (p entry, ok bool) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 1 || end < open {
		return p, false
	}
	fields := bytes.Fields(text[end+1:])
	const threadsField, startField, codeField, envEndField = 20 - 3, 22 - 3, 26 - 3, 51 - 3 // counted from the state, the third
	if len(fields) <= startField {
		return p, false
	}
	p.name = string(text[open+1 : end])
	threads := 0
	numbers := []struct {
		to   *int
		from []byte
	}{
		{&p.pid, bytes.TrimSpace(text[:open])},
		{&p.ppid, fields[1]},
		{&p.group, fields[2]},
		{&p.session, fields[3]},
		{&threads, fields[threadsField]},
		{&p.started, fields[startField]},
	}
	for _, n := range numbers {
		var err error
		if *n.to, err = strconv.Atoi(string(n.from)); err != nil {
			return p, false
		}
	}
	// The state is that of the first thread, which may have ended before the others.
	ended := fields[0][0] == 'Z' || fields[0][0] == 'X'
	p.zombie = ended && threads <= 1
	// To those who may not know, the kernel says 1 for the start of its code, and 0 for the end of
	// its environment: do_task_stat in fs/proc/array.c.
	p.execing = !ended && len(fields) > envEndField && string(fields[envEndField]) == "0" && string(fields[codeField]) != "1"
	return p, true
}

// commOf returns the name of a process, "" if it is gone.
func commOf(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return ""
	}
	return string(bytes.TrimSuffix(text, []byte{'\n'}))
}
