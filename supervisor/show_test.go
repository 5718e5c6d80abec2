package supervisor

import (
	"strings"
	"testing"
	"time"

	"supervise/signals"
	"supervise/supervisor/machine"
)

func TestFitting(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"from pid 4194304 (supervise, uid 4294967294)":                          "from pid 4194304 (supervise, uid 4294967294)",
		"from supervise: a rung of its ladder":                                  "from supervise: a rung of its ladder",
		"perhaps from supervise: a rung of its ladder, sent 1.5s before":        "perhaps from supervise: a rung of its ladder",
		"from an unknown sender: the kernel does not say who it was":            "from an unknown sender",
		"perhaps from pid 12 (supervise, uid 0), which sent one 1.5s before it": "perhaps from pid 12 (supervise, uid 0)",
		"sent by the kernel's OOM killer: the cgroup /a/b: it was full":         "sent by the kernel's OOM killer: the cgroup /a/b",
		"perhaps from pid 4194304 (a-longer-nameXX, uid 4294967294), which":     "perhaps from pid 4194304 (a-longer-nameXX, uid 4",
	} {
		if got := fitting(text, 48); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestMore has a slot say when the service has more to it.
func TestMore(t *testing.T) {
	s := newFleet(t, 1)
	is := s.services[0]
	ended := machine.Event{Kind: machine.Exited, Gen: is.gen, Exit: signals.Exit{Signal: signals.SIGKILL}}
	for _, test := range []struct {
		event  machine.Event
		blamed string
		more   bool
	}{
		{machine.Event{Kind: machine.Tick}, strings.Repeat("x", 99), false}, // it has not ended yet
		{ended, ", from pid 1 (x, uid 0)", false},
		{ended, ", from an unknown sender: the kernel does not say who it was", true},
		{machine.Event{Kind: machine.Stop}, "", false},
		{machine.Event{Kind: machine.Remove}, "", true},
	} {
		if test.event.Kind == machine.Remove { // while it still has something to stop
			s.machine.Step(time.Second, machine.Event{Kind: machine.Start})
			s.machine.Step(time.Second, machine.Event{Kind: machine.Spawned, Gen: s.machine.View(0).Gen, PID: 1})
		}
		s.machine.Step(time.Second, test.event)
		is.blamed = test.blamed
		if got := s.slot(is); got.More != test.more {
			t.Errorf("after %v, %q: %+v", test.event, test.blamed, got)
		}
	}
}
