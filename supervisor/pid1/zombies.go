package pid1

import (
	"supervise/internal/sys"
)

// Zombies that accumulate below us although we reap: their parent lives and does not wait for
// them, which no init can fix. With WarnReaped that is logged. As it takes a scan of /proc, it
// is done at most once in scanEvery, and only after a signal or an orphan; or, once zombies
// were seen, to see whether they stay.

// How often all processes are scanned.
const (
	scanEvery = 60 * second
	scanAgain = 5 * second
)

// zombieScan remembers the zombies of the last scan.
type zombieScan struct {
	at      int64       // when it was
	parents map[int]int // parents by zombie pid
	warned  map[int]int // number of zombies in the last warning, by parent
}

// maybeScanZombies scans for zombies of other parents, unless it has recently.
func (s *supervisor) maybeScanZombies() {
	if now := sys.Now(); s.zombies.at == 0 || now-s.zombies.at >= scanEvery {
		s.scanZombies()
		if len(s.zombies.parents) > 0 {
			s.alarms.in(alarmScan, scanAgain)
		}
	}
}

// scanZombies warns about each process below us that leaves zombies: those that the previous
// scan found, too.
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
	for _, stat := range s.descendants() {
		ours[stat.PID] = true
	}
	for parent, count := range stay {
		if ours[parent] && count > s.zombies.warned[parent] {
			s.warnZombies(parent, count)
		}
	}
}

// warnZombies warns about a process that does not wait for its children.
func (s *supervisor) warnZombies(parent, count int) {
	if s.zombies.warned == nil {
		s.zombies.warned = map[int]int{}
	}
	s.zombies.warned[parent] = count
	name := ""
	if stat, err := sys.ReadStat(parent); err == nil {
		name = stat.Name
	}
	s.log.say(Warn, "zombies accumulate: their parent lives and does not wait for its children, so that no init can reap them",
		number("parent", parent), word("name", name), number("zombies", count))
}
