package pid1

import (
	"supervise/internal/sys"
)

// Zombies that pile up below us although we reap: their parent lives and does not wait for
// them, which no init can mend. With WarnReaped that is told. To find out takes a look at
// all of /proc, so it is done at most once in lookEvery, and only when something happens
// anyway, a signal or an orphan; or, once zombies were seen, to see whether they stay.

// How often all processes are looked at.
const (
	scanEvery = 60 * second
	scanAgain = 5 * second
)

// zombieScan are the zombies that were seen at the last look.
type zombieScan struct {
	at      int64       // when
	parents map[int]int // pid to parent
	warned  map[int]int // parent to how many there were when it was told
}

// maybeScanZombies looks at the zombies of others, unless that was done a short while ago.
func (s *supervisor) maybeScanZombies() {
	if now := sys.Now(); s.zombies.at == 0 || now-s.zombies.at >= scanEvery {
		s.scanZombies()
		if len(s.zombies.parents) > 0 {
			s.alarms.in(alarmScan, scanAgain)
		}
	}
}

// scanZombies tells of each process below us that leaves zombies: those that were there at the
// look before, too.
func (s *supervisor) scanZombies() {
	s.zombies.at = sys.Now()
	before := s.zombies.parents
	s.zombies.parents = nil
	stay := map[int]int{} // parent to how many
	for stat := range sys.Processes() {
		if !stat.Zombie() || stat.Parent == s.pid || stat.Parent == 0 {
			continue
		}
		if s.zombies.parents == nil {
			s.zombies.parents = map[int]int{}
		}
		s.zombies.parents[stat.PID] = stat.Parent
		if before[stat.PID] == stat.Parent {
			stay[stat.Parent]++
		}
	}
	if len(stay) == 0 {
		return
	}
	ours := map[int]bool{}
	for _, stat := range descendants(s.pid) {
		ours[stat.PID] = true
	}
	for parent, count := range stay {
		if ours[parent] && count > s.zombies.warned[parent] {
			s.warnZombies(parent, count)
		}
	}
}

// warnZombies tells of a process that does not wait for its children.
func (s *supervisor) warnZombies(parent, count int) {
	if s.zombies.warned == nil {
		s.zombies.warned = map[int]int{}
	}
	s.zombies.warned[parent] = count
	name := ""
	if stat, err := sys.ReadStat(parent); err == nil {
		name = stat.Name
	}
	s.log.say(Warn, "zombies pile up: their parent lives and does not wait for its children, so that no init can reap them",
		number("parent", parent), word("name", name), number("zombies", count))
}
