package pid1

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/supervisor/process"
)

// Terminal is our controlling terminal. Its methods allocate nothing.
type Terminal struct {
	FD    int  // -1 for none
	Given bool // to the command, when it was started
}

// OpenTerminal looks for our controlling terminal, on standard input first, and decides
// whether the command gets it: its process group becomes the foreground if ours is; a session
// of its own gets it in any case, and we detach from it.
func OpenTerminal(placement process.Placement) Terminal {
	const stdin = 0
	if placement == process.OwnSession {
		// If we are the session leader, the kernel sends SIGHUP and SIGCONT to the
		// foreground, with us as the sender, which the intake ignores.
		return Terminal{FD: -1, Given: sys.LeaveTerminal(stdin) || sys.Terminal(stdin)}
	}
	t := Terminal{FD: stdin}
	group, ok := sys.Foreground(t.FD)
	if !ok {
		if t.FD = sys.OpenTTY(); t.FD < 0 {
			return t
		}
		group, ok = sys.Foreground(t.FD)
	}
	t.Given = ok && group == sys.Group() && placement == process.OwnGroup
	return t
}

// Close closes it, unless it is standard input.
func (t *Terminal) Close() {
	if t.FD > 2 {
		sys.Close(t.FD)
	}
}

// idle reports whether the foreground is ours or nobody's, so that nobody loses it.
func (t *Terminal) idle() bool {
	group, ok := sys.Foreground(t.FD)
	return ok && (group == 0 || group == sys.Group() || sys.Send(-group, 0) == syscall.ESRCH)
}

// Reclaim makes our own process group the foreground again after the command has ended,
// unless somebody else has got it meanwhile, such as the shell that has put us into the
// background. Group 0 means that the command was never started.
func (t *Terminal) Reclaim(group int) {
	if t.FD < 0 || !t.Given {
		return
	}
	if now, ok := sys.Foreground(t.FD); ok && now != sys.Group() && (now == group || t.idle()) {
		sys.SetForeground(t.FD, sys.Group())
	}
}
