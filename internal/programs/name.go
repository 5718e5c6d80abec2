package programs

import "strings"

// wrapper is a program that runs the one behind its own arguments.
type wrapper struct {
	// valued are its options that take a value, in the argument that follows.
	valued string
	// plain is how many arguments beside options come before the program.
	plain int
	// assigns says that NAME=value may come before the program.
	assigns bool
}

var wrappers = map[string]wrapper{
	"chpst":    {valued: "-u -U -b -e -d -o -p -f -c -r -t -l -L -m -n -C"},
	"chrt":     {valued: "-T -P -D --sched-runtime --sched-period --sched-deadline", plain: 1},
	"env":      {valued: "-u --unset -C --chdir", assigns: true},
	"exec":     {valued: "-a"},
	"gosu":     {plain: 1},
	"ionice":   {valued: "-c -n --class --classdata"},
	"nice":     {valued: "-n --adjustment"},
	"nohup":    {},
	"numactl":  {valued: "-i -N -m -C -p --interleave --cpunodebind --membind --physcpubind --preferred"},
	"prlimit":  {},
	"setarch":  {},
	"setpriv":  {valued: "--reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig"},
	"setsid":   {},
	"stdbuf":   {valued: "-i -o -e --input --output --error"},
	"su-exec":  {plain: 1},
	"taskset":  {plain: 1},
	"time":     {valued: "-f -o"},
	"timeout":  {valued: "-k -s --kill-after --signal", plain: 1},
	"unbuffer": {},
}

var shells = map[string]bool{"sh": true, "bash": true, "dash": true, "ash": true, "ksh": true, "zsh": true}

// interpreters run the script that is their first argument beside options.
var interpreters = map[string]bool{"python": true, "ruby": true, "node": true, "perl": true, "php": true}

// Base is the name of a program without its directory.
func Base(program string) string { return program[strings.LastIndexByte(program, '/')+1:] }

// Name is the name of the program that a command comes to run: what stands before it, such
// as env or nice, and what interprets it, are left out.
func Name(command []string) string {
	if rest := unwrap(command); len(rest) > 0 {
		return Base(rest[0])
	}
	return ""
}

// unwrap returns the command without what stands before the program.
func unwrap(command []string) []string {
	const deepest = 8
	for range deepest {
		if len(command) == 0 {
			return nil
		}
		name := Base(command[0])
		w, wraps := wrappers[name]
		interprets := interpreters[withoutVersion(name)]
		if !wraps && !interprets {
			return command
		}
		inner := w.inner(command[1:])
		if len(inner) == 0 || name == "setsid" && forks(command[1:len(command)-len(inner)]) {
			return command
		}
		command = inner
	}
	return command
}

// forks reports whether setsid(1) is to leave its program in the background.
func forks(options []string) bool {
	for _, o := range options {
		if o == "-f" || o == "--fork" {
			return true
		}
	}
	return false
}

// inner skips options and other arguments of the wrapper's own.
func (w wrapper) inner(args []string) []string {
	plain := w.plain
	for len(args) > 0 {
		arg := args[0]
		switch {
		case arg == "--":
			return args[min(1+plain, len(args)):]
		case len(arg) > 1 && arg[0] == '-':
			if takesValue(w.valued, arg) {
				args = args[min(1, len(args)):]
			}
		case w.assigns && strings.Contains(arg, "="):
		case plain > 0:
			plain--
		default:
			return args
		}
		args = args[min(1, len(args)):]
	}
	return nil
}

func takesValue(valued, option string) bool {
	for v := range strings.FieldsSeq(valued) {
		if v == option {
			return true
		}
	}
	return false
}
