package atexec

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/coredump/settings"
	"supervise/signals"
	"supervise/signals/intake"
)

// State is what a program inherits that has to do with signals. The JSON names are part of the
// interface of supervise exec --show.
type State struct {
	Blocked []signals.Signal `json:"blocked"`
	Ignored []signals.Signal `json:"ignored"`
	Pending []Pending        `json:"pending"`

	// Exact says that blocked, ignored and pending are known exactly: see intake.Inherited.
	Exact bool `json:"exact"`

	PendingLimit [2]*uint64 `json:"pending_limit"` // soft, hard; null is unlimited
	CoreLimit    [2]*uint64 `json:"core_limit"`    // in bytes
	FileLimit    [2]*uint64 `json:"file_limit"`
	CoreFilter   string     `json:"core_filter"` // "" if it cannot be read

	PID         int            `json:"pid"`
	Parent      int            `json:"ppid"`
	Group       int            `json:"pgid"`
	Session     int            `json:"sid"`
	Subreaper   bool           `json:"subreaper"`
	ParentDeath signals.Signal `json:"parent_death_signal,omitzero"`
}

// Pending is a pending signal.
type Pending struct {
	Signal signals.Signal `json:"signal"`
	Code   signals.Code   `json:"code"`
	PID    int32          `json:"pid"`
	UID    uint32         `json:"uid"`
	Value  uint64         `json:"value"`
	Sender string         `json:"sender"`
}

// State returns what the program will inherit. Signals that arrive later are not in it, and may
// get in front of those that are.
func (h *Handover) State() *State {
	h.pending = append(h.pending, h.in.Collect(catchable)...)
	s := &State{
		Blocked: list(h.mask), Ignored: list(h.ignored), Pending: []Pending{}, Exact: h.found.Exact && h.in.Mode() == intake.Entry,
		PendingLimit: halves(limitOf(rlimitPending)), CoreLimit: halves(limitOf(unix.RLIMIT_CORE)),
		FileLimit: halves(unix.Rlimit{Cur: h.found.NoFile.Soft, Max: h.found.NoFile.Hard}, nil),
		PID:       os.Getpid(), Parent: os.Getppid(), Group: unix.Getpgrp(),
	}
	if h.pendingLimit != nil {
		s.PendingLimit = halves(*h.pendingLimit, nil)
	}
	for i := range h.pending {
		p := &h.pending[i]
		s.Pending = append(s.Pending, Pending{p.Signal, p.Code, p.PID, p.UID, p.Value, p.Sender()})
	}
	if filter, err := settings.ReadFilter(s.PID); err == nil {
		s.CoreFilter = filter.String()
	}
	s.Session, _ = unix.Getsid(0)
	var flag int32
	if prctlGet(unix.PR_GET_CHILD_SUBREAPER, &flag) == nil {
		s.Subreaper = flag != 0
	}
	if prctlGet(unix.PR_GET_PDEATHSIG, &flag) == nil {
		s.ParentDeath = signals.Signal(flag)
	}
	return s
}

func list(set signals.Set) []signals.Signal {
	all := make([]signals.Signal, 0, set.Len())
	for s := range set.All() {
		all = append(all, s)
	}
	return all
}

// halves are a limit's, nil for unlimited.
func halves(limit unix.Rlimit, err error) (both [2]*uint64) {
	if err != nil {
		return both
	}
	for i, n := range []uint64{limit.Cur, limit.Max} {
		if n != Unlimited {
			both[i] = &n
		}
	}
	return both
}

// String is the state as a table.
func (s *State) String() string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-20s %s\n", name, fmt.Sprintf(format, args...))
	}
	row("blocked", "%s", names(s.Blocked))
	row("ignored", "%s", names(s.Ignored))
	row("pending", "%s", s.queue())
	row("pending limit", "%s", limitPair(s.PendingLimit))
	row("core limit", "%s", limitPair(s.CoreLimit))
	row("core filter", "%s", or(s.CoreFilter, "unknown"))
	row("file limit", "%s", limitPair(s.FileLimit))
	row("process", "pid %d, parent %d, group %d, session %d", s.PID, s.Parent, s.Group, s.Session)
	row("subreaper", "%s", map[bool]string{true: "yes", false: "no"}[s.Subreaper])
	death := "none"
	if s.ParentDeath != 0 {
		death = s.ParentDeath.String() + ", when the thread ends that has created it"
	}
	row("parent-death signal", "%s", death)
	row("dumpable", "execve sets it: 1, unless the program is set-user-ID, has capabilities, or is unreadable")
	if !s.Exact {
		row("note", "this program was built without its own entry point (make build), so that the Go runtime has taken signals that were pending, and of one without symbols has changed some of the rest")
	}
	return b.String()
}

// queue lists the pending signals, at most a few.
func (s *State) queue() string {
	if len(s.Pending) == 0 {
		return "none"
	}
	const most = 8
	var all []string
	for i, p := range s.Pending {
		if i == most {
			all = append(all, fmt.Sprintf("and %d more", len(s.Pending)-most))
			break
		}
		all = append(all, signals.Info{Signal: p.Signal, Code: p.Code, PID: p.PID, UID: p.UID, Value: p.Value}.String())
	}
	return strings.Join(all, "; ")
}

// names lists signals, or those that are missing if that are fewer.
func names(list []signals.Signal) string {
	set := signals.SetOf(list...)
	switch rest := catchable &^ set; {
	case rest == 0:
		return "all"
	case rest.Len() < set.Len():
		return "all but " + rest.String()
	}
	return set.String()
}

func limitPair(pair [2]*uint64) string {
	text := [2]string{"unlimited", "unlimited"}
	for i, n := range pair {
		if n != nil {
			text[i] = fmt.Sprint(*n)
		}
	}
	return text[0] + " (hard " + text[1] + ")"
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
