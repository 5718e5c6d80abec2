package cmdline

import (
	"strconv"

	"supervise/internal/release"
	"supervise/internal/text"
	"supervise/signals"
	"supervise/supervisor/pid1"
	"supervise/supervisor/process"
)

// tini is the command line of tini 0.19, which Docker installs as docker-init.
var tini = dialect{
	names:        []string{"tini", "tini-static", "docker-init"},
	grammar:      grammar{separator: true, version: tiniVersion},
	flags:        tiniFlags[:],
	log:          pid1.Log{Style: pid1.Tini},
	prepare:      prepareTini,
	readEnviron:  readTiniEnviron,
	environAfter: true,
	finish:       finishTini,
	help:         func(l *line) *Answer { return &Answer{Text: tiniUsage(l), FD: 1} },
	refuse:       refuseTini,
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

var tiniFlags = [...]flag{
	{short: 'h', help: "Show this help message and exit."},
	{short: 's', help: "Register as a process subreaper.", set: func(l *line, _ string) error {
		l.options.Subreaper = true
		return nil
	}},
	{short: 'p', value: "SIGNAL", help: "Trigger SIGNAL when the parent dies, e.g. \"-p SIGKILL\".", set: setTiniParent},
	{short: 'v', help: "Say more. Can be repeated up to 3 times.", set: func(l *line, _ string) error {
		l.verbosity++
		return nil
	}},
	{short: 'w', help: "Print a warning when processes are getting reaped.", set: func(l *line, _ string) error {
		l.options.WarnReaped = true
		return nil
	}},
	{short: 'g', help: "Send signals to the child's process group.", set: func(l *line, _ string) error {
		l.options.Group = true
		return nil
	}},
	{short: 'e', value: "EXIT_CODE", help: "Remap EXIT_CODE (from 0 to 255) to 0. Can be repeated.", set: setTiniRemap},
	{short: 'l', help: "Say under which license this is, and exit.", set: func(*line, string) error {
		return printed("This is supervise in the place of tini, which is under the MIT License.\n")
	}},
}

func prepareTini(l *line) {
	o := &l.options
	o.Placement, o.KeepDirectory, o.WarnNotReaper = process.OwnGroup, true, true
	o.Ignore = signals.SetOf(signals.SIGTTIN, signals.SIGTTOU)
	o.ExecStatus = pid1.ExecStatus{Missing: 127, Denied: 126, Other: 1}
	l.verbosity = 1
}

func setTiniParent(l *line, value string) error {
	for s := signals.SIGHUP; s < signals.KernelRTMin; s++ {
		if s.String() == value {
			l.options.ParentDeath = s
			return nil
		}
	}
	return notValid(l, "-p", value)
}

// setTiniRemap reads a number as strtol(3) does.
func setTiniRemap(l *line, value string) error {
	number := text.Trim(value)
	code, err := strconv.ParseInt(number, 10, 64)
	if number == "" && value == "" {
		err = nil
	}
	if err != nil || code < 0 || code > 255 {
		return notValid(l, "-e", value)
	}
	l.options.Remap.Set(uint8(code), 0)
	return nil
}

func notValid(l *line, name, value string) error {
	return &Answer{Text: l.options.Log.Message(pid1.Error, "Not a valid option for "+name+": "+value), FD: 2, Status: 1}
}

func readTiniEnviron(l *line, environ []string) error {
	if _, set := lookup(environ, "TINI_SUBREAPER"); set {
		l.options.Subreaper = true
	}
	if _, set := lookup(environ, "TINI_KILL_PROCESS_GROUP"); set {
		l.options.Group = true
	}
	if value, set := lookup(environ, "TINI_VERBOSITY"); set {
		number, _ := digits(text.Trim(value)) // atoi(3): anything but a number is 0
		l.verbosity, _ = strconv.Atoi(number)
	}
	return nil
}

func finishTini(l *line) error {
	levels := [...]pid1.Level{pid1.Error, pid1.Warn, pid1.Info, pid1.Debug}
	l.options.Log.Level = levels[max(0, min(l.verbosity, len(levels)-1))]
	return nil
}

func tiniUsage(l *line) string {
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

func refuseTini(l *line, message string) *Answer {
	if message != "" {
		message = l.program + ": " + message + "\n"
	}
	return &Answer{Text: message + tiniUsage(l), FD: 2, Status: 1}
}
