package tree

import (
	"strconv"
	"time"

	"supervise/signals"
	"supervise/signals/send"
)

// huntTime is how long one slice of a hunt may take: the caller has other things to do.
const huntTime = 20 * time.Millisecond

// hunt is a kill of processes that may fork faster than they can be listed. First it stops
// everything, until a look finds nothing new: then nothing can fork away from the SIGKILL that
// follows, and processes that are known only by their parent are found below it.
//
// A process that only lives to start the next one is gone before a list of all processes is
// read. Its heir is a child of ours, so our children come first, one by one, and each is
// stopped at once when it is known to be one of those. Such a process does not get to the end
// of its fork: a signal that arrives meanwhile has the kernel begin anew (copy_process in
// kernel/fork.c). What has ended is reaped on the way, or thousands of zombies would have to
// be looked at each time.
type hunt struct {
	stopped map[int]entry
	exited  exitedChildren
}

// adopted are processes whose parents have ended, where they are left to: [family], for one.
type adopted interface {
	orphanPIDs() (pids []int, ok bool)
	ReapOrphan(pid int) bool
	signal(p entry, s signals.Signal)
}

// picker selects those that are to be killed. It is unsure if it could not tell of some.
type picker func(all []entry) (picked []entry, unsure bool)

// slice goes on with a hunt. It is done when all that there was has been sent SIGKILL; if not,
// the caller comes back, and what was found so far stays stopped until then.
func (h *hunt) slice(orphans adopted, pick picker, ignored func(pid int) bool) (done bool, err error) {
	if h.stopped == nil {
		h.stopped = map[int]entry{}
	}
	h.exited.ignored = ignored
	for deadline := time.Now().Add(huntTime); ; {
		for h.near(orphans, pick) && time.Now().Before(deadline) {
			// until there is nothing new
		}
		all, err := processes()
		if err != nil {
			return true, err
		}
		picked, unsure := pick(all)
		fresh := h.stop(all, picked)
		if !h.exited.addNew(all) && !unsure && !fresh {
			break
		}
		if time.Now().After(deadline) {
			return false, nil
		}
	}
	for _, p := range h.stopped {
		sendTo(p.pid, signals.SIGKILL, p.same)
	}
	*h = hunt{}
	return true, nil
}

// near looks at the orphans alone, and reports whether there was something new.
func (h *hunt) near(orphans adopted, pick picker) (fresh bool) {
	pids, _ := orphans.orphanPIDs()
	for _, pid := range pids {
		if _, known := h.stopped[pid]; known {
			continue
		}
		if orphans.ReapOrphan(pid) {
			fresh = true
			continue
		}
		p, ok := readStat(strconv.Itoa(pid))
		if !ok {
			continue
		}
		if picked, _ := pick([]entry{p}); len(picked) > 0 {
			orphans.signal(p, signals.SIGSTOP)
			h.stopped[pid], fresh = p, true
		}
	}
	return fresh
}

// stop stops the picked processes, and reports whether any was not stopped before.
func (h *hunt) stop(all, picked []entry) (fresh bool) {
	stopGroups(all, picked)
	for _, p := range picked {
		if h.stopped[p.pid].started != p.started {
			h.stopped[p.pid], fresh = p, true
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
