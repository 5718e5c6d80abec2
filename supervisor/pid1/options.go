package pid1

import (
	"strconv"

	"supervise/internal/text"
)

// Options is what supervise init was asked to do.
type Options struct {
	Command []string // argv of the command
	Level   Level    // what is told on standard error
	JSON    bool     // told as JSON lines instead of text
	Help    bool     // only the usage is wanted
}

// UsageError says what is wrong with the command line.
type UsageError struct{ Text string }

func (e *UsageError) Error() string { return e.Text }

// Usage is the help text of supervise init.
const Usage = `Run one command as PID 1 of a container, or as child subreaper below anything else:
hand every signal on to it with its sender and payload, reap every orphan, and exit as
the command does.

Usage:
  supervise init [flags] [--] COMMAND [ARG...]

Examples:
  supervise init -- nginx -g 'daemon off;'
  supervise init --log-level debug -- sh -c 'trap "echo bye; exit 3" TERM; sleep 1000 & wait'
  ENTRYPOINT ["/supervise", "init", "--"]

Flags:
      --log-format text|json   how messages are written (default text on a terminal, else json)
      --log-level LEVEL        debug tells of every signal and orphan, info of the end, warn of
                               trouble only, error of what ends supervise itself (default warn)
  -h, --help                   this text

Exit status: the command's own, 128+n when signal n killed it, 127 when it was not found,
126 when it could not be executed, 2 for a wrong command line.
`

// Parse reads the arguments that follow "init". Flags end at the first argument that is
// none, or at "--".
func Parse(args []string, terminal bool) (Options, error) {
	options := Options{Level: Warn, JSON: !terminal}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			args = append([]string{arg}, args...)
			break
		}
		name, value, given := text.Cut(arg, '=')
		switch name {
		case "-h", "--help":
			options.Help = true
			return options, nil
		case "--log-format", "--log-level":
			if !given {
				if len(args) == 0 {
					return options, &UsageError{name + " needs a value"}
				}
				value, args = args[0], args[1:]
			}
			if err := options.set(name, value); err != nil {
				return options, err
			}
		default:
			return options, &UsageError{"unknown flag " + strconv.Quote(name) + "; put -- before a command that begins with a dash"}
		}
	}
	if len(args) == 0 {
		return options, &UsageError{"no command given"}
	}
	options.Command = args
	return options, nil
}

func (o *Options) set(name, value string) error {
	if name == "--log-format" {
		if value != "text" && value != "json" {
			return &UsageError{"--log-format is text or json, not " + strconv.Quote(value)}
		}
		o.JSON = value == "json"
		return nil
	}
	level, ok := parseLevel(value)
	if !ok {
		return &UsageError{"--log-level is debug, info, warn or error, not " + strconv.Quote(value)}
	}
	o.Level = level
	return nil
}
