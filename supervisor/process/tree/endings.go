package tree

import (
	"os"
	"strconv"
)

// endings keeps children of ours that have ended and are not reaped, from one look at
// processes to the next.
//
// A list of processes is read one by one, and who forks and ends meanwhile is in it as a zombie
// while his child is not. But nobody can appear unseen whose ancestors have all been
// listed alive, or had ended before the list was begun: so a list without anybody says that there is
// nobody if no child of ours has ended while it was read. Only our own children need to be watched,
// as others are reaped by a parent that is in the list.
type endings struct {
	known func(pid int) bool // main processes that do not matter, nil: none
	seen  map[int]int        // when they were started, by pid
}

// fresh takes a list of processes, and reports whether somebody has ended who had not been
// seen to. Who is in the session of a main process that does not matter does not either.
func (e *endings) fresh(all []entry) (fresh bool) {
	self := os.Getpid()
	for _, p := range all {
		if !p.zombie || p.ppid != self || e.known != nil && (e.known(p.pid) || e.known(p.session)) {
			continue
		}
		if started, seen := e.seen[p.pid]; !seen || started != p.started {
			if e.seen == nil {
				e.seen = map[int]int{}
			}
			e.seen[p.pid], fresh = p.started, true
		}
	}
	return fresh
}

// kin looks at our children, but for the main processes among them, and false where the
// kernel does not offer such a list.
func kin(known func(pid int) bool) (list []entry, ok bool) {
	pids, ok := children()
	for _, pid := range pids {
		if known != nil && known(pid) {
			continue
		}
		if p, there := readStat(strconv.Itoa(pid)); there {
			list = append(list, p)
		}
	}
	return list, ok
}
