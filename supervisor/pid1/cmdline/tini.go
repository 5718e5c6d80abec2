package cmdline

import (
	"supervise/internal/release"
	"supervise/internal/text"
	"supervise/signals"
	"supervise/supervisor/pid1"
	"supervise/supervisor/process"
)

// tini is the command line of tini 0.19, which Docker installs as docker-init.
var tini = dialect{
	name:    "tini",
	help:    helpTini,
	version: answerVersion,
	license: "MIT License",
	refuse:  refuseTini,
}

// tiniVersion is what --version prints, also that of supervise init: the Docker Engine asks
// its --init-path for it, whatever that is, and understands nothing but tini's format.
func tiniVersion() string {
	version := "tini version 0.19.0 (supervise init " + release.Version + ")"
	if release.Revision != "" {
		version += " - git." + release.Revision
	}
	return version
}

func answerVersion() *Answer { return printed(tiniVersion() + "\n") }

var tiniFlags = [...]flag{
	{short: 'h', help: "Show this help message and exit."},
	{short: 's', help: "Register as a process subreaper.", set: func(l *Line, _ string) bool {
		l.Options.Subreaper = true
		return true
	}},
	{short: 'p', value: "SIGNAL", help: "Trigger SIGNAL when the parent dies, e.g. \"-p SIGKILL\".", set: setTiniParent},
	{short: 'v', help: "Say more. Can be repeated up to 3 times.", set: func(l *Line, _ string) bool {
		l.verbosity++
		return true
	}},
	{short: 'w', help: "Print a warning when processes are getting reaped.", set: func(l *Line, _ string) bool {
		l.Options.WarnReaped = true
		return true
	}},
	{short: 'g', help: "Send signals to the child's process group.", set: func(l *Line, _ string) bool {
		l.Options.Group = true
		return true
	}},
	{short: 'e', value: "EXIT_CODE", help: "Remap EXIT_CODE (from 0 to 255) to 0. Can be repeated.", set: setTiniRemap},
	{short: 'l', help: "Say under which license this is, and exit.", set: askedLicense},
}

func helpTini(l *Line) *Answer { return &Answer{Text: tiniUsage(l), FD: 1} }

func prepareTini(l *Line) {
	o := &l.Options
	o.Log.Style = pid1.Tini
	o.Placement, o.KeepDirectory, o.WarnNotReaper = process.OwnGroup, true, true
	o.Ignore = signals.SetOf(signals.SIGTTIN, signals.SIGTTOU)
	o.ExecStatus = pid1.ExecStatus{Missing: 127, Denied: 126, Other: 1}
	l.verbosity = 1
}

func setTiniParent(l *Line, value string) bool {
	for s := signals.SIGHUP; s < signals.KernelRTMin; s++ {
		if s.Name() == value {
			l.Options.ParentDeath = s
			return true
		}
	}
	return l.fail(tiniValue, value)
}

// setTiniRemap reads a number as strtol(3) does.
func setTiniRemap(l *Line, value string) bool {
	const most = 255
	number := text.Trim(value)
	negative := number != "" && number[0] == '-'
	if negative || number != "" && number[0] == '+' {
		number = number[1:]
	}
	code, ok := text.Uint(number, most)
	if !ok && value != "" || negative && code != 0 {
		return l.fail(tiniValue, value)
	}
	l.Options.Remap.Set(uint8(code), 0)
	return true
}

func readTiniEnviron(l *Line, environ []string) bool {
	const most = 9 // more than there is to say
	if _, set := lookup(environ, "TINI_SUBREAPER"); set {
		l.Options.Subreaper = true
	}
	if _, set := lookup(environ, "TINI_KILL_PROCESS_GROUP"); set {
		l.Options.Group = true
	}
	if value, set := lookup(environ, "TINI_VERBOSITY"); set {
		number, _ := digits(text.Trim(value)) // atoi(3): anything but a number is 0
		verbosity, ok := text.Uint(number, most)
		if l.verbosity = int(verbosity); !ok && number != "" {
			l.verbosity = most
		}
	}
	return true
}

func finishTini(l *Line) {
	levels := [...]pid1.Level{pid1.Error, pid1.Warn, pid1.Info, pid1.Debug}
	l.Options.Log.Level = levels[max(0, min(l.verbosity, len(levels)-1))]
}

func tiniUsage(l *Line) string {
	name := base(l.program)
	return name + " (" + tiniVersion() + ")\n" +
		"Usage: " + name + " [OPTIONS] PROGRAM -- [ARGS] | --version\n\n" +
		"Execute a program under the supervision of a valid init process (" + name + ")\n\n" +
		"Command line options:\n\n  --version: Show version and exit.\n" + describe(tiniFlags[:], 16) +
		"\nEnvironment variables:\n\n" +
		"  TINI_SUBREAPER: Register as a process subreaper.\n" +
		"  TINI_VERBOSITY: Set the verbosity level (default: 1).\n" +
		"  TINI_KILL_PROCESS_GROUP: Send signals to the child's process group.\n\n"
}

func refuseTini(l *Line, message string) *Answer {
	if message != "" {
		message = l.program + ": " + message + "\n"
	}
	return &Answer{Text: message + tiniUsage(l), FD: 2, Status: 1}
}
