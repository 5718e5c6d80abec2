package journal

import (
	"encoding/hex"
	"strconv"

	"supervise/signals"
	"supervise/supervisor/attribution"
	"supervise/supervisor/machine"
)

// The members of each object, in their order.

func entryFields(o *object, e *Entry) {
	integer(o, "pid", &e.PID)
	optional(o, "event", &e.Event, eventFields)
	optional(o, "action", &e.Action, actionFields)
	nested(o, "fact", &e.Fact, factFields)
	nested(o, "verdict", &e.Verdict, verdictFields)
	text(o, "processes", &e.Processes)
}

func eventFields(o *object, e *machine.Event) {
	kind(o, "kind", &e.Kind)
	integer(o, "service", &e.Service)
	unsigned(o, "gen", &e.Gen)
	nested(o, "by", &e.By, askerFields)
	boolean(o, "once", &e.Once)
	boolean(o, "more", &e.More)
	word(o, "scope", &e.Scope)
	boolean(o, "terminal-gone", &e.TerminalGone)
	unsigned(o, "revision", &e.Revision)
	text(o, "path", &e.Path)
	integer(o, "pid", &e.PID)
	boolean(o, "permanent", &e.Permanent)
	text(o, "reason", &e.Reason)
	nested(o, "exit", &e.Exit, exitFields)
	boolean(o, "survivors", &e.Survivors)
	boolean(o, "dumping", &e.Dumping)
	nested(o, "info", &e.Info, infoFields)
	unsigned(o, "ticket", &e.Ticket)
	word(o, "result", &e.Result)
	word(o, "effect", &e.Effect)
	integer(o, "count", &e.Count)
}

func actionFields(o *object, a *machine.Action) {
	kind(o, "kind", &a.Kind)
	unsigned(o, "cause", &a.Cause)
	unsigned(o, "origin", &a.Origin)
	integer(o, "service", &a.Service)
	unsigned(o, "gen", &a.Gen)
	integer(o, "pid", &a.PID)
	word(o, "signal", &a.Signal)
	word(o, "scope", &a.Scope)
	nested(o, "info", &a.Info, infoFields)
	unsigned(o, "ticket", &a.Ticket)
	boolean(o, "final", &a.Final)
	integer(o, "status", &a.Status)
	text(o, "path", &a.Path)
	unsigned(o, "set", &a.Set)
	nested(o, "note", &a.Note, noteFields)
}

func noteFields(o *object, n *machine.Note) {
	kind(o, "kind", &n.Kind)
	word(o, "from", &n.From)
	word(o, "to", &n.To)
	word(o, "event", &n.Event)
	word(o, "why", (*why)(&n.Why))
	boolean(o, "permanent", &n.Permanent)
	boolean(o, "success", &n.Success)
	word(o, "as", &n.As)
	word(o, "scope", &n.Scope)
	integer(o, "rung", &n.Rung)
	integer(o, "count", &n.Count)
	integer(o, "for", &n.For)
	nested(o, "exit", &n.Exit, exitFields)
	nested(o, "info", &n.Info, infoFields)
	text(o, "reason", &n.Reason)
}

func askerFields(o *object, a *machine.Asker) {
	integer(o, "pid", &a.PID)
	unsigned(o, "uid", &a.UID)
	text(o, "name", &a.Name)
	text(o, "source", &a.Source)
	word(o, "signal", &a.Signal)
	nested(o, "behind", &a.Behind, behindFields)
}

func behindFields(o *object, b *machine.Behind) {
	integer(o, "pid", &b.PID)
	unsigned(o, "uid", &b.UID)
	text(o, "name", &b.Name)
	text(o, "tty", &b.Terminal)
	text(o, "user", &b.User)
	text(o, "login", &b.Login)
}

func exitFields(o *object, e *signals.Exit) {
	integer(o, "code", &e.Code)
	word(o, "signal", &e.Signal)
	boolean(o, "core", &e.Core)
}

// infoFields writes the part of siginfo_t that Info has no fields for as hexadecimal digits.
func infoFields(o *object, i *signals.Info) {
	word(o, "signal", &i.Signal)
	integer(o, "code", &i.Code)
	integer(o, "errno", &i.Errno)
	integer(o, "pid", &i.PID)
	unsigned(o, "uid", &i.UID)
	unsigned(o, "value", &i.Value)
	digits := ""
	rest := i.Rest()
	if *rest != ([len(rest)]byte{}) {
		digits = hex.EncodeToString(rest[:])
	}
	if text(o, "rest", &digits); o.reading && digits != "" {
		if n, err := hex.Decode(rest[:], []byte(digits)[:min(len(digits), 2*len(rest))]); err != nil || n != len(rest) || len(digits) != 2*n {
			o.fail(errForm)
		}
	}
}

func verdictFields(o *object, v *attribution.Verdict) {
	kind(o, "certainty", &v.Certainty)
	word(o, "reason", &v.Reason)
	nested(o, "by", &v.By, askerFields)
	integer(o, "ago", &v.Ago)
	unsigned(o, "entry", &v.Entry)
	nested(o, "oom", &v.OOM, findingFields)
	nested(o, "seen", &v.Seen, sightingFields)
}

func sightingFields(o *object, s *attribution.Sighting) {
	word(o, "cause", &s.Cause)
	text(o, "detail", &s.Detail)
	text(o, "service", &s.Service)
	boolean(o, "outside", &s.Outside)
	nested(o, "after", &s.After, askerFields)
}

func findingFields(o *object, f *attribution.Finding) {
	kind(o, "evidence", &f.Evidence)
	text(o, "reason", &f.Reason)
}

func factFields(o *object, f *Fact) {
	kind(o, "kind", &f.Kind)
	text(o, "command", &f.Command)
	text(o, "reason", &f.Reason)
	nested(o, "exit", &f.Exit, exitFields)
	nested(o, "oom", &f.OOM, findingFields)
	text(o, "lines", &f.Lines)
	nested(o, "core", &f.Core, coreFields)
}

func coreFields(o *object, c *Core) {
	text(o, "id", &c.ID)
	text(o, "process", &c.Process)
	text(o, "summary", &c.Summary)
	text(o, "signal", &c.Signal)
	text(o, "code", &c.Code)
	text(o, "address", &c.Address)
	text(o, "function", &c.Function)
	text(o, "state", &c.State)
	text(o, "reason", &c.Reason)
	integer(o, "mini", &c.Mini)
	integer(o, "size", &c.Size)
	integer(o, "stored", &c.Stored)
}

// why gives the reasons names that, unlike their texts, never change.
type why machine.Why

var whyWords = [...]string{
	machine.NoReason: "none", machine.LimitReached: "limit-reached", machine.PolicyNever: "policy-never",
	machine.CannotExecute: "cannot-execute", machine.StartedOnce: "started-once", machine.WentToBackground: "went-to-background", machine.NotRunning: "not-running",
	machine.QueueFull: "queue-full", machine.RefusedByKernel: "refused-by-kernel",
	machine.ServiceWentDown: "service-went-down", machine.ShutdownBegun: "shutdown-begun",
	machine.BeingRemoved: "being-removed", machine.WouldEnd: "would-end", machine.NotSent: "not-sent",
}

func (w why) String() string {
	if int(w) < len(whyWords) {
		return whyWords[w]
	}
	return strconv.Itoa(int(w))
}
