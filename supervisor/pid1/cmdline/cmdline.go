package cmdline

import (
	"slices"
	"syscall"

	"supervise/internal/text"
	"supervise/internal/text/escape"
	"supervise/signals/intake"
	"supervise/supervisor/pid1"
)

// dialect is one program's command line. What its functions do before a command is run
// allocates nothing.
type dialect struct {
	names   []string // that the program is called by
	flags   []flag
	grammar grammar
	log     pid1.Log

	// prepare sets the defaults.
	prepare func(*Line)
	// readEnviron reads the environment, before the arguments or with environAfter behind
	// them.
	readEnviron  func(*Line, []string) bool
	environAfter bool
	// finish decides what depends on several flags, once all are read.
	finish func(*Line) bool

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
	name := argv0
	for i := range len(name) {
		if argv0[i] == '/' {
			name = argv0[i+1:]
		}
	}
	for i, p := range dialects {
		for _, known := range p.names {
			if name == known {
				return i, true
			}
		}
	}
	return 0, false
}

// Select returns the dialect of a program's arguments and what it must parse: "supervise init
// ARGS", or one of the names that we replace. ok is false for any other subcommand.
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
	return 0, nil, false
}

const subcommand = "init"

// Main does what the arguments say and returns the status to exit with. It is called by an
// init function, see [intake.StartInInit]. argv are the program's own arguments, with which
// it may execute itself again; index and args are those of [Select].
func Main(argv []string, index int, args []string) (status int) {
	parent := syscall.Getppid()
	options, answer := Parse(index, argv[0], args, intake.Environ())
	if answer != nil {
		_, _ = syscall.Write(answer.FD, escape.AppendScreen(nil, []byte(answer.Text)))
		return answer.Status
	}
	options.Parent = parent
	in, err := intake.StartInInit(argv)
	if err != nil {
		_, _ = syscall.Write(2, []byte(options.Log.Message(pid1.Error, err.Error())))
		return options.ExecStatus.Other
	}
	return pid1.Run(in, options)
}

// Parse parses a command line. The answer is nil if there is a command to run.
func Parse(index int, program string, args, environ []string) (*pid1.Options, *Answer) {
	l := new(Line)
	if !l.Read(index, program, slices.Clone(args), environ) {
		return nil, l.answer(dialects[index])
	}
	return &l.Options, nil
}

// Read is [Parse] without a word about what is wrong, and without allocation; it may move
// arguments within args. It reports whether there is a command to run. Line is zero before.
func (l *Line) Read(index int, program string, args, environ []string) bool {
	d := dialects[index]
	l.program, l.Options.Log = program, d.log
	d.prepare(l)
	rest, ok := d.read(l, args, environ)
	if !ok {
		return false
	}
	if len(rest) == 0 && !l.Options.Pause {
		return l.fail(noCommand, "")
	}
	l.Options.Command = rest
	return d.finish == nil || d.finish(l)
}

// read reads arguments and environment in the dialect's order.
func (d *dialect) read(l *Line, args, environ []string) (rest []string, ok bool) {
	if !d.environAfter && !d.readEnviron(l, environ) {
		return nil, false
	}
	rest, ok = d.readFlags(l, args)
	if ok && d.environAfter && len(rest) > 0 {
		ok = d.readEnviron(l, environ)
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
