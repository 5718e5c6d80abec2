package tree

import (
	"os"
	"slices"
	"strconv"
)

// A stray is a process that has moved itself to another cgroup, or was moved there: cgexec,
// pam_systemd, container engines. It is still below us, and known by its parents while they
// live, and later by its mark, or because it was seen before.

// noStrays reports whether nothing of the service lives outside its cgroup, which has nobody
// in it any more: then a stray is an orphan of ours, or below one.
func (c *cgroup) noStrays() (bool, error) {
	if c.root.children.noOrphans() {
		return true, nil
	}
	return c.outside().Empty()
}

// pickStrays is a [picker].
func (c *cgroup) pickStrays(all []entry) (picked []entry, unsure bool) {
	picked, unsure = c.outside().find(all)
	return slices.DeleteFunc(picked, func(p entry) bool { return c.has(p.pid) }), unsure
}

// findStrays returns the members outside the cgroup, in which pids are: what these have
// started, and orphans that are ours.
func (c *cgroup) findStrays(pids []int) (strays []entry) {
	seen := map[int]bool{}
	for _, pid := range pids {
		seen[pid] = true
	}
	look := slices.Clone(pids)
	add := func(p entry) {
		seen[p.pid] = true
		c.outside().remember(p)
		strays, look = append(strays, p), append(look, p.pid)
	}
	if !seen[c.leader] && c.root.children.IsMain(c.leader) {
		if p, ok := readStat(strconv.Itoa(c.leader)); ok && !p.zombie {
			add(p)
		}
	}
	orphans, _, _ := c.root.children.orphans()
	for _, p := range orphans {
		if seen[p.pid] || p.zombie {
			continue
		}
		if picked, _ := c.outside().find([]entry{p}); len(picked) > 0 && !c.has(p.pid) {
			add(p)
		}
	}
	for len(look) > 0 {
		pid := look[0]
		look = look[1:]
		for _, child := range childrenOf(pid) {
			if seen[child] {
				continue
			}
			seen[child] = true
			if p, ok := readStat(strconv.Itoa(child)); ok && !p.zombie && !c.has(child) {
				add(p)
			}
		}
	}
	return strays
}

// childrenOf lists the children of any process, those of all its threads.
func childrenOf(pid int) (pids []int) {
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	threads, _ := os.ReadDir(dir)
	for _, thread := range threads {
		more, _ := childPIDs(dir + "/" + thread.Name() + "/children")
		pids = append(pids, more...)
	}
	return pids
}
