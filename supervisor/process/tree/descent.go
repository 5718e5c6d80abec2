package tree

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

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
	// given to another process as long as it is the id of a session or group.
	leader entry
}

func (d *descent) CgroupFD() (fd int, ok bool, err error) { return -1, false, nil }

// Started reads the process's start time too, by which it is told from a later one that
// is given the same pid. The caller has not reaped it yet.
func (d *descent) Started(pid int) {
	var ok bool
	if d.leader, ok = readStat(strconv.Itoa(pid)); !ok {
		d.leader = entry{pid: pid}
	}
}

func (d *descent) Members() ([]Member, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var members []Member
	picked, _ := d.pick(all)
	for _, p := range picked {
		members = append(members, Member{PID: p.pid, Name: p.name})
	}
	return members, nil
}

// emptyLooks bounds how often one question is looked into. Where that does not suffice
// somebody of ours is ending all the time, and to reap him is an occasion to ask again.
const emptyLooks = 5

// Empty first looks at our children alone. What is left of a service whose main process
// has been reaped is, or descends from, a child of ours that is no main process. If all of
// those had ended before they were listed, and so left their children to us, nothing is.
func (d *descent) Empty() (bool, error) {
	ended := endings{known: d.other}
	for range emptyLooks {
		if kin, ok := kin(d.known); ok && d.known != nil && !d.known(d.leader.pid) {
			fresh := ended.fresh(kin)
			if !slices.ContainsFunc(kin, func(p entry) bool { return !p.zombie }) {
				if !fresh {
					return true, nil
				}
				continue
			}
		}
		all, err := processes()
		picked, unsure := d.pick(all)
		if err != nil || len(picked) > 0 {
			return false, err
		}
		if fresh := ended.fresh(all); !fresh && !unsure {
			return true, nil
		}
	}
	return false, nil
}

// other reports whether a process is the main one of another service.
func (d *descent) other(pid int) bool { return d.known != nil && pid != d.leader.pid && d.known(pid) }

func (d *descent) Signal(s signals.Signal) (sent int, err error) {
	all, err := processes()
	picked, _ := d.pick(all)
	for _, p := range picked {
		if sendTo(p.pid, s, p.same) {
			sent++
		}
	}
	return sent, err
}

func (d *descent) Kill() error { return killAll(d.pick, d.other) }

// killAll kills what pick chooses. It stops everything first, until a look finds nothing
// new, so that nothing can fork away from the SIGKILL that follows, and that what is known
// by its parent alone is seen below it. Our own children are looked at by themselves before
// all others: a process that only lives to start the next one is gone before a list of all
// is read, and for the most part a child of ours.
func killAll(pick func([]entry) (picked []entry, unsure bool), known func(pid int) bool) error {
	stopped, ended := map[int]entry{}, endings{known: known}
	for range killRounds {
		near, _ := kin(nil)
		picked, _ := pick(near)
		fresh := stop(near, picked, stopped)
		all, err := processes()
		if err != nil {
			return err
		}
		picked, unsure := pick(all)
		fresh = stop(all, picked, stopped) || fresh
		if !ended.fresh(all) && !unsure && !fresh {
			break
		}
	}
	for _, p := range stopped {
		sendTo(p.pid, signals.SIGKILL, p.same)
	}
	return nil
}

// stop stops what was picked, and says whether some of it was not stopped before.
func stop(all, picked []entry, stopped map[int]entry) (fresh bool) {
	stopGroups(all, picked)
	for _, p := range picked {
		if stopped[p.pid].started != p.started {
			stopped[p.pid], fresh = p, true
			sendTo(p.pid, signals.SIGSTOP, p.same)
		}
	}
	return fresh
}

// stopGroups stops whole process groups: one by one, processes that fork all the time are
// never all found. A session that a descendant of ours has made has none but descendants
// of ours in it. A group cannot end, and its id not be used again, as long as a child of
// ours is in it, which the caller alone reaps.
func stopGroups(all, picked []entry) {
	own, ok := readStat("self")
	if !ok {
		return
	}
	held := map[int]bool{}
	for _, p := range all {
		if p.ppid == own.pid {
			held[p.group] = true
		}
	}
	for _, p := range picked {
		if held[p.group] && p.session != own.session && p.group != own.group {
			held[p.group] = false // once
			send.Group(p.group, signals.SIGSTOP)
		}
	}
}

// Rest returns every living process that descends from the calling one, whatever service
// it belongs to.
func Rest() ([]Member, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var members []Member
	picked, _ := below(all)
	for _, p := range picked {
		members = append(members, Member{PID: p.pid, Name: p.name})
	}
	return members, nil
}

// KillRest sends SIGKILL to all that [Rest] returns.
func KillRest() error { return killAll(below, nil) }

