package cmdline

import (
	"errors"
	"strconv"

	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/signals"
	"supervise/supervisor/pid1"
	"supervise/supervisor/process"
)

// own is the command line of supervise init itself.
var own = dialect{
	names:       []string{"supervise-init"},
	flags:       ownFlags[:],
	grammar:     grammar{long: true, switches: true},
	log:         pid1.Log{Level: pid1.Warn},
	prepare:     prepareOwn,
	readEnviron: readOwnEnviron,
	finish:      finishOwn,
	help:        func(*line) *Answer { return &Answer{Text: Usage(), FD: 1} },
	refuse:      refuseOwn,
}

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
	{long: "group", short: 'g', help: "forward signals to the command's whole process group", set: func(l *line, v string) error {
		return setSwitch(&l.options.Group, v)
	}},
	{long: "session", help: "give the command a session of its own, with the terminal, and signals\nto all of its group; SIGTSTP, SIGTTIN, SIGTTOU arrive as SIGSTOP", set: func(l *line, v string) error {
		return setSwitch(&l.session, v)
	}},
	{long: "foreground", help: "leave the command in our own process group", set: func(l *line, v string) error {
		return setSwitch(&l.shared, v)
	}},
	{long: "single-child", short: 'c', help: "as --foreground, and signals to the command alone, despite other flags", set: func(l *line, v string) error {
		return setSwitch(&l.single, v)
	}},
	{long: "rewrite", short: 'r', value: "SIG:SIG", help: "forward one signal as another, 0 to drop it; can be repeated", set: func(l *line, v string) error {
		return parseRewrite(&l.options.Rewrite, v)
	}},
	{long: "forward", value: "queue|kill", help: "queue keeps sender and payload (the default), kill sends anew", set: setForward},
	{long: "stop-signals", value: "SIG,...", help: "what asks the command to end (default TERM,INT)", set: func(l *line, v string) (err error) {
		l.options.StopSignals, err = parseSignals(v)
		return err
	}},
	{long: "stop-timeout", value: "D", help: "after a stop signal was forwarded: SIGKILL of everything", set: func(l *line, v string) error {
		return setDuration(&l.options.StopTimeout, v)
	}},
	{long: "drain", value: "D", help: "wait before a stop signal is forwarded; a second one ends the wait", set: func(l *line, v string) error {
		return setDuration(&l.options.Drain, v)
	}},
	{long: "on-signal", value: "SIG=restart", help: "end the command and start it again; can be repeated", set: setOnSignal},
	{long: "wait-all", help: "stay until no descendant of the command is left", set: func(l *line, v string) error {
		return setSwitch(&l.options.WaitAll, v)
	}},
	{long: "kill-remaining", value: "D", optional: true, help: "when the command has ended: SIGTERM to its descendants, and SIGKILL\nafter D (default 5s)", set: setKillRemaining},
	{long: "remap-exit", short: 'e', value: "CODE[:CODE]", help: "exit with the second code, or 0, instead of the first; can be repeated", set: func(l *line, v string) error {
		return parseRemap(&l.options.Remap, v)
	}},
	{long: "exit-zero-on-stop", help: "exit 0 when the command ended by the stop signal it got", set: func(l *line, v string) error {
		return setSwitch(&l.options.ExitZeroOnStop, v)
	}},
	{long: "exit-by-signal", help: "die of the signal that killed the command, where that is possible", set: func(l *line, v string) error {
		return setSwitch(&l.options.ExitBySignal, v)
	}},
	{long: "subreaper", short: 's', help: "become child subreaper unless PID 1 (the default; =false not to)", set: func(l *line, v string) error {
		return setSwitch(&l.options.Subreaper, v)
	}},
	{long: "parent-death-signal", short: 'p', value: "SIG", help: "signal to get when our parent ends", set: func(l *line, v string) (err error) {
		l.options.ParentDeath, err = signals.Parse(v)
		return err
	}},
	{long: "core-limit", value: "SIZE", help: "RLIMIT_CORE of the command: unlimited, 100MB, or 0 for no cores", set: setCoreLimit},
	{long: "core-filter", value: "KIND,...", help: "which memory goes into its cores: names of core(5), or a mask: 0x33", set: setCoreFilter},
	{long: "warn-reaped", short: 'w', help: "warn about every orphan, and about processes that do not reap their own", set: func(l *line, v string) error {
		return setSwitch(&l.options.WarnReaped, v)
	}},
	{long: "recorder", help: "record who sends signals to the command, by BPF where that is\npermitted: the last line says who has killed it, and how", set: setRecorder},
	{long: "ready-fd", value: "N", help: "descriptor that gets a newline once the command runs", set: setReadyFD},
	{long: "log-format", value: "text|json", help: "how messages are written (default text on a terminal, else json)", set: setLogFormat},
	{long: "log-level", value: "LEVEL", help: "debug: every signal and orphan; info: the exit; warn: problems only\n(the default), and crashes; error: only what ends supervise itself", set: setLogLevel},
	{long: "verbose", short: 'v', help: "log level info; debug when it is repeated", set: func(l *line, v string) error {
		on, err := parseSwitch(v)
		if on {
			l.verbosity++
		}
		return err
	}},
	{long: "help", short: 'h', help: "this text"},
	{long: "version", help: "the version, in the format of tini's, which the Docker Engine reads", set: func(*line, string) error {
		return printed(tiniVersion() + "\n")
	}},
}

