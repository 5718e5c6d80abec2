package advice

import (
	"supervise/signals"
	"supervise/signals/state"
)

// backgroundIgnores is a command that a shell without job control has started with &: sh(1),
// "Asynchronous Lists".
func backgroundIgnores(f *Facts) (text, remedy string) {
	for _, s := range []signals.Signal{signals.SIGINT, signals.SIGQUIT} {
		if f.Disposition(s) != state.Ignored || f.origin(s) == state.Program {
			return "", ""
		}
	}
	if f.Actions == nil && f.shell() != "" {
		return "", "" // shells ignore both for themselves
	}
	return "SIGINT and SIGQUIT are ignored, as of what a shell without job control has started in the background (&): Ctrl-C has no effect",
		"start it with 'supervise exec --default SIGINT,SIGQUIT -- COMMAND', or write set -m in the script; a trap there does not undo it"
}

// pipeIgnored is a program whose parent ignores SIGPIPE, as servers in many languages do.
func pipeIgnored(f *Facts) (text, remedy string) {
	byParent := f.Parent.Ignored.Has(signals.SIGPIPE)
	origin := f.origin(signals.SIGPIPE)
	if f.Disposition(signals.SIGPIPE) != state.Ignored || origin == state.Program || origin == state.Unknown && !byParent {
		return "", ""
	}
	by := "who has started it"
	if byParent {
		by = "its parent, " + named(f.Parent)
	}
	return "SIGPIPE is ignored by inheritance, from " + by + ": writing to a closed pipe is the error EPIPE, and does not end it",
		"start it with 'supervise exec --default SIGPIPE -- COMMAND'; subprocess.Popen(restore_signals=True) in Python, IgnoreSIGPIPE=no for systemd"
}

// childIgnored is a process whose children leave no zombie: wait(2), "Notes".
func childIgnored(f *Facts) (text, remedy string) {
	const effect = ": its children leave no exit status, and its own wait(2) fails with ECHILD"
	action := state.Action{}
	if f.Actions != nil {
		action = *f.Actions.Of(signals.SIGCHLD)
	}
	const remedyProgram = "if the program wants to know how its children end, it must not ignore SIGCHLD: SIG_DFL does not disturb it"
	switch {
	case f.Disposition(signals.SIGCHLD) != state.Ignored && action.Flags&state.NoChildWait == 0:
		return "", ""
	case f.Disposition(signals.SIGCHLD) != state.Ignored:
		return "SIGCHLD is set with SA_NOCLDWAIT" + effect, remedyProgram
	case f.origin(signals.SIGCHLD) == state.Inherited:
		return "SIGCHLD is ignored by inheritance" + effect, "start it with 'supervise exec --default SIGCHLD -- COMMAND'"
	}
	return "SIGCHLD is ignored" + effect, remedyProgram
}

// termIgnored is a process that only SIGKILL ends, as far as one can see.
func termIgnored(f *Facts) (text, remedy string) {
	if f.Init() || f.Disposition(signals.SIGTERM) != state.Ignored {
		return "", ""
	}
	text = "SIGTERM is ignored"
	if f.origin(signals.SIGTERM) == state.Inherited {
		return text + " by inheritance: a stop takes its whole timeout, and then SIGKILL", "start it with 'supervise exec --default SIGTERM -- COMMAND'"
	}
	return text + ": a stop takes its whole timeout, and then SIGKILL", "stop it by a signal that it handles: stop.signal of a service, STOPSIGNAL of an image"
}
