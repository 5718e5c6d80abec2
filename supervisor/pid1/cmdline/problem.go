package cmdline

import (
	"strconv"

	"supervise/internal/text"
	"supervise/signals"
	"supervise/supervisor/pid1"
)

// problem is why a command line runs no command. It is made into words only when somebody is
// told: reading a command line allocates nothing, as that may happen before there is a Go
// runtime (package nucleus).
type problem struct {
	kind     kind
	text     string // what was given
	flag     *flag  // the flag that it is about, or nil
	other    *flag  // another one that it could be
	variable bool   // it was given by the flag's variable
}

type kind uint8

const (
	none kind = iota
	noCommand

	// What is asked for instead of a command.
	askHelp
	askVersion
	askLicense

	// Arguments.
	unrecognized
	ambiguous
	noArgument
	needsArgument
	invalidLetter
	letterNeeds
	unknownVariable
	sessionForeground
	groupForeground

	// Values of flags and variables.
	notSwitch
	notDuration
	notSignal
	notReceived
	notRewrite
	notRemap
	notRestart
	notForward
	notDescriptor
	notFormat
	notLevel
	notSize
	notMapping
	noRecorder
	firstValue = notSwitch

	// What the programs that we replace say of theirs.
	tiniValue       kind = 100 + iota // of one flag
	dumbInitRewrite                   // of -r
	catatonitLog                      // of a variable
)

// fail notes a problem and returns false.
func (l *Line) fail(k kind, given string) bool {
	l.problem.kind, l.problem.text = k, given
	return false
}

// words says what is wrong with a command line.
func (p *problem) words() string {
	if p.kind < firstValue {
		return p.argument()
	}
	message := p.value()
	switch {
	case p.flag == nil:
		return message
	case p.variable:
		return prefix + variable(p.flag.long) + ": " + message
	}
	return p.flag.name() + ": " + message
}

func (p *problem) argument() string {
	// The others are put into words by value and answer.
	//exhaustive:ignore
	switch p.kind {
	case unrecognized:
		return "unrecognized option '--" + p.text + "'" + p.likely()
	case ambiguous:
		return "option '--" + p.text + "' is ambiguous; possibilities: '--" + p.flag.long + "' '--" + p.other.long + "'"
	case noArgument:
		return "option '--" + p.flag.long + "' doesn't allow an argument"
	case needsArgument:
		return "option '--" + p.flag.long + "' requires an argument"
	case invalidLetter:
		return "invalid option -- '" + p.text + "'"
	case letterNeeds:
		return "option requires an argument -- '" + p.text + "'"
	case unknownVariable:
		return "unknown environment variable " + prefix + p.text
	case sessionForeground:
		return "--session and --foreground exclude each other"
	case groupForeground:
		return "--group and --foreground exclude each other: the group would be our own"
	}
	return ""
}

// likely proposes the flag that begins like an unknown one.
func (p *problem) likely() string {
	if p.other == nil {
		return ""
	}
	return ", did you mean '--" + p.other.long + "'?"
}

func (p *problem) value() string {
	quoted := strconv.Quote(p.text)
	// The others are put into words by argument and answer.
	//exhaustive:ignore
	switch p.kind {
	case notSwitch:
		return quoted + " is neither true nor false"
	case notDuration:
		return quoted + " is not a duration: give 10s, 500ms, 1m30s, or a number of seconds"
	case notSignal:
		_, err := signals.Parse(p.text)
		return err.Error()
	case notReceived:
		s, _ := signals.Lookup(p.text)
		return s.String() + " cannot be received here"
	case notRewrite:
		return quoted + " is not SIGNAL:SIGNAL, or SIGNAL:0 to drop it"
	case notRemap:
		return quoted + " is not CODE or CODE:CODE with codes from 0 to 255"
	case notRestart:
		return quoted + " is not SIG=restart"
	case notForward:
		return "must be queue or kill, not " + quoted
	case notDescriptor:
		return quoted + " is not a descriptor that can be written to"
	case notFormat:
		return "must be text or json, not " + quoted
	case notLevel:
		return "must be debug, info, warn or error, not " + quoted
	case notSize:
		return quoted + " is not a size: give unlimited, 100MB, 64MiB, or a number of bytes"
	case noRecorder:
		return "supervise-init has none: it takes the whole of supervise, as 'supervise init'"
	case notMapping:
		return quoted + " is no kind of mapping: give a mask up to 0x1ff, or names as " + mappings[0] + "," + mappings[4] + " (core(5))"
	}
	return ""
}

// answer is what is printed instead of running a command.
func (l *Line) answer(d *dialect) *Answer {
	p := &l.problem
	// The others are put into words by words.
	//exhaustive:ignore
	switch p.kind {
	case noCommand:
		return d.refuse(l, "")
	case askHelp:
		return d.help(l)
	case askVersion:
		return d.version()
	case askLicense:
		return printed("This is supervise in the place of " + d.name + ", which is under the " + d.license + ".\n")
	case tiniValue:
		return &Answer{Text: l.Options.Log.Message(pid1.Error, "Not a valid option for "+p.flag.name()+": "+p.text), FD: 2, Status: 1}
	case dumbInitRewrite:
		return &Answer{Text: dumbInitRewriteText, FD: 2, Status: 1}
	case catatonitLog:
		return &Answer{Text: l.Options.Log.Message(pid1.Error, "CATATONIT_LOG is reserved for future use"), FD: 2, Status: 1}
	}
	return d.refuse(l, p.words())
}

// variable is the name of a flag's variable behind the prefix: STOP_TIMEOUT for --stop-timeout.
func variable(long string) string {
	upper := []byte(text.Upper(long))
	for i, c := range upper {
		if c == '-' {
			upper[i] = '_'
		}
	}
	return string(upper)
}
