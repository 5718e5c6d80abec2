package sim

import (
	"strconv"
	"strings"
	"time"

	"supervise/signals"
	"supervise/supervisor/attribution"
	"supervise/supervisor/machine"
	"supervise/supervisor/status"
)

// source is why a signal was sent to a process.
type source uint8

const (
	itself    source = iota // nobody sent one
	stranger                // somebody who did not ask the supervisor
	asked                   // somebody asked the supervisor, or it was forwarded
	rung                    // of the ladder
	ladderEnd               // its SIGKILL
)

// sender is who really sent a signal, and when. The loop is never told.
type sender struct {
	source source
	by     machine.Asker // of asked
	at     time.Duration
}

// exited takes note of an end that the machine was told of.
func (w *world) exited(s *service, p *process) { s.lastEnd, s.endedAt = p, w.now }

// checkVerdict compares what is said of who ended a leader with who did.
func (w *world) checkVerdict(s *service, exit *status.Exit) {
	p := s.lastEnd
	if p == nil {
		return
	}
	s.lastEnd = nil
	ago, verdict := s.endedAt-p.killer.at, p.killer.verdict()
	byUs := verdict.Certainty == attribution.Certain && p.dying
	sure, perhaps := names(verdict, exit.Cause)
	switch {
	case p.exit.Signal == 0:
		if exit.Cause != "" || exit.By != (status.Process{}) {
			w.fail(s, "it has %v by itself, and that is said to be %q", p.exit, exit.Cause)
		}
	case w.recording() && (w.wasSeen(p, exit) || p.also && isCertain(exit.Cause)): // it cannot see which of two a handler obeys
	case !byUs:
		if isCertain(exit.Cause) || exit.By != (status.Process{}) {
			w.fail(s, "it has been %v %q, as it is said, and that was %v", p.exit, exit.Cause, p.killer)
		}
	case sure && exit.By.PID == processOf(verdict).PID:
	case perhaps && p.exit.Signal != signals.SIGKILL && ago > time.Second-slack:
	case perhaps && p.exit.Signal != signals.SIGKILL && p.killer.source == rung && p.unseen:
	default:
		w.fail(s, "it has been %v %v ago %s, and that is said to be %q by %v", p.exit, ago, verdict, exit.Cause, exit.By)
	}
}

// wasSeen reports whether a text names what the recorder can have seen of an end: that the process has
// sent itself the signal, or a stranger has.
func (w *world) wasSeen(p *process, exit *status.Exit) bool {
	const self, handled = "from itself", "from itself, when it had handled the one from "
	who := "from pid " + strconv.Itoa(strangerPID) + " (stranger, uid 0)"
	switch {
	case exit.Cause == self:
		return (!p.dying || p.dump != nil) && exit.By == status.Process{}
	case strings.HasPrefix(exit.Cause, handled):
		return (!p.dying || p.dump != nil) && exit.By == status.Process{}
	case exit.Cause == who:
		return p.dying && p.killer.source == stranger && exit.By.PID == strangerPID
	case !p.dying && p.unseen: // a record was lost: perhaps that of what its handler was at work on
		return true
	}
	sure, _ := names(p.killer.verdict(), exit.Cause)
	return sure && !p.dying && p.killer.verdict().Certainty == attribution.Certain // by a handler, for which the ledger is not sure
}

// names reports whether a text names the sender of a verdict, for sure or perhaps. What was held
// for long comes without the name of who sent it, or, if that is no process, without all.
func names(v attribution.Verdict, cause string) (sure, perhaps bool) {
	nameless := v
	if nameless.By.Name = ""; !nameless.By.Known() {
		nameless.By = machine.Asker{}
	}
	for _, text := range []string{v.String(), nameless.String()} {
		sure = sure || cause == text
		perhaps = perhaps || strings.HasPrefix(cause, "perhaps "+text)
	}
	return sure, perhaps
}

// isCertain reports whether somebody is said to have sent a signal, without doubt.
func isCertain(cause string) bool {
	return strings.HasPrefix(cause, "from ") && cause != attribution.Verdict{Certainty: attribution.Unknown}.String()
}

// verdict is what is to be said of a sender by those who know all that the loop can know.
func (s sender) verdict() attribution.Verdict {
	v := attribution.Verdict{Certainty: attribution.Certain}
	switch s.source {
	case asked:
		v.By = s.by
	case rung:
		v.Reason = attribution.Rung
	case ladderEnd:
		v.Reason = attribution.LadderEnd
	case itself, stranger:
		v.Certainty = attribution.Unknown
	}
	return v
}

func processOf(v attribution.Verdict) status.Process {
	by, certain := v.Sender()
	if !certain {
		return status.Process{}
	}
	return status.Process{PID: int(by.PID), UID: int(by.UID), Name: by.Name}
}

func (s sender) String() string {
	names := [...]string{"by itself", "somebody else", "asked for by", "a rung of its ladder", "the end of its ladder"}
	if s.source == asked {
		return names[asked] + " " + s.by.String()
	}
	return names[s.source]
}

// checkSender holds that a signal to the supervisor is told with who sent it.
func (w *world) checkSender(ev *machine.Event) {
	want := machine.Asker{Source: ev.Info.Sender()}
	if ev.Info.PID > 0 {
		want = machine.Asker{PID: ev.Info.PID, UID: ev.Info.UID, Name: someone(int(ev.Info.PID)).Name}
	}
	if ev.By != want {
		w.fail(nil, "%v is said to be from %v", ev.Info, ev.By)
	}
}

// checkAsker holds that a command is told with who gave it.
func (w *world) checkAsker(ev *machine.Event) {
	if c := w.clients.serving; c == nil || ev.By != c.asker {
		w.fail(w.of(ev.Service), "%v is said to be asked for by %v", ev.Kind, ev.By)
	}
}
