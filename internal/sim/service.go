package sim

import (
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/machine"
)

// service is what the world knows of one service.
type service struct {
	id                         machine.ServiceID
	spec                       *config.Service // in force
	changed                    bool            // since it was spawned
	bound                      int             // what waited when its queue got other bounds
	tree                       *generation
	start                      *start // the last one, nil if there was none
	missing                    bool   // its executable is
	crashes                    bool   // it does nothing else
	state                      machine.State
	origin                     machine.EventID // what it goes back to
	upSince                    time.Duration   // when its leader was spawned
	reached                    bool            // it has been ready
	asked                      bool            // its end was, or is
	cycles                     bool            // it is to be restarted when others are gone
	mayBeReady, mayHaveReached bool            // the same of now, and of once, if one gives it some time
	stale                      bool            // it runs since before one began anew with which it wants to be restarted
	account                    account
	spawns                     []time.Duration // the latest that nobody asked for
	killed                     bool            // the last leader died of SIGKILL
	manual                     bool            // the next spawn was asked for
	once                       bool            // and is to be the last
	last                       bool            // it was, or it is running

	background bool // it was given up for going there

	paused       bool           // by command
	startsNext   bool           // as soon as nothing of it is left, as was noted
	reportedGone machine.Gen    // the generation whose leader a delivery found gone
	inspected    signals.Signal // that was asked about

	left    bool        // it was said to be left behind
	isEmpty bool        // the last answer to whether nothing of it is left
	empty   machine.Gen // the generation of which that was said
	unsure  machine.Gen // the one of which it could not be told
	ended   machine.Gen // the one whose output was read to the end

	unsureAt time.Duration // when it could not be told the last time

	remnant  *process // a former leader whose core is being written
	unlisted bool     // its members could not be listed the last time

	// Of the ladder under way:
	patience  time.Duration // how long a core may hold up SIGKILL
	waits     time.Duration // since when SIGKILL is due, never before that
	looked    bool          // whether one does is known
	cut       bool          // by a shutdown
	wasKilled bool          // it has come to SIGKILL

	lastEnd *process      // its last leader, if nothing has been said of its end
	endedAt time.Duration // when it was reaped

	continued int                            // the step in which its leader last went on
	heldAt    int                            // the step in which it was last said that a signal waits for it
	took      [signals.Max + 1]time.Duration // when each signal was last taken, of those that were asked for
}

// generation is one run of a service: member 0 is the leader, or who has taken over from it.
type generation struct {
	service *service
	gen     machine.Gen
	members []*process
	heir    *process      // to whom the leader hands over when it ends well; nil: to nobody
	reaped  bool          // the leader is
	dumps   time.Duration // when a core was begun, or ended
	changed time.Duration // when a process ended, or the leader left it
	forks   int           // how often it will still fork in the face of SIGKILL

	room    int           // real-time signals that it can have pending
	waiting signals.Set   // those that are
	count   int           // and how many
	reads   time.Duration // when it will have read them
}

func (t *generation) leader() *process { return t.members[0] }

// others reports whether anybody but the leader is alive.
func (t *generation) others() bool {
	for _, p := range t.members[1:] {
		if p.alive {
			return true
		}
	}
	return false
}

// gone reports whether nothing of it is left.
func (t *generation) gone() bool { return t == nil || t.reaped && !t.others() }

// leader is its present one, nil when there is none or it has been reaped.
func (s *service) leader() *process {
	if s.tree == nil || s.tree.reaped {
		return nil
	}
	return s.tree.leader()
}
