package trace

import (
	"strconv"
	"time"

	"supervise/signals"
)

// How says in a word how a signal was sent, by its code: "kill", "sigqueue", "timer".
func How(s signals.Signal, c signals.Code) string {
	switch c {
	case signals.CodeUser:
		return "kill"
	case signals.CodeThread:
		return "tkill"
	case signals.CodeQueue:
		return "sigqueue"
	case signals.CodeTimer:
		return "timer"
	case signals.CodeMessage:
		return "mq"
	case signals.CodeAsync:
		return "aio"
	case signals.CodeIO:
		return "io"
	case signals.CodeKernel:
		return "kernel"
	}
	children := [...]string{1: "exited", 2: "killed", 3: "dumped", 4: "trapped", 5: "stopped", 6: "continued"}
	switch {
	case s == signals.SIGCHLD && c > 0 && int(c) < len(children):
		return children[c]
	case c > 0 && signals.Faults.Has(s):
		return "fault"
	}
	return "code " + strconv.Itoa(int(c))
}

// FromKernel reports whether the kernel sent the signal by itself: the sender is then only
// who ran at that moment, which says something of a terminal and nothing of a timer.
func (l *Life) FromKernel() bool {
	return l.Code == signals.CodeKernel || l.Code == signals.CodeTimer || l.Code == signals.CodeIO ||
		l.Code == signals.CodeAsync || l.Code > 0 && l.Signal != signals.SIGCHLD
}

// String names a task: "bash 812", "sh 9792 (1)" with the pid in its own namespace.
func (t *Task) String() string {
	if t.PID < 0 {
		return "unknown"
	}
	text := t.Comm
	if text != "" {
		text += " "
	}
	text += strconv.Itoa(t.PID)
	if t.TID > 0 && t.TID != t.PID {
		text += "/" + strconv.Itoa(t.TID)
	}
	if t.NSPID > 0 && t.NSPID != t.PID {
		text += " (" + strconv.Itoa(t.NSPID) + ")"
	}
	return text
}

// Origin names who sent the signal: a task, or the kernel and who ran at that moment.
func (l *Life) Origin() string {
	switch {
	case !l.FromKernel():
		return l.Sender.String()
	case l.Sender.PID <= 0:
		return "kernel"
	default:
		return "kernel, in " + l.Sender.String()
	}
}

// End says what became of the signal: "handled by on_term, 8.3µs", "terminated by default,
// 12µs; killed by SIGTERM after 1.2ms".
func (l *Life) End() string {
	text := l.Verdict.String()
	if l.Detail != "" {
		if l.Verdict == Handled || l.Detail == "by default" || l.Verdict == Taken {
			text += " " + l.Detail
		} else {
			text += ": " + l.Detail
		}
	}
	if l.InfoLost {
		text += ", siginfo lost"
	}
	if l.Blocked && l.Verdict != Pending && l.Verdict != Overflow { // nothing waits then
		text += ", was blocked"
	}
	if l.Latency > 0 {
		text += ", " + round(l.Latency).String()
	}
	if l.Exit != nil {
		text += "; " + l.Exit.String()
		if l.Exit.After > 0 {
			text += " after " + round(l.Exit.After).String()
		}
	}
	return text
}

// String is the end of a process: "exited with code 3", "killed by SIGKILL".
func (e *Exit) String() string {
	if e.Code < 0 {
		return "ended"
	}
	return signals.Exit{Code: e.Code, Signal: e.Signal, Core: e.Core}.String()
}

// round leaves three digits.
func round(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}
