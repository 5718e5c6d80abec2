package quickstatus

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/signals/intake"
	"supervise/supervisor/control/wire"
	"supervise/supervisor/status"
)

// Question is a plain one for the status of services.
type Question struct {
	dir   string   // as given, "" for none
	names []string // none: all services
	board bool     // nobody is to be asked
}

// Select reads a program's arguments. ok is false for everything but the plain question,
// and in a program whose threads are not all closed to signals: see [ask].
func Select(argv []string) (q Question, ok bool) {
	if intake.Built() != intake.Entry {
		return q, false
	}
	return parse(argv)
}

func parse(argv []string) (q Question, ok bool) {
	if len(argv) < 2 || argv[1] != "status" {
		return q, false
	}
	const flag = "--runtime-dir"
	for args := argv[2:]; len(args) > 0; args = args[1:] {
		arg := args[0]
		switch {
		case arg == flag && len(args) > 1:
			q.dir, args = args[1], args[1:]
		case len(arg) > len(flag) && arg[:len(flag)+1] == flag+"=":
			q.dir = arg[len(flag)+1:]
		case arg == "--board":
			q.board = true
		case plain(arg):
			q.names = append(q.names, arg)
		default:
			return Question{}, false
		}
	}
	return q, true
}

// plain reports whether an argument is a name, and stands in JSON as it is.
func plain(arg string) bool {
	for i := range len(arg) {
		if arg[i] <= ' ' || arg[i] >= 0x7f || arg[i] == '"' || arg[i] == '\\' {
			return false
		}
	}
	return arg != "" && arg[0] != '-'
}

// Answer looks at the board, or asks, and prints. done is false when the usual way is to be
// gone; else code is what to exit with, by LSB: 3 when a service that was named does not
// run.
func (q Question) Answer() (code int, done bool) {
	dir, answer := wire.Directory(q.dir, intake.Getenv), ""
	services, ok := q.onBoard(dir)
	if !ok && q.board {
		return 0, false
	}
	if !ok {
		if answer, ok = ask(dir, q.request()); !ok {
			return 0, false
		}
		services, ok = read(answer)
	}
	if !ok || !sys.Print(status.Render(status.Rows(services, now()), Colors(1))) {
		unread = answer
		return 0, false
	}
	for i := range services {
		if len(q.names) > 0 && services[i].PID == 0 {
			return 3, true
		}
	}
	return 0, true
}

// unread is the answer that [Question.Answer] could do nothing with.
var unread string

// Unread returns the JSON of an answer that was no plain one, "" when there was none: it
// need not be asked for again.
func Unread() string { return unread }

// request is the question as package request would write it.
func (q Question) request() []byte {
	text := []byte(`{"verb":"status"`)
	for i, name := range q.names {
		if i == 0 {
			text = append(text, `,"services":["`...)
		} else {
			text = append(text, `","`...)
		}
		text = append(text, name...)
	}
	if len(q.names) > 0 {
		text = append(text, `"]`...)
	}
	return append(text, '}')
}

// Colors reports whether what is written to a descriptor is to be coloured.
func Colors(fd int) bool {
	return sys.Colors(fd, intake.Getenv)
}

// now is the time in nanoseconds since 1970.
func now() int64 {
	var t syscall.Timeval
	_ = syscall.Gettimeofday(&t) // it cannot fail
	return t.Nano()
}
