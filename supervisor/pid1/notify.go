package pid1

import (
	"strconv"
	"syscall"

	"supervise/internal/sys"
	"supervise/signals/intake"
)

// What a service manager may have handed us for the command: $NOTIFY_SOCKET and the
// descriptors of $LISTEN_FDS are passed on as they are (sd_notify(3), sd_listen_fds(3)),
// but $LISTEN_PID has to name the one who uses them.

// listenPID returns the variable that is to be set to the command's pid: LISTEN_PID when
// it names us, none when it is not there or is meant for somebody else.
func listenPID(self int) string {
	const name = "LISTEN_PID"
	value, ok := intake.LookupEnv(name)
	if !ok || value != strconv.Itoa(self) {
		return ""
	}
	return name
}

// ready says on the descriptor that was given for it that the command runs: a newline, as
// in s6's notification protocol, and closes it.
func (s *supervisor) ready() {
	if s.ReadyFD == 0 {
		return
	}
	if _, err := syscall.Write(s.ReadyFD, []byte{'\n'}); err != nil {
		s.log.say(Warn, "cannot tell that the command runs: write: "+err.Error(), number("fd", s.ReadyFD))
	}
	if s.ReadyFD > 2 {
		_ = syscall.Close(s.ReadyFD)
	}
}

// release closes every descriptor above 2 that is not our own, so that a pipe that the
// command closes is closed. A command that may be started again will need them again.
func (s *supervisor) release() {
	if s.RestartOn != 0 {
		return
	}
	first, second := s.command.PIDFD, s.terminal.fd
	if first > second {
		first, second = second, first
	}
	next := 3
	for _, keep := range [...]int{first, second} {
		if keep < next {
			continue
		}
		if keep > next {
			_ = sys.CloseRange(next, keep-1)
		}
		next = keep + 1
	}
	const last = 1<<31 - 1
	_ = sys.CloseRange(next, last)
}