// below chooses the living processes that descend from the calling one.
func below(all []entry) (picked []entry, unsure bool) {
	self := os.Getpid()
	parents := make(map[int]int, len(all))
	for _, p := range all {
		parents[p.pid] = p.ppid
	}
	for _, p := range all {
		parent, depth := p.ppid, 0
		for parent != self && parent != 0 && depth < len(all) {
			parent, depth = parents[parent], depth+1
		}
		if parent == self && !p.zombie {
			picked = append(picked, p)
		}
	}
	return picked, false
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

// pick chooses the living processes that belong to the service. All of them descend from
// us, so that nobody else's can be among them. It is unsure when somebody has ended before
// his mark could be read.
func (d *descent) pick(all []entry) (picked []entry, unsure bool) {
	byPID := make(map[int]int, len(all))
	for i, p := range all {
		byPID[p.pid] = i
		if p.pid == d.leader.pid && p.started != d.leader.started && d.leader.started != 0 {
			d.leader = entry{} // its pid is in use again: nothing of its session is left
		}
	}
	const unknown, foreign, below, ours = 0, 1, 2, 3
	self := os.Getpid()
	verdicts := make([]int, len(all))
	var decide func(i, depth int) int
	decide = func(i, depth int) int {
		if verdicts[i] != unknown {
			return verdicts[i]
		}
		p, verdict := all[i], foreign
		parent, listed := byPID[p.ppid]
		switch {
		case p.pid == self || p.ppid == 0 || depth > len(all):
		case p.ppid == self || !listed:
			// Not listed: its parent has ended since, so that it may have become our child.
			if p.ppid == self {
				verdict = below
			}
			yes, gone := d.leads(p), false
			if !yes && !p.zombie {
				yes, gone = d.marked(p)
			}
			if yes {
				verdict = ours
			}
			unsure = unsure || gone
		default:
			if verdict = decide(parent, depth+1); verdict == below && d.leads(p) {
				verdict = ours
			}
		}
		verdicts[i] = verdict
		return verdict
	}
	for i := range all {
		if decide(i, 0) == ours && !all[i].zombie {
			picked = append(picked, all[i])
		}
	}
	return picked, unsure
}

// leads reports whether a process is the main process, or in its session or group.
func (d *descent) leads(p entry) bool {
	leader := d.leader.pid
	return leader != 0 && (p.pid == leader || p.session == leader || p.group == leader)
}

// marked reports whether a process was started, by whatever way, by this service of this
// supervisor, if its environment still says so. Only orphans are asked. gone says of one
// that has ended in the meantime, so that it cannot be known.
func (d *descent) marked(p entry) (yes, gone bool) {
	text := environ(p.pid)
	if text == nil {
		now, there := readStat(strconv.Itoa(p.pid))
		return false, !there || now.zombie || now.started != p.started
	}
	instance, service := false, false
	for entry := range bytes.SplitSeq(text, []byte{0}) {
		switch string(entry) {
		case markVariable + d.mark:
			instance = true
		case "SUPERVISE_SERVICE=" + d.service:
			service = true
		}
	}
	return instance && service, false
}

// environ returns the initial environment of a process, nil when it cannot be read. In the
// middle of an execve(2) there is none, and whoever calls that has been somebody before, so
// that it is worth waiting for. Nor does the kernel show one for a thread that has ended, as
// the first may have before the others.
func environ(pid int) []byte {
	dir := "/proc/" + strconv.Itoa(pid)
	for range 100 {
		if text, err := os.ReadFile(dir + "/environ"); err == nil && len(text) > 0 {
			return text
		}
		if p, ok := readStat(strconv.Itoa(pid)); !ok || !p.bare {
			break
		}
		time.Sleep(100 * time.Microsecond)
	}
	tasks, _ := os.ReadDir(dir + "/task")
	for _, task := range tasks {
		if text, err := os.ReadFile(dir + "/task/" + task.Name() + "/environ"); err == nil && len(text) > 0 {
			return text
		}
	}
	return nil
}

// sendTo signals a process that is not our child, so that it may be gone and its pid in
// use again: a pidfd is taken first, and only if the process behind it still belongs is
// it signalled.
func sendTo(pid int, s signals.Signal, belongs func(pid int) bool) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	switch err {
	case nil:
	case unix.ENOSYS, unix.EPERM:
		// Before Linux 5.3 there are no pidfds, and seccomp filters older than that refuse
		// them by EPERM, which pidfd_open itself never returns.
		return belongs(pid) && send.Process(pid, s) == send.OK
	default:
		return false
	}
	defer unix.Close(fd)
	return belongs(pid) && unix.PidfdSendSignal(fd, unix.Signal(s), nil, 0) == nil
}
