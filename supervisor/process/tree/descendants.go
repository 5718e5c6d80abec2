package tree

import "os"

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
