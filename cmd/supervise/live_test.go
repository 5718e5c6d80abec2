package main_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"supervise/supervisor/board"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// call asks a supervise run what a program would ask it, and fails the test if that does
// not answer. An error in the answer is left in it.
func (s *supervised) call(t *testing.T, q request.Request) *request.Reply {
	t.Helper()
	c, err := client.Dial(s.runtime)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	reply, err := c.Call(ctx, q)
	if reply == nil {
		t.Fatalf("%s: %v", q.Verb(), err)
	}
	return reply
}

// run runs a command of supervise against a supervise run.
func (s *supervised) run(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	return ask(t, s.runtime, args...)
}

// must runs a command that is to succeed, and returns what it printed.
func (s *supervised) must(t *testing.T, args ...string) string {
	t.Helper()
	out, code := s.run(t, args...)
	if code != 0 {
		t.Errorf("supervise %s: status %d: %s", strings.Join(args, " "), code, out)
	}
	return out
}

// status returns how a service stands.
func (s *supervised) status(t *testing.T, service string) status.Service {
	t.Helper()
	reply := s.call(t, request.Status{Services: []string{service}})
	if len(reply.Services) != 1 {
		t.Fatalf("status of %s: %+v", service, reply)
	}
	return reply.Services[0]
}

// state returns the state of a service as status has it: "paused" is one.
func (s *supervised) state(t *testing.T, service string) string {
	t.Helper()
	shown := s.status(t, service)
	return shown.DisplayState()
}

// awaitSlot waits until the board shows a service as it is to be.
func (s *supervised) awaitSlot(t *testing.T, service, what string, match func(status.Service) bool) (shown status.Service) {
	t.Helper()
	var b *board.Reader
	defer func() {
		if b != nil {
			b.Close()
		}
	}()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if b == nil {
			var err error
			if b, err = board.Open(s.runtime); err != nil {
				t.Fatal(err)
			}
		}
		mark, err := b.Mark()
		if err != nil { // it has moved
			b.Close()
			b = nil
			continue
		}
		for _, shown = range b.Snapshot(nil) {
			if shown.Name == service && match(shown) {
				return shown
			}
		}
		_, _ = b.Wait(mark, time.Until(deadline))
	}
	t.Fatalf("%s is never shown as %s; it is %+v", service, what, shown)
	return shown
}

// why returns how a service came into its state, one text a line.
func (s *supervised) why(t *testing.T, service string) string {
	t.Helper()
	var b strings.Builder
	for _, e := range s.call(t, request.Why{Service: service}).Events {
		b.WriteString(e.Text + "\n")
	}
	return b.String()
}

// inOrder fails the test unless a text contains these parts, one behind the other.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("%q is missing, or not in its place:\n%s", part, text)
			return
		}
		rest = after
	}
}

// awaitState waits until a service is in a state, as status calls it.
func (s *supervised) awaitState(t *testing.T, service, state string) status.Service {
	t.Helper()
	return s.awaitSlot(t, service, state, func(s status.Service) bool { return s.DisplayState() == state })
}

// feed is every event of a supervise run from some moment on, as programs can follow them.
type feed struct {
	t       *testing.T
	mu      sync.Mutex
	changed sync.Cond
	events  []request.Event
	dropped uint64
	ended   bool
	seen    int // what has been awaited ends before it
}

// follow begins a feed with all that is remembered.
func (s *supervised) follow(t *testing.T) *feed {
	t.Helper()
	c, err := client.Dial(s.runtime)
	if err != nil {
		t.Fatal(err)
	}
	f := &feed{t: t}
	f.changed.L = &f.mu
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for reply, err := range c.Stream(ctx, request.Events{Follow: true}) {
			if err != nil {
				break
			}
			f.mu.Lock()
			f.events, f.dropped = append(f.events, reply.Events...), f.dropped+reply.Dropped
			f.changed.Broadcast()
			f.mu.Unlock()
		}
		f.mu.Lock()
		f.ended = true
		f.changed.Broadcast()
		f.mu.Unlock()
	}()
	t.Cleanup(func() {
		cancel()
		<-gone
	})
	return f
}

// await returns the first event behind the last one awaited for which match holds.
func (f *feed) await(what string, match func(request.Event) bool) request.Event {
	f.t.Helper()
	expired, stop := expire(&f.mu, &f.changed)
	defer stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		for ; f.seen < len(f.events); f.seen++ {
			if e := f.events[f.seen]; match(e) {
				f.seen++
				return e
			}
		}
		if f.ended || *expired {
			f.t.Fatalf("never came: %s", what)
		}
		f.changed.Wait()
	}
}

// all returns the events, once there can be no more.
func (f *feed) all() []request.Event {
	f.t.Helper()
	expired, stop := expire(&f.mu, &f.changed)
	defer stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	for !f.ended {
		if *expired {
			f.t.Fatal("the events do not end")
		}
		f.changed.Wait()
	}
	return f.events
}

// history returns all events of a service, which go back to others that it returns too.
func (s *supervised) history(t *testing.T, services ...string) []request.Event {
	t.Helper()
	return s.call(t, request.Events{Services: services}).Events
}

// decode reads a stream of JSON values.
func decode[E any](t *testing.T, text string) (all []E) {
	t.Helper()
	for d := json.NewDecoder(strings.NewReader(text)); d.More(); {
		var e E
		if err := d.Decode(&e); err != nil {
			t.Fatalf("no JSON: %v\n%s", err, text)
		}
		all = append(all, e)
	}
	return all
}

// awaitSlotRestarts waits until a service has been restarted so often.
func (s *supervised) awaitSlotRestarts(t *testing.T, service string, n int) {
	t.Helper()
	s.awaitSlot(t, service, "restarted", func(s status.Service) bool { return s.Restarts >= n })
}

// sysv reads what /proc/sysvipc says of the objects of one kind, msg, sem or shm, a line
// each, by their ids.
func sysv(t *testing.T, kind string) map[int]string {
	t.Helper()
	text, err := os.ReadFile("/proc/sysvipc/" + kind)
	if err != nil {
		t.Skip(err)
	}
	objects := map[int]string{}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if i > 0 {
			objects[atoi(t, strings.Fields(line)[1])] = line
		}
	}
	return objects
}
