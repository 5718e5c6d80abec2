package tree

import (
	"slices"
	"strconv"
	"time"

	"supervise/signals"
	"supervise/signals/send"
)

// huntTime is how long one slice of a hunt may take: the caller has other things to do.
const huntTime = 20 * time.Millisecond

// huntEnough is how long what was found stays stopped while there is ever more.
const huntEnough = 500 * time.Millisecond

// huntAll is how long a hunt may look at our children alone, while there is something new.
const huntAll = 200 * time.Millisecond

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
	began   time.Time
	all     time.Time // when all processes were looked at, and not only our children
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
// the caller comes back, and what was found so far stays stopped until then. Where that has no
// end, or it cannot be told whether it has, what was found is killed all the same.
func (h *hunt) slice(orphans adopted, pick picker, ignored func(pid int) bool) (done bool, err error) {
	if h.stopped == nil {
		h.stopped, h.began, h.all = map[int]entry{}, time.Now(), time.Now()
	}
	h.exited.ignored = ignored
	deadline := time.Now().Add(huntTime)
	for {
		for h.near(orphans, pick, deadline) {
			if time.Now().After(deadline) && time.Since(h.all) < huntAll {
				return h.late(true)
			}
		}
		h.all = time.Now()
		all, err := processes()
		if err != nil {
			return true, err
		}
		picked, unsure := pick(all)
		fresh := h.stop(all, picked)
		fresh = h.exited.addNew(all) || fresh
		switch {
		case !fresh && !unsure:
			h.kill()
			return true, nil
		case time.Now().After(deadline):
			return h.late(fresh)
		}
	}
}

// late ends a slice before the hunt is done.
func (h *hunt) late(fresh bool) (done bool, err error) {
	if !fresh || time.Since(h.began) > huntEnough {
		h.kill()
	}
	return false, nil
}

// kill kills what was found.
func (h *hunt) kill() {
	for _, p := range h.stopped {
		sendTo(p.pid, signals.SIGKILL, p.same)
	}
	*h = hunt{}
}

// near looks at the orphans alone, the latest first, of which most live still, and reports
// whether there was something new. It breaks off some time after the deadline.
func (h *hunt) near(orphans adopted, pick picker, deadline time.Time) (fresh bool) {
	pids, _ := orphans.orphanPIDs()
	const often = 64
	for i, pid := range slices.Backward(pids) {
		if i%often == 0 && fresh && time.Now().After(deadline) {
			break
		}
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
			stopGroups([]entry{p}, picked)
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
