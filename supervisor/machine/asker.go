package machine

import (
	"strconv"

	"supervise/internal/text/escape"
	"supervise/signals"
)

// Asker is who asked for something, or who sent a signal, as far as that was known then. The
// zero value is the supervisor itself. It does not influence any decision.
type Asker struct {
	PID    int32          // of the process, 0 when it is not known
	UID    uint32         // its user id
	Name   string         // the kernel's name of it (comm), "" when it is not known
	Source string         // where a request came from, if its process is not known: a FIFO's path, "pid 812"
	Signal signals.Signal // the signal that asked, if it was one
}

// Known reports whether the asker is a process that is known by its pid.
func (a Asker) Known() bool { return a.PID > 0 }

// Process says which process it is: "pid 812 (bash, uid 0)".
func (a Asker) Process() string {
	text := "pid " + strconv.Itoa(int(a.PID)) + " ("
	if a.Name != "" {
		text += escape.Name(a.Name) + ", "
	}
	return text + "uid " + strconv.FormatUint(uint64(a.UID), 10) + ")"
}

// String says who it is: "pid 812 (bash, uid 0)", "SIGUSR1 from pid 812 (bash, uid 0)", the
// path of a FIFO, or "supervise".
func (a Asker) String() string {
	who := a.Source
	if a.Known() {
		who = a.Process()
	}
	switch {
	case a.Signal != 0 && who != "":
		return a.Signal.String() + " from " + who
	case a.Signal != 0:
		return a.Signal.String()
	case who == "":
		return "supervise"
	}
	return who
}
