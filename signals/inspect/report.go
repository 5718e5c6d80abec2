package inspect

import (
	"supervise/signals"
	"supervise/signals/advice"
	"supervise/signals/state"
)

// Report is what is known of the signals of a process.
type Report struct {
	PID     int      `json:"pid"`
	Comm    string   `json:"comm"`
	Command []string `json:"command"`
	UID     uint32   `json:"uid"`
	Parent  int      `json:"parent"`
	Kernel  bool     `json:"kernel,omitempty"` // a thread of the kernel: Signals has only those that are not ignored
	NSPID   int      `json:"ns_pid"` // in its innermost PID namespace
	Threads []Thread `json:"threads"`
	// Signals are those that are not plain default, or all 64: Options.All.
	Signals  []Signal         `json:"signals"`
	Queue    Queue            `json:"queue"`
	Findings []advice.Finding `json:"findings"`
	// Missing says what could not be found out, and what it takes.
	Missing []string `json:"missing"`
}

// Thread is one thread.
type Thread struct {
	TID     int              `json:"tid"`
	Comm    string           `json:"comm"`
	State   string           `json:"state"` // a letter: proc_pid_stat(5)
	Blocked []signals.Signal `json:"blocked"`
	Pending []signals.Signal `json:"pending"` // for this thread alone
	Waiting []signals.Signal `json:"waiting"` // for which it is in sigwait(3)
}

// Signal is what becomes of a signal.
type Signal struct {
	Signal      signals.Signal `json:"signal"`
	Disposition string         `json:"disposition"`      // default, ignored or caught
	Origin      string         `json:"origin,omitempty"` // inherited or program; "" if it is not known
	// Handler is the function, or its address in a file. Module is that file.
	Handler string `json:"handler,omitempty"`
	Module  string `json:"module,omitempty"`
	Address string `json:"address,omitempty"`
	// Flags and Mask are null if they are not known.
	Flags    []string         `json:"flags"`
	Mask     []signals.Signal `json:"mask"`
	Restorer string           `json:"restorer,omitempty"`
	Blocked  []int            `json:"blocked"` // the threads that do
	Pending  Pending          `json:"pending"`
	TakenBy  []Taker          `json:"taken_by,omitempty"`

	masked signals.Set
}

// Masked are the signals of Mask as a set.
func (s *Signal) Masked() signals.Set { return s.masked }

// Pending says where a signal waits.
type Pending struct {
	Process bool  `json:"process"`
	Threads []int `json:"threads"`
}

// Any reports whether the signal waits anywhere.
func (p *Pending) Any() bool { return p.Process || len(p.Threads) > 0 }

// Taker takes a signal without a handler: a thread in sigwait(3), or a signalfd(2).
type Taker struct {
	Thread   int `json:"thread,omitempty"`
	SignalFD int `json:"signalfd,omitempty"`
}

// Queue is the queue of the process's user.
type Queue struct {
	Used  uint64 `json:"used"`
	Limit uint64 `json:"limit"`
	// Signals are those that wait for this process, with Options.Queue; null without.
	Signals []Queued `json:"signals"`
}

// Queued is a signal that waits.
type Queued struct {
	Signal signals.Signal `json:"signal"`
	Thread int            `json:"thread,omitempty"` // 0 if it waits for the process
	Code   signals.Code   `json:"code"`
	PID    int32          `json:"pid"`
	UID    uint32         `json:"uid"`
	Comm   string         `json:"comm,omitempty"` // of the sender, if it lives
	Value  uint64         `json:"value"`
	Sender string         `json:"sender"` // in words
	Lost   bool           `json:"lost"`   // it has no siginfo: the queue was full
}

// members are those of a set, [] if it is empty.
func members(set signals.Set) []signals.Signal {
	list := []signals.Signal{}
	for s := range set.All() {
		list = append(list, s)
	}
	return list
}

// ids are never null in JSON.
func ids(tids []int) []int {
	if tids == nil {
		return []int{}
	}
	return tids
}

// takers are who takes a signal without a handler.
func takers(p *state.Process, s signals.Signal) (takers []Taker) {
	for i := range p.Threads {
		if p.Threads[i].Waiting.Has(s) {
			takers = append(takers, Taker{Thread: p.Threads[i].TID})
		}
	}
	for _, d := range p.Descriptors {
		if d.Set.Has(s) {
			takers = append(takers, Taker{SignalFD: d.FD})
		}
	}
	return takers
}

// WithMask returns the signal with another mask of its handler.
func (s Signal) WithMask(mask signals.Set) Signal {
	s.Mask, s.masked = members(mask), mask
	return s
}
