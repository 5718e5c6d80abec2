package cmdline

import (
	"slices"
	"syscall"

	"supervise/internal/text"
	"supervise/internal/text/escape"
	"supervise/signals/intake"
	"supervise/supervisor/pid1"
)

// dialect is what one program prints instead of running a command.
type dialect struct {
	name string

	// help, version and license answer the flags for them.
	help    func(l *Line) *Answer
	version func() *Answer
	license string
	// refuse answers arguments that cannot be used; message is "" if only the command is
	// missing.
	refuse func(l *Line, message string) *Answer
}

// Line is a command line that is being parsed.
type Line struct {
	Options pid1.Options

	program   string // argv[0]
	verbosity int
	single    bool // the command alone, whatever other flags say
	session   bool
	shared    bool
	problem   problem
}

// Answer is printed instead of running a command.
type Answer struct {
	Text   string
	FD     int // 1 or 2
	Status int
}

func printed(text string) *Answer { return &Answer{Text: text, FD: 1} }

// dialects are all there are. The first is supervise init itself.
var dialects = [...]*dialect{&own, &tini, &dumbInit, &catatonit}

// ByName returns the index of the dialect for a program's name, argv[0] with or without a
// path. ok is false if there is none.
func ByName(argv0 string) (index int, ok bool) {
	switch base(argv0) {
	case "supervise-init":
		return isOwn, true
	case "tini", "tini-static", "docker-init":
		return isTini, true
	case "dumb-init":
		return isDumbInit, true
	case "catatonit":
		return isCatatonit, true
	}
	return 0, false
}

// Select returns the dialect of a program's arguments and what it must parse: "supervise init
// ARGS", or one of the names that we replace. ok is false for any other subcommand,
// unless there is nothing but init in this build.
func Select(argv []string) (index int, args []string, ok bool) {
	if len(argv) == 0 {
		return 0, nil, false
	}
	if index, ok = ByName(argv[0]); ok {
		args = argv[1:]
		if index == 0 && len(args) > 0 && args[0] == subcommand {
			args = args[1:]
		}
		return index, args, true
	}
	if len(argv) > 1 && argv[1] == subcommand {
		return 0, argv[2:], true
	}
	if initOnly {
		return 0, argv[1:], true
	}
	return 0, nil, false
}

const subcommand = "init"

// Main does what the arguments say and returns the status to exit with. It is called by an
// init function, see [intake.StartInInit]. argv are the program's own arguments, with which
// it may execute itself again; index and args are those of [Select].
func Main(argv []string, index int, args []string) (status int) {
	parent := pid1.FirstParent()
	options, answer := Parse(index, argv[0], args, intake.Environ())
	if answer != nil {
		_, _ = syscall.Write(answer.FD, escape.AppendScreen(nil, []byte(answer.Text)))
		return answer.Status
	}
	options.Parent = parent
	pid1.Prepare()
	in, err := intake.StartInInit(argv)
	if err != nil {
		_, _ = syscall.Write(2, []byte(options.Log.Message(pid1.Error, err.Error())))
		return options.ExecStatus.Other
	}
	return pid1.Run(in, options)
}

// Parse parses a command line. The answer is nil if there is a command to run.
func Parse(index int, program string, args, environ []string) (*pid1.Options, *Answer) {
	l := &Line{program: program}
	command, ok := l.Read(index, slices.Clone(args), environ)
	if !ok {
		return nil, l.answer(dialects[index])
	}
	l.Options.Command = command
	return &l.Options, nil
}

// Read is [Parse] without a word about what is wrong, and without allocation; it may move
// arguments within args, and leaves it to the caller to note the command. It reports whether there
// is one to run. Line is zero before.
func (l *Line) Read(index int, args, environ []string) (command []string, ok bool) {
	l.prepare(index)
	command, ok = l.read(index, args, environ)
	if !ok {
		return nil, false
	}
	if len(command) == 0 && !l.Options.Pause {
		return nil, l.fail(noCommand, "")
	}
	return command, l.finish(index)
}

// The dialects, as indices of dialects. What they have of their own before a command is run is
// found by a switch: package nucleus cannot wait until a table with functions is initialised, and
// a table without takes time as well, to have its page of memory.
const (
	isOwn = iota
	isTini
	isDumbInit
	isCatatonit
)

func grammarOf(index int) grammar {
	switch index {
	case isOwn:
		return grammar{long: true, switches: true}
	case isTini:
		return grammar{separator: true, version: true, environAfter: true}
	case isDumbInit:
		return grammar{long: true, shorten: true, environAfter: true}
	}
	return grammar{long: true, shorten: true}
}

func flagsOf(index int) []flag {
	switch index {
	case isOwn:
		return ownFlags[:]
	case isTini:
		return tiniFlags[:]
	case isDumbInit:
		return dumbInitFlags[:]
	}
	return catatonitFlags[:]
}

// prepare sets the defaults.
func (l *Line) prepare(index int) {
	switch index {
	case isOwn:
		prepareOwn(l)
	case isTini:
		prepareTini(l)
	case isDumbInit:
		prepareDumbInit(l)
	default:
		prepareCatatonit(l)
	}
}

func (l *Line) readEnviron(index int, environ []string) bool {
	switch index {
	case isOwn:
		return readOwnEnviron(l, environ)
	case isTini:
		return readTiniEnviron(l, environ)
	case isDumbInit:
		return readDumbInitEnviron(l, environ)
	}
	return readCatatonitEnviron(l, environ)
}

// finish decides what depends on several flags, once all are read.
func (l *Line) finish(index int) bool {
	switch index {
	case isOwn:
		return finishOwn(l)
	case isTini:
		finishTini(l)
	case isDumbInit:
		finishDumbInit(l)
	}
	return true
}

// read reads arguments and environment in the dialect's order.
func (l *Line) read(index int, args, environ []string) (rest []string, ok bool) {
	g := grammarOf(index)
	if !g.environAfter && !l.readEnviron(index, environ) {
		return nil, false
	}
	rest, ok = g.readFlags(l, flagsOf(index), args)
	if ok && g.environAfter && len(rest) > 0 {
		ok = l.readEnviron(index, environ)
	}
	return rest, ok
}

// lookup returns an environment variable's value.
func lookup(environ []string, name string) (value string, ok bool) {
	for _, entry := range environ {
		if key, value, _ := text.Cut(entry, '='); key == name {
			return value, true
		}
	}
	return "", false
}

// base returns the program's name without its path: basename(3).
func base(program string) string {
	for i := len(program) - 1; i >= 0; i-- {
		if program[i] == '/' {
			return program[i+1:]
		}
	}
	return program
}
