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

// markVariable begins the environment entry that marks a supervisor's processes.
const markVariable = "SUPERVISE_INSTANCE="

// killRounds bounds how often one call looks for survivors that fork faster than they can be
// listed; the caller comes back.
const killRounds = 20

// ancestry is the tree of a service that has no cgroup.
type ancestry struct {
	mark, service string

	// isMain reports whether a child of ours is the main process of some service.
	isMain func(pid int) bool

	// leader is the main process that was started last. Its session may outlive it; as long
	// as a pid is the id of a session or group, no other process gets it.
	leader entry

	// main is the present main process: the leader, or who has taken over from it.
	main int
}

func (a *ancestry) CgroupFD() (fd int, ok bool, err error) { return -1, false, nil }

// Started also reads the process's start time, which distinguishes it from a later process
// with the same pid. The caller has not reaped it yet.
func (a *ancestry) Started(pid int) {
	var ok bool
	a.main = pid
	if a.leader, ok = readStat(strconv.Itoa(pid)); !ok {
		a.leader = entry{pid: pid}
	}
}

// Follow leaves the session what it was.
func (a *ancestry) Follow(pid int) { a.main = pid }

func (a *ancestry) Members() ([]Member, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var members []Member
	picked, _ := a.find(all)
	for _, p := range picked {
		members = append(members, Member{PID: p.pid, Name: p.name})
	}
	return members, nil
}

// emptyAttempts bounds how often one call of Empty looks. If that is not enough, our children
// keep exiting; reaping one triggers the next check.
const emptyAttempts = 5

// Empty first looks at our children only. After a service's main process was reaped, whatever
// is left of it is a child of ours that is no main process, or descends from one. If all of
// those had ended before they were listed, and so left their children to us, nothing is left.
func (a *ancestry) Empty() (bool, error) {
	exited := exitedChildren{ignored: a.isOtherMain}
	for range emptyAttempts {
		if list, ok := children(a.isMain); ok && a.isMain != nil && !a.isMain(a.main) {
			fresh := exited.addNew(list)
			if !slices.ContainsFunc(list, func(p entry) bool { return !p.zombie }) {
				if !fresh {
					return true, nil
				}
				continue
			}
		}
		all, err := processes()
		picked, unsure := a.find(all)
		if err != nil || len(picked) > 0 {
			return false, err
		}
		if fresh := exited.addNew(all); !fresh && !unsure {
			return true, nil
		}
	}
	return false, nil
}

// isOtherMain reports whether a process is the main process of another service.
func (a *ancestry) isOtherMain(pid int) bool {
	return a.isMain != nil && pid != a.main && a.isMain(pid)
}

func (a *ancestry) Signal(s signals.Signal) (sent int, err error) {
	all, err := processes()
	picked, _ := a.find(all)
	for _, p := range picked {
		if sendTo(p.pid, s, p.same) {
			sent++
		}
	}
	return sent, err
}

func (a *ancestry) Kill() error { return killAll(a.find, a.isOtherMain) }

// killAll kills what pick selects. First it stops everything, until a look finds nothing new:
// then nothing can fork away from the SIGKILL that follows, and processes that are known only
// by their parent are found below it. It looks at our own children before all others: a
// process that only lives to start the next one is gone before a list of all processes is
// read, and is usually a child of ours.
func killAll(pick func([]entry) (picked []entry, unsure bool), ignored func(pid int) bool) error {
	stopped, exited := map[int]entry{}, exitedChildren{ignored: ignored}
	for range killRounds {
		near, _ := children(nil)
		picked, _ := pick(near)
		fresh := stop(near, picked, stopped)
		all, err := processes()
		if err != nil {
			return err
		}
		picked, unsure := pick(all)
		fresh = stop(all, picked, stopped) || fresh
		if !exited.addNew(all) && !unsure && !fresh {
			break
		}
	}
	for _, p := range stopped {
		sendTo(p.pid, signals.SIGKILL, p.same)
	}
	return nil
}

// stop stops the picked processes, and reports whether any was not stopped before.
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

// stopGroups stops whole process groups: of processes that keep forking, stopping one by one
// never reaches all. A session made by a descendant of ours contains only descendants of
// ours. While a child of ours is in a group, the group cannot end and its id cannot be
// reused, as only the caller reaps that child.
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

