package main_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"supervise/supervisor/board"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
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
func (s *supervised) status(t *testing.T, service string) request.Service {
	t.Helper()
	reply := s.call(t, request.Status{Services: []string{service}})
	if len(reply.Services) != 1 {
		t.Fatalf("status of %s: %+v", service, reply)
	}
	return reply.Services[0]
}

// awaitSlot waits until the board shows a service as it is to be.
func (s *supervised) awaitSlot(t *testing.T, service, what string, match func(board.Slot) bool) (slot board.Slot) {
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
		for _, slot = range b.Snapshot(nil) {
			if slot.Name == service && match(slot) {
				return slot
			}
		}
		_, _ = b.Wait(mark, time.Until(deadline))
	}
	t.Fatalf("%s is never shown as %s; it is %+v", service, what, slot)
	return slot
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
