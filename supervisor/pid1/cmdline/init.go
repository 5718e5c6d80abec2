package cmdline

import (
	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/signals"
	"supervise/supervisor/pid1"
	"supervise/supervisor/process"
)

// own is the command line of supervise init itself.
var own = dialect{
	name:    "supervise-init",
	help:    helpOwn,
	version: answerVersion,
	refuse:  refuseOwn,
}

func askedVersion(l *Line, _ string) bool { return l.fail(askVersion, "") }

func askedLicense(l *Line, _ string) bool { return l.fail(askLicense, "") }

// Usage is the help text of supervise init.
func Usage() string {
	return `Run one command as PID 1 of a container, or as child subreaper below anything else:
forward every signal to it with sender and payload, reap every orphan, and exit as the
command does.

Usage:
  supervise init [flags] [--] COMMAND [ARG...]

Examples:
  supervise init -- nginx -g 'daemon off;'
  supervise init --drain 5s --stop-timeout 20s -- server
  supervise init --rewrite TERM:QUIT --remap-exit 143:0 -- worker
  ENTRYPOINT ["/supervise", "init", "--"]

Flags (SIG is a name or a number, D is 500ms, 10s, 1m30s, or a number of seconds):
` + describe(ownFlags[:], 34) + `
Every flag has an environment variable: SUPERVISE_INIT_STOP_TIMEOUT for --stop-timeout.
Flags override it, or add to it where they can be repeated.

Exit status: the command's own, 128+n when signal n killed it, 127 when it was not found,
126 when it could not be executed, 2 for a wrong command line.

Called by the name of tini, docker-init, dumb-init or catatonit it takes that program's
flags and behaves like it.
`
}

var ownFlags = [...]flag{
	{long: "group", short: 'g', help: "forward signals to the command's whole process group", set: func(l *Line, v string) bool {
		return l.setSwitch(&l.Options.Group, v)
	}},
	{long: "session", help: "give the command a session of its own, with the terminal, and signals\nto all of its group; SIGTSTP, SIGTTIN, SIGTTOU arrive as SIGSTOP", set: func(l *Line, v string) bool {
		return l.setSwitch(&l.session, v)
	}},
	{long: "foreground", help: "leave the command in our own process group", set: func(l *Line, v string) bool {
		return l.setSwitch(&l.shared, v)
	}},
	{long: "single-child", short: 'c', help: "as --foreground, and signals to the command alone, despite other flags", set: func(l *Line, v string) bool {
		return l.setSwitch(&l.single, v)
	}},
	{long: "rewrite", short: 'r', value: "SIG:SIG", help: "forward one signal as another, 0 to drop it; can be repeated", set: func(l *Line, v string) bool {
		return l.rewrite(v)
	}},
	{long: "forward", value: "queue|kill", help: "queue keeps sender and payload (the default), kill sends anew", set: setForward},
	{long: "stop-signals", value: "SIG,...", help: "what asks the command to end (default TERM,INT)", set: func(l *Line, v string) bool {
		set, ok := l.signals(v)
		l.Options.StopSignals = set
		return ok
	}},
	{long: "stop-timeout", value: "D", help: "after a stop signal was forwarded: SIGKILL of everything", set: func(l *Line, v string) bool {
		return l.setDuration(&l.Options.StopTimeout, v)
	}},
	{long: "drain", value: "D", help: "wait before a stop signal is forwarded; a second one ends the wait", set: func(l *Line, v string) bool {
		return l.setDuration(&l.Options.Drain, v)
	}},
	{long: "on-signal", value: "SIG=restart", help: "end the command and start it again; can be repeated", set: setOnSignal},
	{long: "wait-all", help: "stay until no descendant of the command is left", set: func(l *Line, v string) bool {
		return l.setSwitch(&l.Options.WaitAll, v)
	}},
	{long: "kill-remaining", value: "D", optional: true, help: "when the command has ended: SIGTERM to its descendants, and SIGKILL\nafter D (default 5s)", set: setKillRemaining},
	{long: "remap-exit", short: 'e', value: "CODE[:CODE]", help: "exit with the second code, or 0, instead of the first; can be repeated", set: func(l *Line, v string) bool {
		return l.remap(v)
	}},
	{long: "exit-zero-on-stop", help: "exit 0 when the command ended by the stop signal it got", set: func(l *Line, v string) bool {
		return l.setSwitch(&l.Options.ExitZeroOnStop, v)
	}},
	{long: "exit-by-signal", help: "die of the signal that killed the command, where that is possible", set: func(l *Line, v string) bool {
		return l.setSwitch(&l.Options.ExitBySignal, v)
	}},
	{long: "subreaper", short: 's', help: "become child subreaper unless PID 1 (the default; =false not to)", set: func(l *Line, v string) bool {
		return l.setSwitch(&l.Options.Subreaper, v)
	}},
	{long: "parent-death-signal", short: 'p', value: "SIG", help: "signal to get when our parent ends", set: func(l *Line, v string) bool {
		s, ok := l.signal(v)
		l.Options.ParentDeath = s
		return ok
	}},
	{long: "core-limit", value: "SIZE", help: "RLIMIT_CORE of the command: unlimited, 100MB, or 0 for no cores", set: setCoreLimit},
	{long: "core-filter", value: "KIND,...", help: "which memory goes into its cores: names of core(5), or a mask: 0x33", set: setCoreFilter},
	{long: "warn-reaped", short: 'w', help: "warn about every orphan, and about processes that do not reap their own", set: func(l *Line, v string) bool {
		return l.setSwitch(&l.Options.WarnReaped, v)
	}},
	{long: "recorder", help: "record who sends signals to the command, by BPF where that is\npermitted: the last line says who has killed it, and how", set: setRecorder},
	{long: "ready-fd", value: "N", help: "descriptor that gets a newline once the command runs", set: setReadyFD},
	{long: "log-format", value: "text|json", help: "how messages are written (default text on a terminal, else json)", set: setLogFormat},
	{long: "log-level", value: "LEVEL", help: "debug: every signal and orphan; info: the exit; warn: problems only\n(the default), and crashes; error: only what ends supervise itself", set: setLogLevel},
	{long: "verbose", short: 'v', help: "log level info; debug when it is repeated", set: func(l *Line, v string) bool {
		on, ok := parseSwitch(v)
		if on {
			l.verbosity++
		}
		return ok || l.fail(notSwitch, v)
	}},
	{long: "help", short: 'h', help: "this text"},
	{long: "version", help: "the version, in the format of tini's, which the Docker Engine reads", set: askedVersion},
}

