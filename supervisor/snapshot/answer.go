package snapshot

import (
	"sync"

	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// Call is one request of a client, and the way back to it. A [*control.Call] is one. Its
// methods do not wait.
type Call interface {
	// Reply gives the only answer.
	Reply(*request.Reply)
	// Gone reports whether nobody reads it any more.
	Gone() bool
}

// Answer answers ping and status, on any goroutine. False leaves the call to the loop: the
// request is another one, or the loop may know more.
func (s *Snapshots) Answer(call Call, r request.Request) bool {
	return !s.busy.Load() && s.answer(call, r, false)
}

// AnswerOnLoop is [Snapshots.Answer] on the loop, which has just published and knows no more.
func (s *Snapshots) AnswerOnLoop(call Call, r request.Request) bool { return s.answer(call, r, true) }

func (s *Snapshots) answer(call Call, r request.Request, final bool) bool {
	switch r := r.(type) {
	case request.Ping:
		call.Reply(&request.Reply{Supervisor: s.self.Load()})
		return true
	case request.Status:
		return s.answerStatus(call, r.Services, final)
	}
	return false
}

// readAtOnce is up to how many files of /proc the caller reads itself. One takes some 20 µs;
// to wake another thread for it, and to be woken when it is done, some 80.
const readAtOnce = 2

func (s *Snapshots) answerStatus(call Call, names []string, final bool) bool {
	found, unknown := s.listed.Load().find(names)
	switch {
	case unknown != nil:
		call.Reply(&request.Reply{Error: request.NoService(unknown)})
	case len(found) > readAtOnce:
		s.enqueue(query{call, found, final})
	default:
		reply, stale := s.reply(found, map[*snapshot]observation{})
		if stale && !final {
			return false
		}
		call.Reply(reply)
	}
	return true
}

// find returns the services with these names, or all if there are none.
func (l *list) find(names []string) (found []*snapshot, unknown []string) {
	if len(names) == 0 {
		return l.order, nil
	}
	for _, name := range names {
		if snapshot := l.byName[name]; snapshot != nil {
			found = append(found, snapshot)
		} else {
			unknown = append(unknown, name)
		}
	}
	return found, unknown
}

// query is a call for the status of several services.
type query struct {
	call  Call
	of    []*snapshot
	final bool // it comes from the loop, and must be answered
}

// queue has the queries that wait for the goroutine that answers them.
type queue struct {
	mu        sync.Mutex
	waiting   []query
	running   bool           // there is a goroutine
	answering sync.WaitGroup // to wait for its end
}

// enqueue leaves a query to a goroutine, which answers all that are waiting together. There
// is never more than one.
func (s *Snapshots) enqueue(q query) {
	s.queue.mu.Lock()
	s.queue.waiting = append(s.queue.waiting, q)
	start := !s.queue.running
	s.queue.running = true
	s.queue.mu.Unlock()
	if !start {
		return
	}
	s.queue.answering.Add(1)
	s.options.Go(func() {
		defer s.queue.answering.Done()
		s.answerQueue()
	})
}

// takeQueue returns the queries that wait. If there are none, the goroutine ends.
func (s *Snapshots) takeQueue() []query {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	all := s.queue.waiting
	s.queue.waiting, s.queue.running = nil, len(all) > 0
	return all
}

func (s *Snapshots) answerQueue() {
	for {
		all := s.takeQueue()
		if len(all) == 0 {
			return
		}
		seen := map[*snapshot]observation{}
		for _, q := range all {
			if q.call.Gone() {
				continue
			}
			if reply, stale := s.reply(q.of, seen); stale && !q.final {
				s.options.Leave(q.call)
			} else {
				q.call.Reply(reply)
			}
		}
	}
}

// observation is a service with what /proc says about it. It is stale if its main process
// has ended, and the loop does not know that yet.
type observation struct {
	service *status.Service
	stale   bool
}

// reply makes the reply about services. It keeps what it observes in seen, for others that
// ask about the same; stale says that one of the observations is.
func (s *Snapshots) reply(of []*snapshot, seen map[*snapshot]observation) (reply *request.Reply, stale bool) {
	reply = &request.Reply{Supervisor: s.self.Load(), Services: make([]status.Service, len(of))}
	for i, snapshot := range of {
		service := &reply.Services[i]
		o, known := seen[snapshot]
		if known {
			*service = *o.service
		} else {
			o = observation{service, s.observe(snapshot, service)}
			seen[snapshot] = o
		}
		stale = stale || o.stale
	}
	return reply, stale
}

// observe adds what /proc says about a service's main process, and checks that the main
// process is still the same after that. A process that has reused its pid is recognised: it
// is not a child of the supervisor.
func (s *Snapshots) observe(of *snapshot, service *status.Service) (stale bool) {
	*service = *of.Load()
	for service.PID != 0 {
		pid := service.PID
		process, err := s.options.Process(pid)
		if *service = *of.Load(); service.PID == pid {
			return err != nil || !service.Observe(process, s.options.Self.PID)
		}
	}
	return false
}
