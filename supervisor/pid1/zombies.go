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
	lookEvery = 60 * second
	lookAgain = 5 * second
)

// suspects are the zombies that were seen at the last look.
type suspects struct {
	looked  int64       // when
	zombies map[int]int // pid to parent
	told    map[int]int // parent to how many there were when it was told
}

// consider looks at the zombies of others, unless that was done a short while ago.
func (s *supervisor) consider() {
	if now := sys.Now(); s.suspects.looked == 0 || now-s.suspects.looked >= lookEvery {
		s.look()
		if len(s.suspects.zombies) > 0 {
			s.alarms.in(alarmLook, lookAgain)
		}
	}
}

// look tells of each process below us that leaves zombies: those that were there at the
// look before, too.
func (s *supervisor) look() {
	s.suspects.looked = sys.Now()
	before := s.suspects.zombies
	s.suspects.zombies = nil
	stay := map[int]int{} // parent to how many
	for stat := range sys.Processes() {
		if !stat.Zombie() || stat.Parent == s.pid || stat.Parent == 0 {
			continue
		}
		if s.suspects.zombies == nil {
			s.suspects.zombies = map[int]int{}
		}
		s.suspects.zombies[stat.PID] = stat.Parent
		if before[stat.PID] == stat.Parent {
			stay[stat.Parent]++
		}
	}
	if len(stay) == 0 {
		return
	}
	ours := map[int]bool{}
	for _, stat := range below(s.pid) {
		ours[stat.PID] = true
	}
	for parent, count := range stay {
		if ours[parent] && count > s.suspects.told[parent] {
			s.accuse(parent, count)
		}
	}
}

// accuse tells of a process that does not wait for its children.
func (s *supervisor) accuse(parent, count int) {
	if s.suspects.told == nil {
		s.suspects.told = map[int]int{}
	}
	s.suspects.told[parent] = count
	name := ""
	if stat, err := sys.ReadStat(parent); err == nil {
		name = stat.Name
	}
	s.log.say(Warn, "zombies pile up: their parent lives and does not wait for its children, so that no init can reap them",
		number("parent", parent), word("name", name), number("zombies", count))
}
