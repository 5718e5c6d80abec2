package programs

import (
	"slices"
	"strings"
)

// table is what is known by a name. Unlike a map it needs no initialisation, which each start of
// supervise would wait for.
type table[V any] []struct {
	name  string
	value V
}

func (t table[V]) of(name string) (value V, ok bool) {
	for _, row := range t {
		if row.name == name {
			return row.value, true
		}
	}
	return value, false
}

// wrapper is a program that runs the one behind its own arguments.
type wrapper struct {
	// valued are its options that take a value, in the argument that follows.
	valued string
	// plain is how many arguments beside options come before the program.
	plain int
	// assigns says that NAME=value may come before the program.
	assigns bool
}

var wrappers = table[wrapper]{
	{"chpst", wrapper{valued: "-u -U -b -e -d -o -p -f -c -r -t -l -L -m -n -C"}},
	{"chrt", wrapper{valued: "-T -P -D --sched-runtime --sched-period --sched-deadline", plain: 1}},
	{"env", wrapper{valued: "-u --unset -C --chdir", assigns: true}},
	{"exec", wrapper{valued: "-a"}},
	{"gosu", wrapper{plain: 1}},
	{"ionice", wrapper{valued: "-c -n --class --classdata"}},
	{"nice", wrapper{valued: "-n --adjustment"}},
	{"nohup", wrapper{}},
	{"numactl", wrapper{valued: "-i -N -m -C -p --interleave --cpunodebind --membind --physcpubind --preferred"}},
	{"prlimit", wrapper{}},
	{"setarch", wrapper{}},
	{"setpriv", wrapper{valued: "--reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig"}},
	{"setsid", wrapper{}},
	{"stdbuf", wrapper{valued: "-i -o -e --input --output --error"}},
	{"su-exec", wrapper{plain: 1}},
	{"taskset", wrapper{plain: 1}},
	{"time", wrapper{valued: "-f -o"}},
	{"timeout", wrapper{valued: "-k -s --kill-after --signal", plain: 1}},
	{"unbuffer", wrapper{}},
}

var shells = []string{"sh", "bash", "dash", "ash", "ksh", "zsh"}

// interpreters run the script that is their first argument beside options.
var interpreters = []string{"python", "ruby", "node", "perl", "php"}

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
		w, wraps := wrappers.of(name)
		interprets := slices.Contains(interpreters, withoutVersion(name))
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
	return slices.Contains(options, "-f") || slices.Contains(options, "--fork")
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
