package attribution

import (
	"time"

	"supervise/supervisor/machine"
)

// Certainty is how well it is known who sent the signal that ended a main process.
type Certainty uint8

// The certainties.
const (
	NoSignal       Certainty = iota // it did not end by a signal
	Unknown                         // the signal did not come through the supervisor
	FaultOrUnknown                  // the same, but it may also be a fault of the process itself
	Possible                        // the supervisor sent one, and somebody else may have, too
	Certain                         // the supervisor sent it, and it can be no other

	numCertainties = iota
)

// Verdict is who sent the signal that ended a main process, as far as that is known. It is
// a plain comparable value. The zero value is about a process that no signal ended.
type Verdict struct {
	Certainty Certainty     `json:"certainty"`
	Reason    Reason        `json:"reason,omitzero"` // why the supervisor sent it, if Possible or Certain
	By        machine.Asker `json:"by,omitzero"`     // who asked for that, if Reason is Asked
	Ago       time.Duration `json:"ago,omitzero"`    // how long before the end was seen
	Entry     uint64        `json:"entry,omitzero"`  // the journal's entry about By's signal, 0 for none
	OOM       Finding       `json:"oom,omitzero"`    // whether it was the OOM killer, which overrides the rest
}

// OOMKiller is the name by which [Verdict.Sender] returns the kernel's OOM killer.
const OOMKiller = "OOM killer"

// Sender returns who sent the signal, if that is certain: a process, or the OOM killer, which
// has a name and no pid. It is false for what the supervisor sent for a reason of its own.
func (v Verdict) Sender() (machine.Asker, bool) {
	switch {
	case v.OOM.Evidence != NoEvidence:
		return machine.Asker{Name: OOMKiller}, v.OOM.Likely()
	case v.Certainty == Certain:
		return v.By, v.By.Known()
	}
	return machine.Asker{}, false
}

// String says who sent it, to be put after the signal: "from pid 812 (bash, uid 0)". It is
// empty if no signal ended the process.
func (v Verdict) String() string {
	if v.OOM.Evidence != NoEvidence {
		return v.OOM.String()
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
		return "supervise: asked for by " + v.By.String()
	case Rung:
		return "supervise: a rung of its ladder"
	case LadderEnd:
		return "supervise: the end of its ladder"
	}
	return "supervise: " + v.Reason.String()
}

// rough writes a duration as precisely as it matters: "12ms", "1.5s".
func rough(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}
