package bench

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// Image says which execution of which program a process is: it differs as soon as the process
// executes another program, or the same one anew. It is the addresses that the kernel has
// chosen for that, and empty without /proc. proc_pid_stat(5), fields 26 to 28.
func Image(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // the third and those behind
	const first, last = 26 - 3, 28 - 3
	if len(fields) <= last {
		return ""
	}
	return strings.Join(fields[first:last+1], " ")
}

// look is what Quiet compares: all processes of the trial, and how much was written. busy says
// that one of them computes, or waits for a disk.
func (h *Holder) look(p *Program) (seen string, busy bool) {
	text, _ := p.Output.Text()
	var b strings.Builder
	fmt.Fprint(&b, len(text))
	for _, s := range h.Left() {
		fmt.Fprint(&b, " ", s.PID, Image(s.PID))
		busy = busy || s.State == 'R' || s.State == 'D'
	}
	return b.String(), busy
}

// Quiet waits until nothing has happened for a while: no process has come, gone or executed
// anything, none computes, and nothing was written. It reports whether it is so before the
// context ends, and returns at once when there is no process any more.
func (h *Holder) Quiet(ctx context.Context, p *Program, while time.Duration) bool {
	const pause = 20 * time.Millisecond
	before, _ := h.look(p)
	since := time.Now()
	for time.Since(since) < while {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
		seen, busy := h.look(p)
		if p.State() == Ended && len(h.Left()) == 0 {
			return true
		}
		if busy || seen != before {
			before, since = seen, time.Now()
		}
	}
	return true
}
