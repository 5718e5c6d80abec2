package pid1

import (
	"syscall"
	"unsafe"

	"supervise/internal/sys"
	"supervise/supervisor/process"
)

// terminal is our controlling terminal.
type terminal struct {
	fd    int  // -1 for none
	given bool // to the command, when it was started
}

// openTerminal looks for our controlling terminal, on standard input first, and decides
// whether the command gets it: its process group becomes the foreground if ours is; a session
// of its own gets it in any case, and we detach from it.
func openTerminal(placement process.Placement) terminal {
	const stdin = 0
	if placement == process.OwnSession {
		// If we are the session leader, the kernel sends SIGHUP and SIGCONT to the
		// foreground, with us as the sender, which the intake ignores.
		_, _, errno := syscall.RawSyscall(syscall.SYS_IOCTL, stdin, syscall.TIOCNOTTY, 0)
		return terminal{fd: -1, given: errno == 0 || sys.Terminal(stdin)}
	}
	t := terminal{fd: stdin}
	group, ok := t.foreground()
	if !ok {
		fd, err := syscall.Open("/dev/tty", syscall.O_RDWR|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return terminal{fd: -1}
		}
		t.fd = fd
		group, ok = t.foreground()
	}
	t.given = ok && group == syscall.Getpgrp() && placement == process.OwnGroup
	return t
}

// foreground returns the terminal's foreground process group; it works only for a process's
// own controlling terminal, ioctl_tty(2).
func (t *terminal) foreground() (group int, ok bool) {
	var pgid int32
	_, _, errno := syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(t.fd), syscall.TIOCGPGRP, uintptr(unsafe.Pointer(&pgid)))
	return int(pgid), errno == 0
}

// give makes a process group the foreground. SIGTTOU, the response to such a call from the
// background, is blocked here.
func (t *terminal) give(group int) {
	pgid := int32(group)
	_, _, _ = syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(t.fd), syscall.TIOCSPGRP, uintptr(unsafe.Pointer(&pgid)))
}

// idle reports whether the foreground is ours or nobody's, so that nobody loses it.
func (t *terminal) idle() bool {
	group, ok := t.foreground()
	return ok && (group == 0 || group == syscall.Getpgrp() || sys.Kill(-group, 0) == syscall.ESRCH)
}

// reclaim makes our own process group the foreground again after the command has ended,
// unless somebody else has got it meanwhile, such as the shell that has put us into the
// background. Group 0 means that the command was never started.
func (t *terminal) reclaim(group int) {
	if t.fd < 0 || !t.given {
		return
	}
	if now, ok := t.foreground(); ok && now != syscall.Getpgrp() && (now == group || t.idle()) {
		t.give(syscall.Getpgrp())
	}
}
