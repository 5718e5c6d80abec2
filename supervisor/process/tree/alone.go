package tree

import (
	"os"
	"slices"
	"strconv"
)

// Alone reports whether a main process, our child, is for sure all of its service that lives:
// what it has of the system is in nobody else's hands then. others are the names of the other
// services, and known reports whether a child is the main process of one of them, or a helper of
// ours. It may be called on any goroutine, also while the kernel writes the core of the process.
//
// In doubt it is not: when the kernel does not list children (CONFIG_PROC_CHILDREN), or when an
// orphan of ours is there of which nobody knows whose it was.
func (r *Root) Alone(pid int, service string, others []string, known func(pid int) bool) bool {
	if r.dir != "" {
		pids, err := (&cgroup{root: r, service: service}).pids()
		if err != nil || slices.ContainsFunc(pids, func(other int) bool { return other != pid }) {
			return false
		}
	}
	below, ok := allChildren(pid)
	if !ok || slices.ContainsFunc(below, lives) {
		return false
	}
	children, ok := allChildren(os.Getpid())
	if !ok || !slices.Contains(children, pid) {
		return false
	}
	return !slices.ContainsFunc(children, func(child int) bool {
		if child == pid || known(child) {
			return false
		}
		return lives(child) && r.Owner(child, others) == ""
	})
}

// allChildren lists the children of all threads of a process; ok is false if some may be missing.
func allChildren(pid int) (all []int, ok bool) {
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return nil, false
	}
	// The first thread comes last: those of a thread that ends meanwhile are left to it.
	for _, thread := range slices.Backward(threads) {
		pids, ok := childPIDs(dir + "/" + thread.Name() + "/children")
		if _, err := os.Stat(dir + "/" + thread.Name()); !ok && err == nil {
			return nil, false
		}
		all = append(all, pids...)
	}
	return all, true
}

func lives(pid int) bool {
	p, there := readStat(strconv.Itoa(pid))
	return there && !p.zombie
}
