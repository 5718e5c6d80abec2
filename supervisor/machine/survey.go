package machine

import "time"

// A leader that ends well by itself and leaves others has handed over to one of them, has
// made one of them a daemon, or has left some that are about to end as well. What the tree
// says of that is asked for twice, at once and again after a moment: nothing is sent to
// anybody until then.
//
// A daemon is nothing that can be kept: its end would not be noticed, its exit status is
// nobody's, and the next start would find its port taken. So that is a failure, whatever
// the policy. It takes a young leader, which nobody had told to end.
const (
	settleTime = 500 * time.Millisecond // what is about to end has ended by then
	youth      = time.Minute            // a daemon's parent ends within this
)

// survey asks for the first time.
func (m *Machine) survey(s *service) {
	s.Surveys = 1
	m.timers.arm(&s.deadline, m.now+settleTime)
	m.do(s, Action{Kind: Survey})
}

// surveyTimedOut asks for the last time. If there is no answer to that, none is needed.
func (m *Machine) surveyTimedOut(s *service) {
	if s.Surveys > 1 {
		m.climb(s, 0)
		return
	}
	s.Surveys = 2
	m.timers.arm(&s.deadline, m.now+settleTime)
	m.do(s, Action{Kind: Survey})
}

// surveyed goes by what the tree says.
func (m *Machine) surveyed(s *service) {
	switch {
	case s.Surveys == 0:
		m.late(s)
	case m.event.PID != 0:
		m.follow(s)
	case s.Surveys > 1:
		if s.Up < youth && !s.Told {
			s.Background = m.event.Reason
		}
		m.climb(s, 0)
	}
}

// follow goes on with the process to which the leader has handed over. For the service
// nothing has ended: neither its generation nor the time that it has been up; and if it was to be
// restarted when others are gone, that it still is.
func (m *Machine) follow(s *service) {
	s.Cycling = s.Wanted == Up && !s.Unasked
	s.Surveys, s.Unasked, s.Told = 0, false, false
	s.PID = m.event.PID
	s.outbox.renew()
	m.note(s, Note{Kind: Followed, Reason: m.event.Reason})
	m.do(s, Action{Kind: Follow, PID: s.PID})
	m.enter(s, Running)
}

// clear begins the ladder of what somebody has spoken about while it waits for a survey.
func (m *Machine) clear(s *service) {
	if s.Surveys > 0 {
		s.Origin = m.seq
		m.climb(s, 0)
	}
}
