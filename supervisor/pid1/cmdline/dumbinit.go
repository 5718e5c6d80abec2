package cmdline

import (
	"supervise/internal/text"
	"supervise/signals"
	"supervise/supervisor/pid1"
	"supervise/supervisor/process"
)

// dumbInit is the command line of dumb-init 1.2.5.
var dumbInit = dialect{
	name:    "dumb-init",
	help:    helpDumbInit,
	version: versionDumbInit,
	refuse:  refuseDumbInit,
}

const dumbInitVersion = "dumb-init v1.2.5 (supervise)\n"

var dumbInitFlags = [...]flag{
	{long: "single-child", short: 'c', help: "Run in single-child mode.\nSignals are only proxied to the direct child and\nnot to any of its descendants.", set: func(l *Line, _ string) bool {
		l.single = true
		return true
	}},
	{long: "rewrite", short: 'r', value: "s:r", help: "Rewrite received signal s to new signal r before\nproxying. To ignore (not proxy) a signal, rewrite\nit to 0. Can be given several times.", set: setDumbInitRewrite},
	{long: "verbose", short: 'v', help: "Print debugging information to stderr.", set: func(l *Line, _ string) bool {
		l.Options.Log.Level = pid1.Debug
		return true
	}},
	{long: "help", short: 'h', help: "Print this help message and exit."},
	{long: "version", short: 'V', help: "Print the current version and exit.", set: askedVersion},
}

func helpDumbInit(l *Line) *Answer { return &Answer{Text: dumbInitUsage(l), FD: 2} }

func versionDumbInit() *Answer { return &Answer{Text: dumbInitVersion, FD: 2} }

func prepareDumbInit(l *Line) {
	l.Options.Log = pid1.Log{Level: pid1.Error, Style: pid1.DumbInit}
	l.Options.ExecStatus = pid1.ExecStatus{Missing: 2, Denied: 2, Other: 2}
	l.Options.TermGroup = true
}

const dumbInitRewriteText = "Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and 31.\n" +
	"This option can be specified multiple times.\nUse --help for full usage.\n"

// setDumbInitRewrite reads two numbers.
func setDumbInitRewrite(l *Line, value string) bool {
	const last = uint64(signals.SIGSYS)
	left, right, both := text.Cut(value, ':')
	from, ok := text.Uint(left, last)
	to, ok2 := text.Uint(right, last)
	if !both || !ok || !ok2 || from < 1 {
		return l.fail(dumbInitRewrite, value)
	}
	l.Options.Rewrite.Set(signals.Signal(from), signals.Signal(to))
	return true
}

func readDumbInitEnviron(l *Line, environ []string) bool {
	if value, _ := lookup(environ, "DUMB_INIT_DEBUG"); value == "1" {
		l.Options.Log.Level = pid1.Debug
	}
	if value, _ := lookup(environ, "DUMB_INIT_SETSID"); value == "0" {
		l.single = true
	}
	return true
}

func finishDumbInit(l *Line) {
	if l.single {
		l.Options.Placement, l.Options.StopAlong = process.SameGroup, true
	} else {
		inSession(&l.Options)
	}
}

func dumbInitUsage(l *Line) string {
	return dumbInitVersion + "Usage: " + l.program + " [option] command [[arg] ...]\n\n" +
		"Run one command as PID 1 of a container, and proxy signals to it.\n\n" +
		"Optional arguments:\n" + describe(dumbInitFlags[:], 24) +
		"\nEnvironment variables: DUMB_INIT_DEBUG=1, DUMB_INIT_SETSID=0.\n"
}

func refuseDumbInit(l *Line, message string) *Answer {
	text := "Usage: " + l.program + " [option] program [args]\nTry " + l.program + " --help for full usage.\n"
	if message != "" {
		text = l.program + ": " + message + "\n"
	}
	return &Answer{Text: text, FD: 2, Status: 1}
}
