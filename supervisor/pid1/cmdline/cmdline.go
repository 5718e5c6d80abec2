package cmdline

import (
	"syscall"

	"supervise/internal/text"
	"supervise/internal/text/escape"
	"supervise/signals/intake"
	"supervise/supervisor/pid1"
)

// dialect is one program's command line.
type dialect struct {
	names   []string // that the program is called by
	flags   []flag
	grammar grammar
	log     pid1.Log

	// prepare sets the defaults.
	prepare func(*line)
	// readEnviron reads the environment, before the arguments or with environAfter behind
	// them.
	readEnviron  func(*line, []string) error
	environAfter bool
	// finish decides what depends on several flags, once all are read.
	finish func(*line) error
	// help answers the flag for help.
	help func(l *line) *Answer
	// refuse answers arguments that cannot be used; message is "" if only the command is
	// missing.
	refuse func(l *line, message string) *Answer
}

// line is a command line that is being parsed.
type line struct {
	program   string // argv[0]
	options   pid1.Options
	verbosity int
	single    bool // the command alone, whatever other flags say
	session   bool
	shared    bool
}

// Answer is printed instead of running a command.
type Answer struct {
	Text   string
	FD     int // 1 or 2
	Status int
}

func (a *Answer) Error() string { return a.Text }

func printed(text string) error { return &Answer{Text: text, FD: 1} }

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
	p := dialects[index]
	l := &line{program: program}
	l.options.Log = p.log
	p.prepare(l)
	rest, err := p.read(l, args, environ)
	if err == nil && len(rest) == 0 && !l.options.Pause {
		return nil, p.refuse(l, "")
	}
	l.options.Command = rest
	if err == nil && p.finish != nil {
		err = p.finish(l)
	}
	switch err := err.(type) {
	case nil:
		return &l.options, nil
	case *Answer:
		return nil, err
	default:
		if err == errHelp {
			return nil, p.help(l)
		}
		return nil, p.refuse(l, escape.Line(err.Error()))
	}
}

// read reads arguments and environment in the dialect's order.
func (d *dialect) read(l *line, args, environ []string) (rest []string, err error) {
	if !d.environAfter {
		if err := d.readEnviron(l, environ); err != nil {
			return nil, err
		}
	}
	rest, err = d.grammar.read(d.flags, l, args)
	if err == nil && d.environAfter && len(rest) > 0 {
		err = d.readEnviron(l, environ)
	}
	return rest, err
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
