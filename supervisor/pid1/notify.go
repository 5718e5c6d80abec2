package pid1

import (
	"slices"
	"strconv"
	"syscall"

	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/signals/intake"
)

// Addressees are variables that name who is meant: what a service manager passes to us is for the command: $NOTIFY_SOCKET, $WATCHDOG_USEC and
// the descriptors of $LISTEN_FDS are passed on unchanged (sd_notify(3), sd_listen_fds(3)). But
// a pid that says who is meant, us, must be the command's, or it would not feel addressed.
var Addressees = [...]string{"LISTEN_PID", "WATCHDOG_PID", "SYSTEMD_EXEC_PID"}

// Addressee returns which of [Addressees] an entry of the environment sets, and to what. Its
// constants are of up to 16 bytes, which are within the code: see package nucleus.
func Addressee(entry string) (which int, value string, ok bool) {
	const listen, watchdog, systemd, exec = "LISTEN_PID=", "WATCHDOG_PID=", "SYSTEMD_", "EXEC_PID="
	const both = len(systemd) + len(exec)
	switch n := len(entry); {
	case n >= len(listen) && entry[:len(listen)] == listen:
		return 0, entry[len(listen):], true
	case n >= len(watchdog) && entry[:len(watchdog)] == watchdog:
		return 1, entry[len(watchdog):], true
	case n >= both && entry[:len(systemd)] == systemd && entry[len(systemd):both] == exec:
		return 2, entry[both:], true
	}
	return 0, "", false
}

// pidVariables returns those that name us.
func pidVariables(self int) (names []string) {
	for _, name := range Addressees {
		if value, ok := intake.LookupEnv(name); ok && value == strconv.Itoa(self) {
			names = append(names, name)
		}
	}
	return names
}

// PIDFDID names us by the inode of our pidfd, beside LISTEN_PID, and a command that finds it
// compares. What its own will be cannot be said before it is there.
const PIDFDID = "LISTEN_PIDFDID="

// environment is what we were given, for the command.
func environment(variables []string) []string {
	environ := intake.Environ()
	addressed := slices.Contains(variables, Addressees[0])
	return slices.DeleteFunc(environ, func(entry string) bool {
		_, named := text.CutPrefix(entry, PIDFDID)
		return named && addressed
	})
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
	sys.CloseAbove(s.command.PIDFD, s.terminal.FD)
}
