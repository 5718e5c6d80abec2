package journal

import (
	"strconv"
	"time"

	"supervise/config"
	"supervise/internal/text/escape"
	"supervise/signals"
	"supervise/supervisor/attribution"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// ForClients returns the entry in the form for clients. Its time counts from began.
func (e *Entry) ForClients(began time.Time) request.Event {
	return request.Event{
		ID: e.ID, Cause: e.Cause, Origin: e.Origin, Time: began.Add(e.Time), Service: e.Service,
		Kind: e.Kind(), PID: e.PID, By: process(e.By), Text: e.Text(), Lines: LineList(e.Fact.Lines),
	}
}

// process is an asker in the form for clients: a known process, or the kernel's OOM killer.
func process(by machine.Asker) *request.Process {
	if !by.Known() && by.Name != attribution.OOMKiller {
		return nil
	}
	b := by.Behind
	p := &request.Process{PID: int(by.PID), UID: int(by.UID), Name: by.Name, TTY: b.Terminal, User: b.User, Login: b.Login}
	if b.PID != 0 {
		p.Parent = &request.Parent{PID: int(b.PID), UID: int(b.UID), Name: b.Name}
	}
	return p
}

// Kind is one word for what the entry is about: "signal", "send", "leader-exited", "hook".
func (e *Entry) Kind() string {
	switch {
	case e.Event != nil && e.Event.Kind == machine.LoadFailed:
		return machine.Update.String()
	case e.Event != nil:
		return e.Event.Kind.String()
	case e.Action != nil && e.Action.Kind != machine.Tell:
		return e.Action.Kind.String()
	case e.Action != nil && e.Action.Note.Kind == machine.Commanded:
		return e.Action.Note.Event.String()
	case e.Action != nil && e.Action.Note.Kind == machine.SentToMany:
		return "command"
	case e.Action != nil:
		return e.Action.Note.Kind.String()
	}
	switch e.Fact.Kind {
	case HookStarted, HookFailed, HookTimedOut, HookEnded:
		return "hook"
	case OOMFound:
		return "oom-kill"
	case LinesRead:
		return "lines"
	case Crashed:
		return "crash"
	case CoreKept:
		return "core"
	}
	return e.Fact.Kind.String()
}

// Text is a sentence, without the name of the service. What others have chosen of it is
// escaped.
func (e *Entry) Text() string { return escape.Line(e.sentence()) }

func (e *Entry) sentence() string {
	switch {
	case e.Event != nil:
		return e.eventText()
	case e.Action != nil:
		return e.actionText()
	}
	return e.Fact.String()
}

func (e *Entry) eventText() string {
	switch event := e.Event; event.Kind {
	case machine.Boot:
		return "supervise starts"
	case machine.Start, machine.Stop, machine.Restart, machine.Remove, machine.Reload,
		machine.Shutdown, machine.ShutdownNow, machine.Pause, machine.Continue:
		return askedFor(event.Kind, e.By)
	case machine.Update:
		return "update to " + event.Path + " asked for by " + e.By.String()
	case machine.LoadFailed:
		return "the configuration is not updated: nothing is changed"
	case machine.Signal:
		return "came: " + e.signalText()
	case machine.Post:
		return "came: " + event.Info.Signal.String() + from(event.Info, e.By)
	case machine.Spawned:
		return "started, pid " + strconv.Itoa(e.PID)
	case machine.Emptied:
		return "nothing of it is left"
	case machine.Tick, machine.Neighbour, machine.SpawnFailed, machine.Delayed, machine.Exited, machine.DumpsSeen, machine.RemnantEnded, machine.Surveyed, machine.Sent, machine.Inspected, machine.Signalled:
	}
	return e.Event.Text(e.Service)
}

// askedFor says who gave a command: "restart asked for by pid 812 (bash, uid 0)".
func askedFor(command machine.EventKind, by machine.Asker) string {
	what := command.String()
	if command == machine.Remove {
		what = "removal"
	} else if command == machine.ShutdownNow {
		what = "shutdown at once"
	}
	return what + " asked for by " + by.String()
}

// signalText says which signal came, and what it commands. Only then does its value matter.
func (e *Entry) signalText() string {
	info := e.Event.Info
	source := " from " + info.Sender()
	if e.By.Known() {
		source = " from " + e.By.Process()
	}
	if e.Action == nil {
		return info.Signal.String() + source
	}
	text := info.Signal.String()
	if info.Code == signals.CodeQueue {
		text += " with value " + strconv.FormatUint(info.Value, 10)
	}
	if e.Action.Note.Kind == machine.HungUp {
		return text + source + ", as the terminal is gone: that is a shutdown"
	}
	return text + source + ", whose rule is " + e.Action.Note.Reason
}

// from says where a signal for a service came from. If a command asked for it whose process
// is not known, the supervisor is the sender, and that is not of interest.
func from(info signals.Info, by machine.Asker) string {
	switch {
	case by.Known():
		return " from " + by.Process()
	case by != machine.Asker{}:
		return ", asked for by " + by.String()
	}
	return " from " + info.Sender()
}

func (e *Entry) actionText() string {
	switch a := e.Action; a.Kind {
	case machine.Tell, machine.Report:
		return e.noteText()
	case machine.Send:
		return "to stop it: sent " + a.Signal.String() + " to " + whom(a.Scope)
	case machine.Deliver:
		return "sent " + a.Info.Signal.String() + from(a.Info, e.By)
	case machine.GiveUpStart:
		return "gives up its start, which is killed if it hangs"
	case machine.Kill:
		return "killing all of its processes (SIGKILL)"
	case machine.KillRemnant:
		return "killing pid " + strconv.Itoa(int(a.PID)) + " (SIGKILL), whose core is cut short"
	case machine.Spawn, machine.LookForDumps, machine.Survey, machine.Follow, machine.Hold, machine.Release, machine.Inspect, machine.ReportTail,
		machine.Forget, machine.Load, machine.RunHook, machine.ReopenLog, machine.Finish:
	}
	return e.Action.Text(e.Service)
}

func whom(scope config.Scope) string {
	switch scope {
	case config.Main:
		return "its main process"
	case config.Group:
		return "its process group"
	case config.Tree:
		return "all of its processes"
	}
	return "its " + scope.String()
}

// noteText is the text of a note, in the words of users, with what the entry adds to it.
func (e *Entry) noteText() string {
	n := &e.Action.Note
	switch is := func(k machine.NoteKind) bool { return n.Kind == k }; {
	case is(machine.Changed) && (n.To == machine.Running || n.To == machine.Stopped):
		return n.To.String()
	case is(machine.CannotSpawn):
		return "cannot start: " + n.Reason
	case is(machine.LeaderExited) && e.Verdict != (attribution.Verdict{}):
		return n.String() + ", " + e.Verdict.String()
	case is(machine.Commanded):
		return askedFor(n.Event, e.By)
	case is(machine.SentToMany):
		return n.String() + ", asked for by " + e.By.String()
	case is(machine.Coalesced):
		return "one is pending already, merged: " + e.posted(n.Info)
	case is(machine.Dropped) && n.Info.Signal != 0:
		return "lost " + e.posted(n.Info) + ": " + n.Why.String()
	case e.Processes != "":
		return n.String() + ": " + e.Processes
	}
	return n.String()
}

// posted says which signal was not delivered, and who asked for it.
func (e *Entry) posted(info signals.Info) string {
	if e.By.Known() || e.By == (machine.Asker{}) {
		return info.String()
	}
	text := info.Signal.String()
	if info.Code == signals.CodeQueue && info.Value != 0 {
		text += " with value " + strconv.FormatUint(info.Value, 10)
	}
	return text + from(info, e.By)
}

// String says what happened.
func (f Fact) String() string {
	switch f.Kind {
	case HookStarted:
		return "runs the hook " + f.Command
	case HookFailed:
		return "cannot run the hook: " + f.Reason
	case HookTimedOut:
		return "the hook has timed out: it is killed"
	case HookEnded:
		return "the hook " + f.Exit.String()
	case OOMFound:
		return "it was " + f.OOM.String()
	case LinesRead:
		return lastLines(f.Lines)
	case Crashed:
		return f.Core.crash()
	case CoreKept:
		return f.Core.outcome()
	}
	return f.Kind.String()
}
