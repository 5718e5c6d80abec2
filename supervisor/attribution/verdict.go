package attribution

import (
	"time"

	"supervise/signals/recorder"
	"supervise/supervisor/machine"
)

// Certainty says how certain it is who sent the signal that ended a main process.
type Certainty uint8

// The certainties.
const (
	NoSignal       Certainty = iota // no signal ended it
	Unknown                         // the supervisor did not send the signal
	FaultOrUnknown                  // neither, but it may be a fault of the process itself
	Possible                        // the supervisor sent such a signal, but others may have sent one, too
	Certain                         // the supervisor sent the signal

	numCertainties = iota
)

// NoVerdict is that of all services of which no process has ended. It is not written to.
var NoVerdict Verdict

// Verdict is who sent the signal that ended a main process, as far as that is known. It is
// a plain comparable value. The zero value is about a process that no signal ended.
type Verdict struct {
	Certainty Certainty     `json:"certainty"`
	Reason    Reason        `json:"reason,omitzero"` // why the supervisor sent it, if Possible or Certain
	By        machine.Asker `json:"by,omitzero"`     // who asked for that, if Reason is Asked
	Ago       time.Duration `json:"ago,omitzero"`    // from the signal to the exit
	Entry     uint64        `json:"entry,omitzero"`  // number of the journal's entry about By's signal, 0 for none
	OOM       Finding       `json:"oom,omitzero"`    // evidence for the OOM killer overrides the rest
	Seen      Sighting      `json:"seen,omitzero"`   // how the signal came about, if it was recorded; By is who sent it then
}

// OOMKiller is the name of the kernel's OOM killer as a sender: [Verdict.Sender].
const OOMKiller = "OOM killer"

// Sender returns who sent the signal, and whether that is certain: a process, or the OOM
// killer, which has a name and no pid. For a signal that the supervisor sent for a reason of
// its own there is no sender.
func (v Verdict) Sender() (machine.Asker, bool) {
	switch {
	case v.OOM.Evidence != NoEvidence:
		return machine.Asker{Name: OOMKiller}, v.OOM.Likely()
	case v.Seen.Cause == recorder.OOMKill:
		return machine.Asker{Name: OOMKiller}, true
	case v.Certainty == Certain:
		return v.By, v.By.Known()
	}
	return machine.Asker{}, false
}

// String says who sent the signal, in words that follow its name: "from pid 812 (bash, uid
// 0)". It is empty if no signal ended the process.
func (v Verdict) String() string {
	if v.OOM.Evidence != NoEvidence {
		return v.OOM.String()
	}
	if v.Seen.Cause != recorder.NoCause {
		return v.Seen.text(v.By)
	}
	switch v.Certainty {
	case NoSignal:
		return ""
	case Unknown:
		return "from an unknown sender: the kernel does not say who it was"
	case FaultOrUnknown:
		return "by a fault of its own or from an unknown sender"
	case Possible:
		if v.By.Known() {
			return "perhaps from " + v.source() + ", which sent one " + rough(v.Ago) + " before"
		}
		return "perhaps from " + v.source() + ", sent " + rough(v.Ago) + " before"
	case Certain:
		return "from " + v.source()
	}
	return v.Certainty.String()
}

// source is the process that asked for the signal, or the supervisor and why it sent it.
func (v Verdict) source() string {
	if v.By.Known() {
		return v.By.Process()
	}
	switch v.Reason {
	case Asked:
		if v.By == (machine.Asker{}) { // the signal was held for longer than the journal remembers
			return "supervise: asked for by somebody long ago"
		}
		return "supervise: asked for by " + v.By.String()
	case Rung:
		return "supervise: a rung of its ladder"
	case LadderEnd:
		return "supervise: the end of its ladder"
	}
	return "supervise: " + v.Reason.String()
}

// rough rounds a duration: "12ms", "1.5s".
func rough(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}