func prepareOwn(l *line) {
	o := &l.options
	o.Subreaper = true
	o.StopSignals = signals.SetOf(signals.SIGTERM, signals.SIGINT)
	o.ExecStatus = pid1.ExecStatus{Missing: 127, Denied: 126, Other: 126}
	if !sys.Terminal(2) {
		o.Log.Style = pid1.JSON
	}
}

func setSwitch(to *bool, value string) (err error) {
	*to, err = parseSwitch(value)
	return err
}

func setDuration(to *int64, value string) (err error) {
	*to, err = parseDuration(value)
	return err
}

func setForward(l *line, value string) error {
	if value != "queue" && value != "kill" {
		return errors.New("must be queue or kill, not " + strconv.Quote(value))
	}
	l.options.ByKill = value == "kill"
	return nil
}

func setOnSignal(l *line, value string) error {
	for pair := range text.Split(value, ',') {
		name, action, _ := text.Cut(pair, '=')
		if action != "restart" {
			return errors.New(strconv.Quote(pair) + " is not SIG=restart")
		}
		s, err := parseReceived(name)
		if err != nil {
			return err
		}
		l.options.RestartOn = l.options.RestartOn.With(s)
	}
	return nil
}

func setKillRemaining(l *line, value string) (err error) {
	const grace = 5e9
	if l.options.KillRemaining, err = parseSwitch(value); err == nil && value != "0" && value != "1" {
		l.options.Grace = grace
		return nil
	}
	l.options.KillRemaining = true
	return setDuration(&l.options.Grace, value)
}

func setReadyFD(l *line, value string) error {
	fd, err := strconv.ParseUint(value, 10, 20)
	if err != nil || fd == 0 {
		return errors.New(strconv.Quote(value) + " is not a descriptor that can be written to")
	}
	l.options.ReadyFD = int(fd)
	return nil
}

func setLogFormat(l *line, value string) error {
	switch value {
	case "text":
		l.options.Log.Style = pid1.Text
	case "json":
		l.options.Log.Style = pid1.JSON
	default:
		return errors.New("must be text or json, not " + strconv.Quote(value))
	}
	return nil
}

func setLogLevel(l *line, value string) error {
	level, ok := pid1.ParseLevel(value)
	if !ok {
		return errors.New("must be debug, info, warn or error, not " + strconv.Quote(value))
	}
	l.options.Log.Level = level
	return nil
}

// finishOwn decides what depends on several flags.
func finishOwn(l *line) error {
	o := &l.options
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
		return errors.New("--session and --foreground exclude each other")
	case l.session:
		inSession(o)
	case l.shared && o.Group:
		return errors.New("--group and --foreground exclude each other: the group would be our own")
	case l.shared:
		o.Placement = process.SameGroup
	default:
		o.Placement = process.OwnGroup
	}
	return nil
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

func refuseOwn(l *line, message string) *Answer {
	if message == "" {
		message = "no command given"
	}
	return &Answer{Text: "supervise init: " + message + "\nTry 'supervise init --help'.\n", FD: 2, Status: 2}
}