func helpOwn(*Line) *Answer { return &Answer{Text: Usage(), FD: 1} }

func prepareOwn(l *Line) {
	o := &l.Options
	o.Log.Level = pid1.Warn
	o.Subreaper = true
	o.StopSignals = signals.SetOf(signals.SIGTERM, signals.SIGINT)
	o.ExecStatus = pid1.ExecStatus{Missing: 127, Denied: 126, Other: 126}
	if !sys.Terminal(2) {
		o.Log.Style = pid1.JSON
	}
}

func (l *Line) setSwitch(to *bool, value string) (ok bool) {
	*to, ok = parseSwitch(value)
	return ok || l.fail(notSwitch, value)
}

func (l *Line) setDuration(to *int64, value string) (ok bool) {
	*to, ok = parseDuration(value)
	return ok || l.fail(notDuration, value)
}

func setForward(l *Line, value string) bool {
	if value != "queue" && value != "kill" {
		return l.fail(notForward, value)
	}
	l.Options.ByKill = value == "kill"
	return true
}

func setOnSignal(l *Line, value string) bool {
	for more := true; more; {
		var pair string
		pair, value, more = text.Cut(value, ',')
		name, action, _ := text.Cut(pair, '=')
		if action != "restart" {
			return l.fail(notRestart, pair)
		}
		s, ok := l.received(name)
		if !ok {
			return false
		}
		l.Options.RestartOn = l.Options.RestartOn.With(s)
	}
	return true
}

func setKillRemaining(l *Line, value string) bool {
	const grace = 5e9
	o := &l.Options
	if on, ok := parseSwitch(value); ok && value != "0" && value != "1" {
		o.KillRemaining, o.Grace = on, grace
		return true
	}
	o.KillRemaining = true
	return l.setDuration(&o.Grace, value)
}

func setReadyFD(l *Line, value string) bool {
	const most = 1<<20 - 1
	fd, ok := text.Uint(value, most)
	if !ok || fd == 0 {
		return l.fail(notDescriptor, value)
	}
	l.Options.ReadyFD = int(fd)
	return true
}

func setLogFormat(l *Line, value string) bool {
	switch value {
	case "text":
		l.Options.Log.Style = pid1.Text
	case "json":
		l.Options.Log.Style = pid1.JSON
	default:
		return l.fail(notFormat, value)
	}
	return true
}

func setLogLevel(l *Line, value string) bool {
	level, ok := pid1.ParseLevel(value)
	if !ok {
		return l.fail(notLevel, value)
	}
	l.Options.Log.Level = level
	return true
}

// finishOwn decides what depends on several flags.
func finishOwn(l *Line) bool {
	o := &l.Options
	if l.verbosity > 0 {
		o.Log.Level = min(o.Log.Level, pid1.Info)
	}
	if l.verbosity > 1 {
		o.Log.Level = pid1.Debug
	}
	switch {
	case l.single:
		o.Placement, o.Group = process.SameGroup, false
	case l.session && l.shared:
		return l.fail(sessionForeground, "")
	case l.session:
		inSession(o)
	case l.shared && o.Group:
		return l.fail(groupForeground, "")
	case l.shared:
		o.Placement = process.SameGroup
	default:
		o.Placement = process.OwnGroup
	}
	return true
}

// inSession puts the command into a session of its own. A terminal's stop signals have no
// effect on a session leader, so they are rewritten to SIGSTOP.
func inSession(o *pid1.Options) {
	o.Placement, o.Group, o.StopAlong = process.OwnSession, true, true
	for _, s := range [...]signals.Signal{signals.SIGTSTP, signals.SIGTTIN, signals.SIGTTOU} {
		if !o.Rewrite.Has(s) {
			o.Rewrite.Set(s, signals.SIGSTOP)
		}
	}
}

func refuseOwn(l *Line, message string) *Answer {
	if message == "" {
		message = "no command given"
	}
	return &Answer{Text: "supervise init: " + message + "\nTry 'supervise init --help'.\n", FD: 2, Status: 2}
}
