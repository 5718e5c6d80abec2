package pid1

import (
	"strconv"
	"syscall"

	"supervise/internal/sys"
	"supervise/signals/intake"
)

// What a service manager passes to us for the command: $NOTIFY_SOCKET and the descriptors of
// $LISTEN_FDS are passed on unchanged (sd_notify(3), sd_listen_fds(3)), but $LISTEN_PID must
// be the pid of the process that uses them.

// listenPID returns the variable to set to the command's pid: LISTEN_PID if it names us, ""
// if it is not set or names somebody else.
func listenPID(self int) string {
	const name = "LISTEN_PID"
	value, ok := intake.LookupEnv(name)
	if !ok || value != strconv.Itoa(self) {
		return ""
	}
	return name
}

// ready reports that the command runs by writing a newline to Options.ReadyFD, as in s6's
// notification protocol, and closes that.
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

// release closes every descriptor above 2 that is not our own, so that a pipe is closed when
// the command closes it. They stay open if the command may be started again.
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