// Descendants returns every living process that descends from the calling one, whatever
// service it belongs to.
func Descendants() ([]Member, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var members []Member
	picked, _ := descendants(all)
	for _, p := range picked {
		members = append(members, Member{PID: p.pid, Name: p.name})
	}
	return members, nil
}

// KillDescendants sends SIGKILL to everything that [Descendants] returns.
func KillDescendants() error { return killAll(descendants, nil) }

// descendants selects the living processes that descend from the calling one.
func descendants(all []entry) (picked []entry, unsure bool) {
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

// childPIDs lists the children of the calling process. ok is false if the kernel does not
// have such a list: proc_tid_children(5), CONFIG_PROC_CHILDREN.
func childPIDs() (pids []int, ok bool) {
	for tid := range sys.Threads() {
		text, err := sys.ReadFile("/proc/self/task/" + strconv.Itoa(tid) + "/children")
		if err != nil {
			if errors.Is(err, unix.ENOENT) && !exists("/proc/self/task/"+strconv.Itoa(tid)) {
				continue // the thread has ended
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

func (a *ancestry) Close() error { return nil }

// find selects the living processes that belong to the service. All of them descend from us,
// so nobody else's can be among them. It is unsure if a process ended before its mark could
// be read.
func (a *ancestry) find(all []entry) (picked []entry, unsure bool) {
	byPID := make(map[int]int, len(all))
	for i, p := range all {
		byPID[p.pid] = i
		if p.pid == a.leader.pid && p.started != a.leader.started && a.leader.started != 0 {
			a.leader = entry{} // the pid was reused: nothing of its session is left
		}
	}
	const unknown, foreign, below, ours = 0, 1, 2, 3
	self := os.Getpid()
	classes := make([]int, len(all))
	var classify func(i, depth int) int
	classify = func(i, depth int) int {
		if classes[i] != unknown {
			return classes[i]
		}
		p, class := all[i], foreign
		parent, listed := byPID[p.ppid]
		switch {
		case p.pid == self || p.ppid == 0 || depth > len(all):
		case p.ppid == self || !listed:
			// Not listed: its parent has ended since, so it may have become our child.
			if p.ppid == self {
				class = below
			}
			yes, gone := a.inLeaderGroup(p), false
			if !yes && !p.zombie {
				if yes, gone = a.marked(p); !yes && a.branded(p.pid) {
					yes, gone = true, false
				}
			}
			if yes {
				class = ours
			}
			unsure = unsure || gone
		default:
			if class = classify(parent, depth+1); class == below && a.inLeaderGroup(p) {
				class = ours
			}
		}
		classes[i] = class
		return class
	}
	for i := range all {
		if classify(i, 0) == ours && !all[i].zombie {
			picked = append(picked, all[i])
		}
	}
	return picked, unsure
}

// inLeaderGroup reports whether a process is the main process, or in its session or group.
func (a *ancestry) inLeaderGroup(p entry) bool {
	leader := a.leader.pid
	return leader != 0 && (p.pid == leader || p.session == leader || p.group == leader)
}

// marked reports whether a process's environment says that this service of this supervisor
// started it. Only orphans are asked. gone says that it has ended in the meantime, so that
// nothing is known.
func (a *ancestry) marked(p entry) (yes, gone bool) {
	text := environ(p.pid)
	if text == nil {
		now, there := readStat(strconv.Itoa(p.pid))
		return false, !there || now.zombie || now.started != p.started
	}
	instance, service := false, false
	for entry := range bytes.SplitSeq(text, []byte{0}) {
		switch string(entry) {
		case markVariable + a.mark:
			instance = true
		case "SUPERVISE_SERVICE=" + a.service:
			service = true
		}
	}
	return instance && service, false
}

// environ returns the initial environment of a process, or nil if it cannot be read. In the
// middle of an execve(2) there is none, and the process may well be ours, so it is worth
// waiting. The kernel does not show one for a thread that has ended either, as the first may
// have before the others.
func environ(pid int) []byte {
	dir := "/proc/" + strconv.Itoa(pid)
	for range 100 {
		if text, err := os.ReadFile(dir + "/environ"); err == nil && len(text) > 0 {
			return text
		}
		if p, ok := readStat(strconv.Itoa(pid)); !ok || !p.execing {
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

// sendTo signals a process that is not our child, which may be gone and its pid reused: it
// takes a pidfd first, and signals the process only if it still belongs to the tree.
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
