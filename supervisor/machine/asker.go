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
	Behind Behind         // of the client of a request: who is behind it
}

// Behind is who is behind the client of a request. The zero value is: nothing is known.
type Behind struct {
	PID      int32  // of the process that started the client, 0 when that is not known
	UID      uint32 // its user id
	Name     string // the kernel's name of it
	Terminal string // the controlling terminal, without /dev: "pts/3"; "" for none
	User     string // the user that the client runs as: a name, or "uid 1000" where it has none
	Login    string // who has logged in, in the same form; "" when nobody has, or that is not known
}

// Client is the name of our own client, which says nothing about who asks.
const Client = "supervise"

// Known reports whether the asker is a process that is known by its pid.
func (a Asker) Known() bool { return a.PID > 0 }

// Who is the process that is told of, which is itself known by its pid: a, or for our own
// client who started it.
func (a Asker) Who() Asker {
	if a.Name == Client && a.Behind.PID > 0 {
		a.PID, a.UID, a.Name = a.Behind.PID, a.Behind.UID, a.Behind.Name
		a.Behind.PID, a.Behind.UID, a.Behind.Name = 0, 0, ""
	}
	return a
}

// Process says which process it is: "pid 812 (bash, uid 0)". Of a client it says who is
// behind it: "pid 812 (bash, tty pts/3, user alice as root)" of our own, "pid 813 (python3 by
// bash, user root)" of another one.
func (a Asker) Process() string {
	who := a.Who()
	text := "pid " + strconv.Itoa(int(who.PID)) + " ("
	if who.Name != "" {
		text += escape.Name(who.Name)
		if who.Behind.Name != "" {
			text += " by " + escape.Name(who.Behind.Name)
		}
		text += ", "
	}
	return text + who.person() + ")"
}

// person is its terminal and its user.
func (a Asker) person() string {
	b := a.Behind
	if b.User == "" {
		return "uid " + strconv.FormatUint(uint64(a.UID), 10)
	}
	text := ""
	if b.Terminal != "" {
		text = "tty " + escape.Name(b.Terminal) + ", "
	}
	text += "user "
	if b.Login != "" && b.Login != b.User {
		text += escape.Name(b.Login) + " as "
	}
	return text + escape.Name(b.User)
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
