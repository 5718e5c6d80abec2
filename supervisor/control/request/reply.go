package request

import (
	"time"

	"supervise/supervisor/status"
)

// Reply is an answer, or one of several. Which members it has depends on the request.
type Reply struct {
	Error      *Failure    `json:"error,omitempty"`
	Text       string      `json:"text,omitempty"` // a sentence, for people
	Supervisor *Supervisor `json:"supervisor,omitempty"`
	Events     []Event     `json:"events,omitempty"` // before Outcomes, as they were: package plain tells them in order
	Outcomes   []Outcome   `json:"outcomes,omitempty"`
	Lines      []Line      `json:"lines,omitempty"`
	Plan       []Change    `json:"plan,omitempty"`

	// Dropped is how many answers were left out before this one, because the client read
	// more slowly than they came.
	Dropped uint64 `json:"dropped,omitempty"`

	Services []status.Service `json:"services,omitempty"` // last: see [MarshalReply]
}

// Code is the kind of a failure.
type Code string

// The codes. The LSB exit code of a command is in brackets.
const (
	Usage          Code = "usage"           // the request makes no sense [2]
	UnknownService Code = "unknown-service" // [4]
	Refused        Code = "refused"         // not now: a shutdown has begun [1]
	Failed         Code = "failed"          // tried, and did not work [1]
	TimedOut       Code = "timeout"         // [1]
	NotSupported   Code = "not-supported"   // not by this supervisor or kernel [1]
	Lost           Code = "lost"            // the answer was given up: nobody read it [1]
)

// Failure says why there is no answer, or no good one.
type Failure struct {
	Code Code   `json:"code"`
	Text string `json:"text"`
}

func (f *Failure) Error() string { return f.Text }

// Supervisor is who answers.
type Supervisor struct {
	PID      int       `json:"pid"`
	Version  string    `json:"version,omitempty"`
	Since    time.Time `json:"since"`
	File     string    `json:"file,omitempty"` // its configuration
	Stopping bool      `json:"stopping,omitempty"`
}

// Process is somebody: a process, or the kernel's OOM killer, which has only a name.
type Process struct {
	PID  int    `json:"pid"`
	UID  int    `json:"uid"`
	Name string `json:"name,omitempty"`

	// Of a client that asked for something: who is behind it.
	Parent *Parent `json:"parent,omitempty"` // who has started it
	TTY    string  `json:"tty,omitempty"`    // the terminal: "pts/3"
	User   string  `json:"user,omitempty"`   // that it runs as
	Login  string  `json:"login,omitempty"`  // who has logged in there
}

// Parent is the process that has started a client.
type Parent struct {
	PID  int    `json:"pid"`
	UID  int    `json:"uid"`
	Name string `json:"name,omitempty"`
}

// Outcome is what became of a request for one service.
type Outcome struct {
	Service string `json:"service"`
	OK      bool   `json:"ok"`
	Result  string `json:"result,omitempty"` // one word: "up", "delivered", "ignored", "held"
	Text    string `json:"text,omitempty"`   // a sentence

	// Lines are the last lines of a service that did not start, or did not stay up.
	Lines []string `json:"lines,omitempty"`
}

// Event is one thing that happened, or that was done about it.
type Event struct {
	ID      uint64    `json:"id"`
	Cause   uint64    `json:"cause,omitempty"`  // the event that led to it at once
	Origin  uint64    `json:"origin,omitempty"` // the one that the matter goes back to
	Time    time.Time `json:"time"`
	Service string    `json:"service,omitempty"`
	Kind    string    `json:"kind"`
	PID     int       `json:"pid,omitempty"`
	By      *Process  `json:"by,omitempty"`
	Text    string    `json:"text"` // a sentence

	// Lines are, in an event of the kind lines, the last ones that a main process wrote
	// before the end that is its cause.
	Lines []string `json:"lines,omitempty"`
}

// Line is one line that a service wrote.
type Line struct {
	Time    time.Time `json:"time,omitzero"`
	Service string    `json:"service"`
	Stream  string    `json:"stream,omitempty"` // stdout or stderr
	Text    string    `json:"text"`
}

// Change is one step of an update.
type Change struct {
	Action  string `json:"action"` // add, remove, restart, change, or later: when supervise is started anew
	Service string `json:"service,omitempty"`
	Text    string `json:"text"`

	// Keys are what has changed, without "service.NAME." before them: "command",
	// "stop.ladder". None where a service is added or removed.
	Keys []string `json:"keys,omitempty"`
}
