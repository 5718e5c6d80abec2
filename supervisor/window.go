package supervisor

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"supervise/internal/sys"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
)

// window is what those who only ask can see: each service as the loop has last shown it,
// before anybody was told of that. They are answered without the loop, by whoever has taken
// their request out of the queue, so that to look costs the services nothing, and the one
// who looks no more than two threads that have to be woken.
type window struct {
	self  atomic.Pointer[request.Supervisor]
	panes atomic.Pointer[panes]

	mu      sync.Mutex
	waiting []question
	reading bool // the goroutine for them runs
	readers sync.WaitGroup
}

// panes are those of all services, in their order. They are made anew when there are others.
type panes struct {
	all    []*pane
	byName map[string]*pane
}

// pane shows one service, but for what /proc has to say.
type pane struct {
	atomic.Pointer[request.Service]
}

// question is a call for the status of several services.
type question struct {
	call  *control.Call
	panes []*pane
}

// few are so many files of /proc that they are read before anybody else is served: one takes
// some 20 µs, and to have another thread do it, and to be woken when it has, some 80.
const few = 2

// answer answers a call that only asks; false says that it does more. It may be called from
// any goroutine.
func (w *window) answer(call *control.Call) bool {
	switch r := call.Request.(type) {
	case request.Ping:
		call.Reply(&request.Reply{Supervisor: w.self.Load()})
	case request.Status:
		w.status(call, r.Services)
	default:
		return false
	}
	return true
}

func (w *window) status(call *control.Call, names []string) {
	found, unknown := w.panes.Load().find(names)
	switch {
	case unknown != nil:
		call.Fail(request.UnknownService, noService(unknown))
	case len(found) <= few:
		call.Reply(w.reply(found, map[*pane]*request.Service{}))
	default:
		w.ask(question{call, found})
	}
}

// noService is said of names that no service has.
func noService(names []string) string { return "there is no service " + strings.Join(names, ", ") }

// find returns the services that are meant, all if none are named.
func (p *panes) find(names []string) (found []*pane, unknown []string) {
	if len(names) == 0 {
		return p.all, nil
	}
	for _, name := range names {
		if pane := p.byName[name]; pane != nil {
			found = append(found, pane)
		} else {
			unknown = append(unknown, name)
		}
	}
	return found, unknown
}

// ask leaves a question to a goroutine that answers all that have come until it begins. There
// is never more than one.
func (w *window) ask(q question) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, q)
	if !w.reading {
		w.reading = true
		w.readers.Go(w.read)
	}
}

func (w *window) read() {
	for {
		w.mu.Lock()
		all := w.waiting
		w.waiting, w.reading = nil, len(all) > 0
		w.mu.Unlock()
		if len(all) == 0 {
			return
		}
		seen := map[*pane]*request.Service{}
		for _, q := range all {
			if !q.call.Gone() {
				q.call.Reply(w.reply(q.panes, seen))
			}
		}
	}
}

// reply shows services, and keeps in seen how, for others that ask for the same.
func (w *window) reply(of []*pane, seen map[*pane]*request.Service) *request.Reply {
	reply := &request.Reply{Supervisor: w.self.Load(), Services: make([]request.Service, len(of))}
	for i, pane := range of {
		if seen[pane] == nil {
			status := pane.look()
			seen[pane] = &status
		}
		reply.Services[i] = *seen[pane]
	}
	return reply
}

// look is what the pane shows and what /proc says of the service's main process, if that was
// still the same when it was read. It is our child: who has got its pid is not.
func (p *pane) look() request.Service {
	shown := p.Load()
	for {
		state, err := sys.SignalState{}, error(nil)
		if shown.PID != 0 {
			state, err = sys.ReadSignalState(strconv.Itoa(shown.PID))
		}
		now := p.Load()
		switch {
		case now.PID != shown.PID:
			shown = now
		case shown.PID == 0 || err != nil || state.Parent != os.Getpid():
			return *now
		default:
			return seen(*now, state)
		}
	}
}

// close waits until all that has been asked is answered.
func (w *window) close() { w.readers.Wait() }
