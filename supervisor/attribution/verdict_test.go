package attribution

import (
	"encoding/json"
	"testing"
	"time"

	"supervise/signals"
	"supervise/signals/recorder"
	"supervise/supervisor/machine"
)

func TestSender(t *testing.T) {
	oom := machine.Asker{Name: OOMKiller}
	for name, test := range map[string]struct {
		verdict Verdict
		want    machine.Asker
		certain bool
	}{
		"no signal":           {Verdict{}, machine.Asker{}, false},
		"unknown":             {Verdict{Certainty: Unknown}, machine.Asker{}, false},
		"possible":            {Verdict{Certainty: Possible, By: client}, machine.Asker{}, false},
		"certain":             {Verdict{Certainty: Certain, By: client}, client, true},
		"a rung":              {Verdict{Certainty: Certain, Reason: Rung}, machine.Asker{}, false},
		"OOM killer":          {Verdict{Certainty: Unknown, OOM: Finding{KernelLog, cgroupFull}}, oom, true},
		"OOM killer, likely":  {Verdict{Certainty: Unknown, OOM: Finding{Evidence: CgroupCount}}, oom, true},
		"OOM killer, perhaps": {Verdict{Certainty: Unknown, OOM: Finding{Evidence: MachineCount}}, oom, false},
	} {
		if got, certain := test.verdict.Sender(); certain != test.certain || certain && got != test.want {
			t.Errorf("%s: %+v, %v", name, got, certain)
		}
	}
}

// TestString has what TestExplain and TestLook do not come to.
func TestString(t *testing.T) {
	for want, verdict := range map[string]Verdict{
		"": {},
		"by a fault of its own or from an unknown sender":               {Certainty: FaultOrUnknown},
		"sent by the kernel's OOM killer: memory cgroup /a was full":    {Certainty: Unknown, OOM: Finding{KernelLog, "memory cgroup /a was full"}},
		"from supervise: asked for by SIGUSR1 from a timer":             {Certainty: Certain, By: machine.Asker{Source: "a timer", Signal: signals.SIGUSR1}},
		"perhaps from pid 13 (bash, uid 0), which sent one 12ms before": {Certainty: Possible, By: other, Ago: 12345 * time.Microsecond},
		"from supervise: 200": {Certainty: Certain, Reason: 200},
		"200":                 {Certainty: 200},
		"201":                 {OOM: Finding{Evidence: 201}},
	} {
		if got := verdict.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestJSON writes every value of a verdict and reads it again.
func TestJSON(t *testing.T) {
	for c := range Certainty(numCertainties) {
		for r := range Reason(numReasons) {
			for e := range Evidence(numEvidence) {
				verdict := Verdict{c, r, client, time.Second, 7, Finding{e, machineFull}, Sighting{recorder.CgroupKill, "d", "web", true, machine.Asker{PID: 3, Signal: signals.SIGHUP}}}
				verdict.By.Signal = signals.SIGUSR1
				text, err := json.Marshal(verdict)
				if err != nil {
					t.Fatal(err)
				}
				var got Verdict
				if err := json.Unmarshal(text, &got); err != nil || got != verdict {
					t.Errorf("%s: %+v, %v", text, got, err)
				}
			}
		}
	}
	const rung = `{"certainty":"certain","reason":"rung"}`
	if text, err := json.Marshal(Verdict{Certainty: Certain, Reason: Rung}); err != nil || string(text) != rung {
		t.Errorf("%s, %v, want %s", text, err, rung)
	}
	for _, hostile := range []string{`{"certainty":"sure"}`, `{"reason":"99"}`, `{"oom":{"evidence":""}}`, `{"certainty":7}`} {
		if err := json.Unmarshal([]byte(hostile), new(Verdict)); err == nil {
			t.Errorf("%s is taken for a verdict", hostile)
		}
	}
}
