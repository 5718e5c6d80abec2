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

// window is what those who only ask can see: each service as the loop has last shown it. They
// are answered without the loop, by whoever has taken their request out of the queue, so that
// to look costs the services nothing, and the one who looks no more than two threads that
// have to be woken.
//
// Nobody is to see less than he knows already, from the log, from an answer, or because he
// has killed a process himself. So while the loop works, or if /proc says that it has
// something to do, a call is left to it.
type window struct {
	busy  atomic.Bool // the loop works
	self  atomic.Pointer[request.Supervisor]
	panes atomic.Pointer[panes]
	leave func(*control.Call) // leaves a call to the loop, from another goroutine

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
	final bool // the loop has been asked
}

// few are so many files of /proc that they are read before anybody else is served: one takes
// some 20 µs, and to have another thread do it, and to be woken when it has, some 80.
const few = 2

// answer answers a call that only asks. False says that it does more, or that it takes the
// loop to know. It may be called from any goroutine.
func (w *window) answer(call *control.Call) bool { return !w.busy.Load() && w.tell(call, false) }

// tell answers a call that only asks; the loop's word is final, and true.
func (w *window) tell(call *control.Call, final bool) bool {
	switch r := call.Request.(type) {
	case request.Ping:
		call.Reply(&request.Reply{Supervisor: w.self.Load()})
		return true
	case request.Status:
		return w.status(call, r.Services, final)
	}
	return false
}

func (w *window) status(call *control.Call, names []string, final bool) bool {
	found, unknown := w.panes.Load().find(names)
	switch {
	case unknown != nil:
		call.Fail(request.UnknownService, noService(unknown))
	case len(found) > few:
		w.ask(question{call, found, final})
	default:
		reply, ok := w.reply(found, map[*pane]sight{})
		if !ok && !final {
			return false
		}
		call.Reply(reply)
	}
	return true
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
		seen := map[*pane]sight{}
		for _, q := range all {
			if q.call.Gone() {
				continue
			}
			if reply, ok := w.reply(q.panes, seen); ok || q.final {
				q.call.Reply(reply)
			} else {
				w.leave(q.call)
			}
		}
	}
}

// sight is a service as it was seen. It is doubtful if the loop shows a main process that
// has ended.
type sight struct {
	service  *request.Service
	doubtful bool
}

// reply shows services, and keeps in seen how, for others that ask for the same; ok is false
// if one of them is doubtful.
func (w *window) reply(of []*pane, seen map[*pane]sight) (reply *request.Reply, ok bool) {
	reply, ok = &request.Reply{Supervisor: w.self.Load(), Services: make([]request.Service, len(of))}, true
	for i, pane := range of {
		if seen[pane].service == nil {
			seen[pane] = pane.look()
		}
		reply.Services[i] = *seen[pane].service
		ok = ok && !seen[pane].doubtful
	}
	return reply, ok
}

// look is what the pane shows and what /proc says of the service's main process, if that was
// still the same when it was read. It is our child: who has got its pid is not.
func (p *pane) look() sight {
	shown := p.Load()
	for {
		if shown.PID == 0 {
			return sight{service: shown}
		}
		state, err := sys.ReadSignalState(strconv.Itoa(shown.PID))
		now := p.Load()
		switch {
		case now.PID != shown.PID:
			shown = now
		case err != nil || state.Ended || state.Parent != os.Getpid():
			return sight{now, true}
		default:
			status := seen(*now, state)
			return sight{service: &status}
		}
	}
}

// close waits until all that has been asked is answered.
func (w *window) close() { w.readers.Wait() }
