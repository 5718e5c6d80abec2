package tree

import (
	"os"
)

// exitedChildren remembers, from one list of processes to the next, which children of ours
// have exited and are not reaped.
//
// A list of processes is read one by one. A process that forks and exits meanwhile is in it
// as a zombie, while its child is not. But no process can be missed whose ancestors were all
// listed alive or had exited before the list was begun. So an empty list is reliable if no
// child of ours exited while it was read. Only our own children matter: others are reaped by
// a parent that is in the list.
type exitedChildren struct {
	ignored func(pid int) bool // main processes that do not matter; nil: none
	seen    map[int]int        // start times by pid
}

// addNew takes a list of processes, and reports whether a child has exited that was not known
// before. Members of the session of an ignored main process are ignored, too.
func (e *exitedChildren) addNew(all []entry) (addNew bool) {
	self := os.Getpid()
	for _, p := range all {
		if !p.zombie || p.ppid != self || e.ignored != nil && (e.ignored(p.pid) || e.ignored(p.session)) {
			continue
		}
		if started, seen := e.seen[p.pid]; !seen || started != p.started {
			if e.seen == nil {
				e.seen = map[int]int{}
			}
			e.seen[p.pid], addNew = p.started, true
		}
	}
	return addNew
}
