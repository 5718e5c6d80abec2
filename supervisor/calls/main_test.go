package calls

import (
	"slices"
	"testing"
	"time"

	"supervise/supervisor/control/request"
	"supervise/supervisor/logs"
	"supervise/supervisor/machine"
	"supervise/supervisor/status"
)

// fakeCall notes its answers. One after the last fails the test.
type fakeCall struct {
	t     *testing.T
	name  string
	gone  bool
	told  []*request.Reply
	reply *request.Reply
}

func (c *fakeCall) Gone() bool { return c.gone }

func (c *fakeCall) Tell(r *request.Reply) {
	c.t.Helper()
	if c.reply != nil {
		c.t.Errorf("%s: told %+v after its last answer %+v", c.name, r, c.reply)
	}
	c.told = append(c.told, r)
}

func (c *fakeCall) Reply(r *request.Reply) {
	c.t.Helper()
	if c.reply != nil {
		c.t.Errorf("%s: answered %+v after %+v", c.name, r, c.reply)
	}
	c.reply = r
}

// failure is the error of its last answer, "" where there is none.
func (c *fakeCall) failure() string {
	if c.reply == nil || c.reply.Error == nil {
		return ""
	}
	return string(c.reply.Error.Code) + ": " + c.reply.Error.Text
}

// events are the numbers of those it was told.
func (c *fakeCall) events() (ids []uint64) {
	for _, r := range c.told {
		for _, e := range r.Events {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// fakeService is a service as the loop knows it.
type fakeService struct {
	name            string
	view            machine.View
	paused, stopped bool
	lastOutcome     string
	lines           []string // its last ones
	unread          bool     // they are not known yet
	upAfter         time.Duration
}

// fakeJournal is a journal that forgets nothing.
type fakeJournal struct{ events []request.Event }

func (j *fakeJournal) add(service, text string) uint64 {
	id := j.Next()
	j.events = append(j.events, request.Event{ID: id, Service: service, Kind: "k", Text: text})
	return id
}

func (j *fakeJournal) Next() uint64 { return uint64(len(j.events)) + 1 }

func (j *fakeJournal) Event(id uint64) (request.Event, bool) {
	if id < 1 || id >= j.Next() {
		return request.Event{}, false
	}
	return j.events[id-1], true
}

func (j *fakeJournal) Last(services []string, limit int) (last []request.Event) {
	for _, e := range j.events {
		if len(services) == 0 || e.Service == "" || slices.Contains(services, e.Service) {
			last = append(last, e)
		}
	}
	if limit > 0 {
		last = last[max(0, len(last)-limit):]
	}
	return last
}

// fakeLoop is what a loop knows, and Pending asks.
type fakeLoop struct {
	all       []*fakeService
	journal   *fakeJournal
	followed  map[int]func([]logs.Line)
	followers int
	written   map[string][]logs.Line // of each service; nil: its name
}

func newFakeLoop(names ...string) *fakeLoop {
	l := &fakeLoop{journal: &fakeJournal{}, followed: map[int]func([]logs.Line){}}
	for _, name := range names {
		l.all = append(l.all, &fakeService{name: name})
	}
	return l
}

func (l *fakeLoop) pending() *Pending { return New(l, l.journal, l) }

func (l *fakeLoop) Find(name string) (machine.ServiceID, bool) {
	i := slices.IndexFunc(l.all, func(s *fakeService) bool { return s.name == name && s.view.State != machine.Removed })
	return machine.ServiceID(i), i >= 0
}

func (l *fakeLoop) All() (all []machine.ServiceID) {
	for i, s := range l.all {
		if s.view.State != machine.Removed {
			all = append(all, machine.ServiceID(i))
		}
	}
	return all
}

func (l *fakeLoop) Name(id machine.ServiceID) string        { return l.all[id].name }
func (l *fakeLoop) View(id machine.ServiceID) machine.View  { return l.all[id].view }
func (l *fakeLoop) Paused(id machine.ServiceID) bool        { return l.all[id].paused }
func (l *fakeLoop) Stopped(id machine.ServiceID) bool       { return l.all[id].stopped }
func (l *fakeLoop) LastOutcome(id machine.ServiceID) string { return l.all[id].lastOutcome }

func (l *fakeLoop) LastLines(id machine.ServiceID) ([]string, bool) {
	return l.all[id].lines, !l.all[id].unread
}

func (l *fakeLoop) UpAfter(id machine.ServiceID) time.Duration { return l.all[id].upAfter }

func (l *fakeLoop) Status(id machine.ServiceID) status.Service {
	s := status.Service{Name: l.all[id].name, State: l.all[id].view.State.String()}
	s.SetStopped(l.all[id].stopped)
	return s
}

func (l *fakeLoop) happens(service, text string) uint64 {
	return l.journal.add(service, text)
}

func (l *fakeLoop) Last(service string, n int) ([]logs.Line, bool) {
	if l.written != nil {
		return l.written[service], true
	}
	return []logs.Line{{Text: service, Stream: "stdout"}}, n == logs.MaxLines
}

func (l *fakeLoop) Follow(service string, n int, f func([]logs.Line)) (stop func()) {
	last, _ := l.Last(service, n)
	f(last)
	id := l.followers
	l.followers++
	l.followed[id] = f
	return func() { delete(l.followed, id) }
}

func (l *fakeLoop) writes(text string) {
	for _, f := range l.followed {
		f([]logs.Line{{Text: text, Stream: "stderr"}})
	}
}
