package tree

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
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

	// known reports whether a child of ours is the main process of some service.
	known func(pid int) bool

	// The main process that was started last, whose session may outlive it. A pid is not
	// given to another process as long as it is the id of a session.
	leader int
}

func (d *descent) CgroupFD() (fd int, ok bool, err error) { return -1, false, nil }

func (d *descent) Started(pid int) { d.leader = pid }

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

// Empty first looks at our children alone. What is left of a service whose main process
// has been reaped is, or descends from, a child of ours that is no main process.
func (d *descent) Empty() (bool, error) {
	if children, ok := children(); ok && d.known != nil && !d.known(d.leader) {
		if !slices.ContainsFunc(children, func(pid int) bool { return !d.known(pid) }) {
			return true, nil
		}
	}
	all, err := processes()
	return len(d.pick(all)) == 0, err
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

func (d *descent) Kill() error { return killAll(d.pick) }

// killAll kills what pick chooses. It stops everything first, until a look finds nothing
// new, so that nothing can fork away from the SIGKILL that follows.
func killAll(pick func([]entry) []entry) error {
	stopped := map[int]entry{}
	for range killRounds {
		all, err := processes()
		if err != nil {
			return err
		}
		fresh := false
		for _, p := range pick(all) {
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

// Rest returns every living process that descends from the calling one, whatever service
// it belongs to.
func Rest() ([]Member, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var members []Member
	for _, p := range below(all) {
		members = append(members, Member{PID: p.pid, Name: p.name})
	}
	return members, nil
}

// KillRest sends SIGKILL to all that [Rest] returns.
func KillRest() error { return killAll(below) }

// below chooses the living processes that descend from the calling one.
func below(all []entry) []entry {
	self := os.Getpid()
	parents := make(map[int]int, len(all))
	for _, p := range all {
		parents[p.pid] = p.ppid
	}
	var picked []entry
	for _, p := range all {
		parent, depth := p.ppid, 0
		for parent != self && parent != 0 && depth < len(all) {
			parent, depth = parents[parent], depth+1
		}
		if parent == self && !p.zombie {
			picked = append(picked, p)
		}
	}
	return picked
}

// children lists the children of the calling process, and false where the kernel does
// not offer such a list: proc_tid_children(5), CONFIG_PROC_CHILDREN.
func children() (pids []int, ok bool) {
	for tid := range sys.Threads() {
		text, err := sys.ReadFile("/proc/self/task/" + strconv.Itoa(tid) + "/children")
		if err != nil {
			if errors.Is(err, unix.ENOENT) && !exists("/proc/self/task/"+strconv.Itoa(tid)) {
				continue // that thread has ended
			}
			return nil, false
		}
		ok = true
		for field := range strings.FieldsSeq(text) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids, ok
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

func (d *descent) leads(pid int) bool { return pid != 0 && pid == d.leader }

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
