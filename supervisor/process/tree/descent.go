package tree

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/send"
)

// markVariable is the start of the environment entry that marks a supervisor's processes.
const markVariable = "SUPERVISE_INSTANCE="

// killRounds bounds how often survivors that fork faster than they can be listed are
// looked for in one call; the caller comes back.
const killRounds = 20

// descent is the tree of a service that has no cgroup.
type descent struct {
	mark, service string

	// The main processes of this service so far, whose sessions may have outlived them.
	// A pid is not given to another process as long as it is the id of a session.
	leaders []int
}

func (d *descent) CgroupFD() (dir, procs int, ok bool) { return -1, -1, false }

func (d *descent) Started(pid int) {
	// What is empty when a service is started anew cannot come back.
	d.leaders = append(d.leaders[:0], pid)
}

func (d *descent) Members() ([]Member, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var members []Member
	for _, p := range d.pick(all) {
		members = append(members, Member{PID: p.pid, Name: p.name})
	}
	return members, nil
}

func (d *descent) Empty() (bool, error) {
	all, err := processes()
	return len(d.pick(all)) == 0, err
}

// Kill stops everything first, until a look finds nothing new, so that nothing can fork
// away from the SIGKILL that follows.
func (d *descent) Kill() error {
	stopped := map[int]entry{}
	for range killRounds {
		all, err := processes()
		if err != nil {
			return err
		}
		fresh := false
		for _, p := range d.pick(all) {
			if stopped[p.pid].started != p.started {
				stopped[p.pid], fresh = p, true
				sendTo(p.pid, signals.SIGSTOP, p.same)
			}
		}
		if !fresh {
			break
		}
	}
	for _, p := range stopped {
		sendTo(p.pid, signals.SIGKILL, p.same)
	}
	return nil
}

func (d *descent) Signal(s signals.Signal) (sent int, err error) {
	all, err := processes()
	for _, p := range d.pick(all) {
		if sendTo(p.pid, s, p.same) {
			sent++
		}
	}
	return sent, err
}

func (d *descent) Close() error { return nil }

// pick chooses the living processes that belong to the service.
func (d *descent) pick(all []entry) []entry {
	const unknown, ours, foreign = 0, 1, 2
	self := os.Getpid()
	byPID := make(map[int]int, len(all))
	for i, p := range all {
		byPID[p.pid] = i
	}
	verdict := make([]int, len(all))
	var decide func(i, depth int) int
	decide = func(i, depth int) int {
		if verdict[i] != unknown {
			return verdict[i]
		}
		p := all[i]
		result := foreign
		parent, known := byPID[p.ppid]
		switch {
		case p.pid == self || depth > len(all):
		case d.leads(p.pid) || d.leads(p.session) || d.leads(p.group):
			result = ours
		case p.ppid == self:
			if d.marked(p.pid) {
				result = ours
			}
		case known:
			result = decide(parent, depth+1)
		}
		verdict[i] = result
		return result
	}
	var picked []entry
	for i := range all {
		if decide(i, 0) == ours && !all[i].zombie {
			picked = append(picked, all[i])
		}
	}
	return picked
}

func (d *descent) leads(pid int) bool {
	for _, leader := range d.leaders {
		if pid == leader {
			return true
		}
	}
	return false
}

// marked reports whether a process was started, by whatever way, by this service of this
// supervisor, if its environment still says so. Only orphans are asked.
func (d *descent) marked(pid int) bool {
	environ, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	instance, service := false, false
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		switch string(entry) {
		case markVariable + d.mark:
			instance = true
		case "SUPERVISE_SERVICE=" + d.service:
			service = true
		}
	}
	return instance && service
}

// entry is what /proc/PID/stat tells of a process.
type entry struct {
	pid, ppid, group, session int
	started                   int // clock ticks after boot
	name                      string
	zombie                    bool
}

// same reports whether pid is still the process that the entry was read of. Its parent,
// group and session may have changed, and its name.
func (p entry) same(pid int) bool {
	now, ok := readStat(strconv.Itoa(pid))
	return ok && now.started == p.started
}

// processes lists all processes that are to be seen.
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
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return entry{}, false
	}
	return parseStat(text)
}

// parseStat reads "pid (name) state ppid pgrp session ...": proc_pid_stat(5). The name
// may have blanks and parentheses in it, so that it ends at the last one.
func parseStat(text []byte) (p entry, ok bool) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 1 || end < open {
		return p, false
	}
	fields := bytes.Fields(text[end+1:])
	const startField = 22 - 3 // counted from the state, the third
	if len(fields) <= startField {
		return p, false
	}
	p.name = string(text[open+1 : end])
	p.zombie = fields[0][0] == 'Z' || fields[0][0] == 'X'
	numbers := []struct {
		to   *int
		from []byte
	}{{&p.pid, bytes.TrimSpace(text[:open])}, {&p.ppid, fields[1]}, {&p.group, fields[2]}, {&p.session, fields[3]}, {&p.started, fields[startField]}}
	for _, n := range numbers {
		var err error
		if *n.to, err = strconv.Atoi(string(n.from)); err != nil {
			return p, false
		}
	}
	return p, true
}

// commOf returns the name of a process, "" when it is gone.
func commOf(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return ""
	}
	return string(bytes.TrimSuffix(text, []byte{'\n'}))
}

// sendTo signals a process that is not our child, so that it may be gone and its pid in
// use again: a pidfd is taken first, and only if the process behind it still belongs is
// it signalled.
func sendTo(pid int, s signals.Signal, belongs func(pid int) bool) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		// Before Linux 5.3 there are no pidfds.
		return err == unix.ENOSYS && belongs(pid) && send.Process(pid, s) == send.OK
	}
	defer unix.Close(fd)
	return belongs(pid) && unix.PidfdSendSignal(fd, unix.Signal(s), nil, 0) == nil
}
