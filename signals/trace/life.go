package trace

import (
	"time"

	"supervise/signals"
)

// Task is a thread in a [Life]. What a backend does not know is left out: "" or -1.
type Task struct {
	PID    int    `json:"pid"` // of the process; 0 is the kernel's idle task, -1 is unknown
	TID    int    `json:"tid"`
	Comm   string `json:"comm"`
	UID    int64  `json:"uid"`    // real user id, or -1
	NSPID  int    `json:"ns_pid"` // pid in its own PID namespace, or -1
	Cgroup string `json:"cgroup"` // path below the cgroup2 mount; "/" is the root
}

// Exit is the end of the target's process, if it followed.
type Exit struct {
	Code   int            `json:"code"` // 0 to 255, or -1 if it is not known
	Signal signals.Signal `json:"signal,omitzero"`
	Core   bool           `json:"core,omitzero"`
	After  time.Duration  `json:"after_ns"` // since the signal was sent
}

// Life is one signal from the sender to its end. The JSON names are part of the interface of
// supervise trace.
type Life struct {
	Time   time.Time      `json:"time"` // when it was sent
	Signal signals.Signal `json:"signal"`
	Value  *uint64        `json:"value,omitempty"` // if it was sent with one
	Code   signals.Code   `json:"code"`
	Sender Task           `json:"sender"`
	Target Task           `json:"target"`

	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"` // in words: why, by what

	// Latency is from the sending to the delivery in nanoseconds; 0 if it was not delivered,
	// or the backend does not see the sending.
	Latency time.Duration `json:"latency_ns"`
	Exit    *Exit         `json:"exit"`

	// Group tells a signal for the process from one for the thread Target.TID.
	Group bool `json:"group"`

	// Blocked says that the thread had it blocked when it was sent; it waited at least that long.
	Blocked bool `json:"blocked,omitzero"`

	// InfoLost says that it was queued without its siginfo: the queue was full.
	InfoLost bool `json:"siginfo_lost,omitzero"`

	Handler uint64 `json:"handler,omitzero"` // its address, if it was handled
	Symbol  string `json:"symbol,omitempty"` // the handler's function, if it is known
	Call    string `json:"call,omitempty"`   // of Failed: the system call
	Error   string `json:"error,omitempty"`  // of Failed: "EPERM", "ESRCH"
}

// Event is what happens beside signals: fork, exec, exit.
type Event struct {
	Time   time.Time `json:"time"`
	Event  string    `json:"event"` // "fork", "exec", "exit", "probe"
	Task   Task      `json:"task"`
	Child  *Task     `json:"child,omitempty"` // of fork
	File   string    `json:"file,omitempty"`  // of exec
	Exit   *Exit     `json:"exit,omitempty"`  // of exit
	Detail string    `json:"detail,omitempty"`
}

// Counts is the end of a trace. Lives are those that a sink was given.
type Counts struct {
	Backend  string            `json:"backend"`
	Duration time.Duration     `json:"duration_ns"`
	Lives    uint64            `json:"lives"`
	Sent     uint64            `json:"sent"` // signals whose sending was recorded
	Verdicts map[string]uint64 `json:"verdicts"`
	Drops    Drops             `json:"drops"`

	// Cut says that these are the counts of a recording that has no end: what was sent and
	// lost is not known.
	Cut bool `json:"cut,omitzero"`
}

// Drops counts the records that were lost, as nobody read them in time. Sent plus
// Drops.Generate is all that was sent.
type Drops struct {
	Generate uint64 `json:"generate"`
	Deliver  uint64 `json:"deliver"`
	Other    uint64 `json:"other"`
}

// Total is all of them.
func (d Drops) Total() uint64 { return d.Generate + d.Deliver + d.Other }

// Sink takes what a [Joiner] makes. Calls come from one goroutine; what they are given is
// theirs. An error ends the trace.
type Sink interface {
	Life(*Life) error   // once for each, when its end is known
	Event(*Event) error // with Filter.Context
	End(*Counts) error  // once, last
}

// Waiter is a [Sink] that also wants to know which signals wait, before their life is over.
type Waiter interface {
	Waiting(*Life) error // once for each that has waited for half a second; its verdict is Pending
}
