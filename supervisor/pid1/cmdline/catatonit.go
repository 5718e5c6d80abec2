package cmdline

import (
	"supervise/signals"
	"supervise/supervisor/pid1"
	"supervise/supervisor/process"
)

// catatonit is the command line of catatonit 0.1.7.
var catatonit = dialect{
	name:    "catatonit",
	help:    helpCatatonit,
	version: versionCatatonit,
	license: "GNU General Public License",
	refuse:  refuseCatatonit,
}

// catatonitVersion contains tini's name because Docker looks for that.
const catatonitVersion = "tini version 0.1.7_catatonit (supervise)\n"

var catatonitFlags = [...]flag{
	{short: 'g', help: "Forward signals to pid1's process group.", set: func(l *Line, _ string) bool {
		l.Options.Group = true
		return true
	}},
	{short: 'h', help: "Print this help page."},
	{short: 'L', help: "Print license information.", set: askedLicense},
	{short: 'P', help: "Run in pause mode (no program is run, quit on SIGINT or SIGTERM).", set: func(l *Line, _ string) bool {
		l.Options.Pause = true
		return true
	}},
	{long: "version", short: 'V', help: "Print version information.", set: askedVersion},
}

const catatonitUsage = "usage: catatonit [-ghLPV] [--] <progname> [<arguments>...]\n"

func helpCatatonit(*Line) *Answer {
	return &Answer{Text: catatonitUsage + "\noptions:\n" + describe(catatonitFlags[:], 18), FD: 2}
}

func versionCatatonit() *Answer { return printed(catatonitVersion) }

func prepareCatatonit(l *Line) {
	o := &l.Options
	o.Log = pid1.Log{Level: pid1.Error, Style: pid1.Catatonit}
	o.Placement, o.Subreaper = process.OwnGroup, true
	o.Ignore = signals.SetOf(signals.SIGTSTP, signals.SIGTTIN, signals.SIGTTOU)
	o.ExecStatus = pid1.ExecStatus{Missing: 1, Denied: 1, Other: 1}
}

func readCatatonitEnviron(l *Line, environ []string) bool {
	if _, set := lookup(environ, "CATATONIT_DEBUG"); set {
		l.Options.Log.Level = pid1.Debug
	}
	if _, set := lookup(environ, "CATATONIT_LOG"); set {
		return l.fail(catatonitLog, "")
	}
	return true
}

func refuseCatatonit(l *Line, message string) *Answer {
	if message == "" {
		message = l.Options.Log.Message(pid1.Error, "missing program name")
	} else {
		message = l.program + ": " + message + "\n"
	}
	return &Answer{Text: message + catatonitUsage, FD: 2, Status: 1}
}
