package attribution

import (
	"testing"
	"time"

	"supervise/signals"
	"supervise/signals/recorder"
	"supervise/supervisor/machine"
)

// TestWitnessed improves verdicts by what was recorded.
func TestWitnessed(t *testing.T) {
	const pid, self = 7, 1
	bash := recorder.Process{PID: 12, Global: 12, UID: 3, Name: "bash", ParentName: "sshd"}
	us := recorder.Process{PID: self, Global: self, Name: "supervise"}
	it := recorder.Process{PID: pid, Global: pid, Name: "web", Service: "web"}
	kill := func(by recorder.Process) recorder.Signal {
		return recorder.Signal{Signal: signals.SIGKILL, Target: pid, Sender: by, Self: by.PID == pid}
	}
	term := func(by recorder.Process, handler uint64) recorder.Signal {
		return recorder.Signal{Signal: signals.SIGTERM, Target: pid, Sender: by, Self: by.PID == pid, Handler: handler}
	}
	unknown := Verdict{Certainty: Unknown}
	perhaps := Verdict{Certainty: Possible, By: client, Ago: time.Second}
	rung := Verdict{Certainty: Possible, Reason: Rung}
	for name, test := range map[string]struct {
		before   Verdict
		recorded []recorder.Signal
		exit     signals.Signal
		want     string
		by       machine.Asker
	}{
		"nothing":        {unknown, nil, signals.SIGKILL, unknown.String(), machine.Asker{}},
		"another signal": {unknown, []recorder.Signal{term(bash, 0)}, signals.SIGKILL, unknown.String(), machine.Asker{}},
		"an operator": {
			unknown,
			[]recorder.Signal{kill(bash)},
			signals.SIGKILL, "from pid 12 (bash by sshd, uid 3)",
			machine.Asker{PID: 12, UID: 3, Name: "bash", Behind: machine.Behind{Name: "sshd"}},
		},
		"of a service": {
			unknown,
			[]recorder.Signal{kill(recorder.Process{PID: 13, Name: "sh", ParentName: "supervise", Service: "side car"})},
			signals.SIGKILL,
			`from pid 13 (sh, uid 0) of service "side car"`,
			machine.Asker{PID: 13, Name: "sh"},
		},
		"outside": {
			unknown,
			[]recorder.Signal{kill(recorder.Process{Global: 900, Name: "sh", ParentName: "sh"})},
			signals.SIGKILL,
			"from pid 900 (sh, uid 0) outside our PID namespace",
			machine.Asker{PID: 900, Name: "sh"},
		},
		"itself":             {unknown, []recorder.Signal{kill(it)}, signals.SIGKILL, "from itself", machine.Asker{}},
		"it was us":          {perhaps, []recorder.Signal{kill(us)}, signals.SIGKILL, "from pid 12 (supervise, uid 0)", client},
		"it was not us":      {perhaps, []recorder.Signal{kill(us), kill(it)}, signals.SIGKILL, "from itself", machine.Asker{}},
		"we, by the handler": {rung, []recorder.Signal{term(us, 2), term(it, 0)}, signals.SIGTERM, "from supervise: a rung of its ladder", machine.Asker{}},
		"we and another, by the handler": {
			rung,
			[]recorder.Signal{term(bash, 2), term(us, 2), term(it, 0)},
			signals.SIGTERM, "perhaps from supervise: a rung of its ladder, sent 0s before",
			machine.Asker{},
		},
		"we twice, by the handler": {
			rung,
			[]recorder.Signal{term(us, 2), term(us, 2), term(it, 0)},
			signals.SIGTERM, "perhaps from supervise: a rung of its ladder, sent 0s before",
			machine.Asker{},
		},
		"another, by the handler": {
			rung,
			[]recorder.Signal{term(bash, 2), term(it, 0)},
			signals.SIGTERM,
			"from itself, when it had handled the one from pid 12 (bash by sshd, uid 3)",
			machine.Asker{},
		},
		"no signal": {Verdict{}, []recorder.Signal{kill(bash)}, 0, "", machine.Asker{}},
	} {
		var m recorder.Memory
		for i := range test.recorded {
			m.Take(&test.recorded[i])
		}
		got := test.before.Witnessed(&m, pid, signals.Exit{Signal: test.exit}, self)
		if by, _ := got.Sender(); got.String() != test.want || by != test.by {
			t.Errorf("%s: %q by %+v, want %q by %+v", name, got, by, test.want, test.by)
		}
	}
}

// TestCrashed learns from a core what nothing else tells.
func TestCrashed(t *testing.T) {
	for name, test := range map[string]struct {
		verdict       Verdict
		code, address string
		want          string
	}{
		"a fault":      {Verdict{Certainty: FaultOrUnknown}, "SEGV_MAPERR", "0x10", "by a fault of its own: SEGV_MAPERR at 0x10"},
		"no address":   {Verdict{Certainty: FaultOrUnknown}, "SI_KERNEL", "", "by a fault of its own: SI_KERNEL"},
		"sent":         {Verdict{Certainty: FaultOrUnknown}, "SI_USER", "", Verdict{Certainty: FaultOrUnknown}.String()},
		"no core":      {Verdict{Certainty: FaultOrUnknown}, "", "", Verdict{Certainty: FaultOrUnknown}.String()},
		"it was known": {Verdict{Certainty: Certain, By: client}, "SEGV_MAPERR", "0x10", "from pid 12 (supervise, uid 0)"},
	} {
		if got := test.verdict.Crashed(test.code, test.address).String(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestHow has words for each cause, either with a sender or without.
func TestHow(t *testing.T) {
	seen := map[string]recorder.Cause{}
	for c := recorder.Cause(1); ; c++ {
		var known recorder.Cause
		if known.UnmarshalText([]byte(c.String())) != nil {
			break
		}
		text := Verdict{Certainty: Certain, By: client, Seen: Sighting{Cause: c}}.String()
		if other, twice := seen[text]; text == "" || twice {
			t.Errorf("%v and %v are both %q", c, other, text)
		}
		seen[text] = c
	}
	if len(seen) < 15 {
		t.Errorf("only %d causes", len(seen))
	}
	if got := How(recorder.Fault, "SEGV_MAPERR at 0x10"); got != "by a fault of its own: SEGV_MAPERR at 0x10" {
		t.Error(got)
	}
	if (Verdict{Certainty: Certain}).Unclear() || !(Verdict{Certainty: Certain, Seen: Sighting{Cause: recorder.OOMKill}}).Unclear() || !(Verdict{Certainty: Unknown}).Unclear() {
		t.Error("when to look for the OOM killer")
	}
}
