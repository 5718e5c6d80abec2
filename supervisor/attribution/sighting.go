package attribution

import (
	"strconv"
	"strings"

	"supervise/internal/text/escape"
	"supervise/signals"
	"supervise/signals/recorder"
	"supervise/supervisor/machine"
)

// Sighting is what the recorder has seen of the signal that ended a main process. It is a plain
// comparable value. The zero value says that it has seen none.
type Sighting struct {
	Cause   recorder.Cause `json:"cause,omitzero"`
	Detail  string         `json:"detail,omitzero"`  // of a cause that has one: "SEGV_MAPERR at 0x10"
	Service string         `json:"service,omitzero"` // that the sender is a process of
	Outside bool           `json:"outside,omitzero"` // the sender is outside our PID namespace, and the pid that of the first one
	After   machine.Asker  `json:"after,omitzero"`   // of FromItself: who sent such a signal before, which it handled
}

// Witnessed improves a verdict on a process that has ended, with what was recorded of
// signals to its service. self is the pid of the supervisor, of whose signals the ledger knows more.
func (v Verdict) Witnessed(m *recorder.Memory, pid int, exit signals.Exit, self int) Verdict {
	killer, before := m.Ended(pid, exit.Signal)
	if killer == nil {
		return v
	}
	cause := killer.Cause()
	handled := before != nil && int(before.Sender.PID) == self
	ours := handled || int(killer.Sender.PID) == self && (cause == recorder.FromProcess || cause == recorder.CgroupKill)
	if ours && (v.Certainty == Possible || v.Certainty == Certain) {
		v.Certainty = Certain
		if handled && before.Others > 0 { // it may have been at work on somebody else's
			v.Certainty = Possible
		}
		return v
	}
	seen := SightingOf(&killer.Signal)
	if before != nil {
		seen.Seen.After = Sender(&before.Signal)
	}
	return seen
}

// SightingOf is the verdict on a process that a signal ends, by what was recorded of that signal.
func SightingOf(s *recorder.Signal) Verdict {
	v := Verdict{Certainty: Certain, Seen: Sighting{Cause: s.Cause(), Detail: s.Detail()}}
	if v.Seen.Cause.Meant() {
		v.By, v.Seen.Service, v.Seen.Outside = Sender(s), s.Sender.Service, s.Sender.PID == 0
	}
	return v
}

// Crashed improves a verdict that knows no better by what the core has: the name of si_code and, of
// a fault, its address. Codes of signals that were sent begin with SI_.
func (v Verdict) Crashed(code, address string) Verdict {
	if v.Certainty != FaultOrUnknown || code == "" || strings.HasPrefix(code, "SI_") && code != "SI_KERNEL" {
		return v
	}
	detail := code
	if address != "" {
		detail += " at " + address
	}
	return Verdict{Certainty: Certain, Seen: Sighting{Cause: recorder.Fault, Detail: detail}}
}

// Unclear reports whether a SIGKILL may have come from the OOM killer, or has and the reason is to
// be found.
func (v Verdict) Unclear() bool {
	return v.Certainty == Unknown || v.Seen.Cause == recorder.OOMKill || v.Seen.Cause == recorder.FromKernel
}

// Sender is who sent a signal, with the name of its parent, if it is of no service.
func Sender(s *recorder.Signal) machine.Asker {
	p := &s.Sender
	by := machine.Asker{PID: p.PID, UID: p.UID, Name: p.Name}
	if p.PID == 0 {
		by.PID = p.Global
	}
	if p.ParentName != p.Name && p.Service == "" { // whose parents do not tell more
		by.Behind.Name = p.ParentName
	}
	return by
}

// text says how the signal came about, in words that follow its name.
func (s *Sighting) text(by machine.Asker) string {
	who := by.Process()
	if s.Outside {
		who += " outside our PID namespace"
	}
	if s.Service != "" {
		who += " of service " + strconv.Quote(escape.Name(s.Service))
	}
	switch s.Cause {
	case recorder.FromProcess:
		return "from " + who
	case recorder.CgroupKill:
		return "from " + who + ", which wrote to cgroup.kill"
	case recorder.ParentDeath:
		return "as its parent ended, " + who + " (PR_SET_PDEATHSIG)"
	case recorder.NamespaceEnd:
		return "as the init of its PID namespace ended, " + who
	case recorder.FromItself:
		return s.fromItself()
	case recorder.NoCause, recorder.Fault, recorder.OOMKill, recorder.HangUp, recorder.Typed, recorder.Background, recorder.Timer,
		recorder.CPULimit, recorder.FileLimit, recorder.BrokenPipe, recorder.Seccomp, recorder.IO, recorder.FromKernel:
	}
	return How(s.Cause, s.Detail)
}

func (s *Sighting) fromItself() string {
	switch {
	case s.After.Known():
		return "from itself, when it had handled the one from " + s.After.Process()
	case s.Detail != "":
		return "from itself, by " + s.Detail
	}
	return "from itself"
}

// How says how a signal came about that no other process meant, with the detail that it has:
// "by a fault of its own: SEGV_MAPERR at 0x10". It is empty for other causes.
func How(cause recorder.Cause, detail string) string {
	with := func(text, between string) string {
		if detail == "" {
			return text
		}
		return text + between + detail
	}
	switch cause {
	case recorder.FromItself:
		return with("from itself", ", by ")
	case recorder.Fault:
		return with("by a fault of its own", ": ")
	case recorder.OOMKill:
		return "sent by the kernel's OOM killer"
	case recorder.HangUp:
		return "from the kernel: its terminal was hung up"
	case recorder.Typed:
		return "from the kernel: typed at its terminal"
	case recorder.Background:
		return "from the kernel: it used its terminal from the background"
	case recorder.Timer:
		return with("from a timer", " of ")
	case recorder.CPULimit:
		return "from the kernel: it has used up its CPU time (RLIMIT_CPU)"
	case recorder.FileLimit:
		return "from the kernel: a file of it is as large as it may be (RLIMIT_FSIZE)"
	case recorder.BrokenPipe:
		return "from the kernel: it wrote to a pipe or socket that nobody reads any more"
	case recorder.Seccomp:
		return with("from the kernel: its seccomp filter forbids what it did", ": ")
	case recorder.IO:
		return "from the kernel: for I/O or a message queue"
	case recorder.FromKernel:
		return "from the kernel, which does not say why"
	case recorder.NoCause, recorder.FromProcess, recorder.CgroupKill, recorder.ParentDeath, recorder.NamespaceEnd:
	}
	return ""
}
