package supervisor

import (
	"strings"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/control/request"
)

func TestForce(t *testing.T) {
	usr2, rt := signals.SIGUSR2, signals.SIGRTMIN
	for name, test := range map[string]struct {
		signal signals.Signal
		state  sys.SignalState
		want   force
	}{
		"default action":                {usr2, sys.SignalState{}, deadly},
		"default action, core":          {signals.SIGABRT, sys.SignalState{}, deadly},
		"real time":                     {rt, sys.SignalState{}, deadly},
		"another is caught":             {usr2, sys.SignalState{Caught: signals.SetOf(signals.SIGUSR1)}, deadly},
		"caught":                        {usr2, sys.SignalState{Caught: signals.SetOf(usr2)}, handled},
		"ignored":                       {usr2, sys.SignalState{Ignored: signals.SetOf(usr2)}, none},
		"blocked":                       {usr2, sys.SignalState{Blocked: signals.SetOf(usr2)}, waits},
		"blocked and caught":            {usr2, sys.SignalState{Blocked: signals.SetOf(usr2), Caught: signals.SetOf(usr2)}, waits},
		"pending":                       {usr2, sys.SignalState{Blocked: signals.SetOf(usr2), Shared: signals.SetOf(usr2)}, merges},
		"pending, real time":            {rt, sys.SignalState{Blocked: signals.SetOf(rt), Shared: signals.SetOf(rt)}, waits},
		"ignored by default":            {signals.SIGWINCH, sys.SignalState{}, none},
		"ignored by default, caught":    {signals.SIGWINCH, sys.SignalState{Caught: signals.SetOf(signals.SIGWINCH)}, none},
		"stops":                         {signals.SIGSTOP, sys.SignalState{}, none},
		"KILL":                          {signals.SIGKILL, sys.SignalState{}, deadly},
		"KILL, and one was there":       {signals.SIGKILL, sys.SignalState{Shared: signals.SetOf(signals.SIGKILL)}, merges},
		"it is about to end by another": {usr2, sys.SignalState{Pending: signals.SetOf(signals.SIGKILL)}, merges},
		"it has ended":                  {signals.SIGKILL, sys.SignalState{Ended: true}, merges},
	} {
		if got := forceOf(test.signal, test.state); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

// TestBlame has a service end by SIGUSR2 some time after others were sent to it.
func TestBlame(t *testing.T) {
	const unknown = ", from an unknown sender: the kernel does not say who it was"
	client, other := &request.Process{PID: 12, Name: "supervise"}, &request.Process{PID: 13, Name: "bash"}
	type sent struct {
		by    *request.Process
		force force
		ago   time.Duration
	}
	for name, test := range map[string]struct {
		sent []sent
		want string
		by   *request.Process
	}{
		"nothing":                {nil, unknown, nil},
		"deadly":                 {[]sent{{client, deadly, 0}}, ", from pid 12 (supervise, uid 0)", client},
		"deadly, long ago":       {[]sent{{client, deadly, 1500 * time.Millisecond}}, ", perhaps from pid 12 (supervise, uid 0), which sent one 1.5s before", nil},
		"handled just now":       {[]sent{{client, handled, 200 * time.Millisecond}}, ", perhaps from pid 12 (supervise, uid 0), which sent one 2", nil},
		"handled long ago":       {[]sent{{client, handled, 1500 * time.Millisecond}}, unknown, nil},
		"blocked":                {[]sent{{client, waits, 3 * time.Second}}, ", perhaps from pid 12 (supervise, uid 0), which sent one 3s before", nil},
		"blocked, then another":  {[]sent{{client, waits, 3 * time.Second}, {other, merges, 0}}, ", perhaps from pid 12 (supervise, uid 0), which sent one 3s before", nil},
		"ignored":                {[]sent{{client, none, 0}}, unknown, nil},
		"handled, then ignored":  {[]sent{{client, handled, 0}, {other, none, 0}}, unknown, nil},
		"handled, then deadly":   {[]sent{{client, handled, 0}, {other, deadly, 0}}, ", from pid 13 (bash, uid 0)", other},
		"rung":                   {[]sent{{nil, deadly, 0}}, ", from supervise: a rung", nil},
		"rung, handled long ago": {[]sent{{nil, handled, 5 * time.Second}}, ", perhaps from supervise: a rung, sent 5s before", nil},
	} {
		s := newFleet(t, 1)
		s.began = s.began.Add(-time.Minute)
		is := s.services[0]
		for _, b := range test.sent {
			is.struck(signals.SIGUSR2, blow{by: b.by, text: "a rung", rung: b.by == nil, at: s.now() - b.ago, force: b.force})
		}
		exit := signals.Exit{Signal: signals.SIGUSR2}
		if got := s.blame(is, exit); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if _, certain, _ := is.blowBehind(exit, s.now()); certain != (strings.HasPrefix(test.want, ", from pid") || name == "rung") {
			t.Errorf("%s: certain is %v", name, certain)
		}
	}
}
