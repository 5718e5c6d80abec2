package tree

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/send"
)

// ErrUnsure says that it cannot be told whether a tree is empty: a process executes a program
// just now, or is about to end, and has nothing to be known by. Ask again in a moment.
var ErrUnsure = errors.New("a process is in the middle of execve or exit")

// markVariable begins the environment entry that marks a supervisor's processes.
const markVariable = "SUPERVISE_INSTANCE="

// ancestry is the tree of a service that has no cgroup.
type ancestry struct {
	mark, service string
	children      family
	hunt          hunt

	// known are the members of the last look, by pid: start times. Who was one stays one, also
	// when its parent is gone by which it was known.
	known map[int]int

	// leader is the main process that was started last. Its session may outlive it; as long
	// as a pid is the id of a session or group, no other process gets it.
	leader entry

	// aside was set aside: it lives, and is no member any more.
	aside entry

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
	for attempt := 0; ; attempt++ {
		list, fresh, ok := a.children.orphans()
		fresh = exited.addNew(list) || fresh
		list = slices.DeleteFunc(list, func(p entry) bool { return p.zombie })
		for _, p := range list {
			if picked, _ := a.find([]entry{p}); len(picked) > 0 {
				return false, nil
			}
		}
		unsure := false
		if len(list) > 0 || !ok || a.children.IsMain(a.leader.pid) {
			all, err := processes()
			if err != nil {
				return false, err
			}
			var picked []entry
			if picked, unsure = a.find(all); len(picked) > 0 {
				return false, nil
			}
			fresh = exited.addNew(all) || fresh
		}
		switch {
		case !fresh && !unsure:
			return true, nil
		case attempt < emptyAttempts:
		case unsure:
			return false, ErrUnsure
		default:
			return false, nil
		}
	}
}

// isOtherMain reports whether a process is the main process of another service.
func (a *ancestry) isOtherMain(pid int) bool {
	return pid != a.main && a.children.IsMain(pid)
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

func (a *ancestry) Kill() (done bool, err error) {
	return a.hunt.slice(a.children, a.find, a.isOtherMain)
}

func (a *ancestry) Retire() {}

func (a *ancestry) Close() error { return nil }

// find selects the living processes that belong to the service. All of them descend from us,
// so nobody else's can be among them. It is unsure if a process ended before its mark could
// be read, or executes a program just now and has none.
func (a *ancestry) find(all []entry) (picked []entry, unsure bool) {
	byPID := make(map[int]int, len(all))
	for i, p := range all {
		byPID[p.pid] = i
		if p.pid == a.leader.pid && p.started != a.leader.started && a.leader.started != 0 {
			a.leader = entry{} // the pid was reused: nothing of its session is left
		}
	}
	const notYet, foreign, below, ours = 0, 1, 2, 3
	self := os.Getpid()
	classes := make([]int, len(all))
	var classify func(i, depth int) int
	classify = func(i, depth int) int {
		if classes[i] != notYet {
			return classes[i]
		}
		p, class := all[i], foreign
		parent, listed := byPID[p.ppid]
		switch {
		case p.pid == self || p.ppid == 0 || depth > len(all):
		case !listed && p.ppid != self && isForeign(p, self):
		case p.ppid == self || !listed:
			// Not listed: its parent has ended since, so it may have become our child.
			if p.ppid == self {
				class = below
			}
			yes, unknown := a.inLeaderGroup(p) || a.isKnown(p), false
			if !yes && !p.zombie {
				if yes, unknown = a.marked(p); !yes && a.branded(p.pid) {
					yes, unknown = true, false
				}
			}
			if yes {
				class = ours
			}
			unsure = unsure || unknown
		default:
			if class = classify(parent, depth+1); class == below && (a.inLeaderGroup(p) || a.isKnown(p)) {
				class = ours
			}
		}
		classes[i] = class
		return class
	}
	for i := range all {
		if classify(i, 0) == ours && !all[i].zombie && !a.isAside(all[i]) {
			picked = append(picked, all[i])
			a.remember(all[i])
		}
	}
	return picked, unsure
}

// isForeign reports whether a process whose parent has ended was left to somebody else.
func isForeign(p entry, self int) bool {
	now, ok := readStat(strconv.Itoa(p.pid))
	return ok && now.started == p.started && now.ppid != self && now.ppid != p.ppid
}

// manyKnown is how many members are remembered before those that are gone are forgotten.
const manyKnown = 256

func (a *ancestry) remember(p entry) {
	if a.known == nil {
		a.known = map[int]int{}
	}
	if len(a.known) >= manyKnown {
		maps.DeleteFunc(a.known, func(pid, started int) bool { return !entry{started: started}.same(pid) })
	}
	a.known[p.pid] = p.started
}

// isKnown reports whether a process was found to be a member before.
func (a *ancestry) isKnown(p entry) bool {
	started, known := a.known[p.pid]
	return known && started == p.started
}

// inLeaderGroup reports whether a process is the main process, or in its session or group.
func (a *ancestry) inLeaderGroup(p entry) bool {
	leader := a.leader.pid
	return leader != 0 && (p.pid == leader || p.session == leader || p.group == leader)
}

// marked reports whether a process's environment says that this service of this supervisor
// started it. Only orphans are asked. unknown says that it has ended in the meantime, or still
// executes a program.
func (a *ancestry) marked(p entry) (yes, unknown bool) {
	text := environ(p.pid)
	if text == nil {
		now, there := readStat(strconv.Itoa(p.pid))
		return false, !there || now.zombie || now.execing || now.started != p.started
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
// middle of an execve(2), and late in exit(2) before it is a zombie and its children are left
// to others, there is none, and the process may well be ours, so it is worth waiting, for two
// milliseconds at the most. The kernel does not show one for a thread that has ended either,
// as the first may have before the others.
func environ(pid int) []byte {
	dir := "/proc/" + strconv.Itoa(pid)
	for range 20 {
		if text, err := sys.ReadFile(dir + "/environ"); err == nil && text != "" {
			return []byte(text)
		}
		if p, ok := readStat(strconv.Itoa(pid)); !ok || !p.execing {
			break
		}
		time.Sleep(100 * time.Microsecond)
	}
	tasks, _ := os.ReadDir(dir + "/task")
	for _, task := range tasks {
		if text, err := sys.ReadFile(dir + "/task/" + task.Name() + "/environ"); err == nil && text != "" {
			return []byte(text)
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
