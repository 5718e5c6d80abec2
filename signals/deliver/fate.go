package deliver

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/predict"
)

// End is how a process has ended.
type End struct {
	Exit  signals.Exit
	Known bool // Exit is known: its parent has reaped it, or we may read its zombie
}

// String says it in words: "exited with code 0".
func (e End) String() string {
	if !e.Known {
		return "has ended; how is not known until its parent waits for it, or before Linux 6.15"
	}
	return e.Exit.String()
}

// steadyTime is how long a signal must be seen to wait before it counts as pending: a process
// blocks signals for a moment while it forks or runs a handler, and /proc is not read at once.
const steadyTime = 20 * time.Millisecond

// Settle looks what has become of a signal that was sent, for as long as it may be on its way,
// but no longer than limit.
func (p *Process) Settle(s predict.Sending, expected predict.Forecast, limit time.Duration) predict.Forecast {
	const first, longest = time.Millisecond, 20 * time.Millisecond
	begin := time.Now()
	for pause := first; ; pause = min(2*pause, longest) {
		var now *predict.Target
		target, err := p.Look(s.Signal)
		switch {
		case err == nil:
			now = &target
		case !errors.Is(err, ErrNone):
			return predict.Forecast{Fate: predict.Unseen, Reason: predict.NotGone}
		}
		seen, passed := predict.Seen(s, expected, now), time.Since(begin)
		left := limit - passed
		if left <= 0 || settled(seen, expected, passed) {
			return seen
		}
		p.poll(unix.POLLIN, min(pause, left))
	}
}

// settled reports whether no more is to be expected.
func settled(seen, expected predict.Forecast, passed time.Duration) bool {
	switch {
	case seen.Reason == predict.NotGone:
		return false
	case seen.Fate != predict.Pending:
		return true
	}
	return expected.Fate == predict.Pending && passed >= steadyTime
}

// poll waits until the process has ended (POLLIN) or has been reaped (POLLHUP, Linux 6.9), or
// for a time.
func (p *Process) poll(events int16, limit time.Duration) (found int16) {
	if p.fd < 0 {
		time.Sleep(limit)
		if stat, err := sys.ReadStat(p.PID); err != nil || stat.Started != p.started {
			return unix.POLLIN | unix.POLLHUP
		} else if stat.Zombie() {
			return unix.POLLIN
		}
		return 0
	}
	fds := []unix.PollFd{{Fd: int32(p.fd), Events: events}}
	timeout := unix.NsecToTimespec(max(limit.Nanoseconds(), 0))
	_, _ = unix.Ppoll(fds, &timeout, nil) // EINTR looks again
	return fds[0].Revents
}

// Await waits until the process has ended, at most for a time. ended is false if it still runs.
func (p *Process) Await(limit time.Duration) (end End, ended bool) {
	deadline := time.Now().Add(limit)
	const step = 50 * time.Millisecond // without a pidfd
	for {
		left := time.Until(deadline)
		if p.fd < 0 {
			left = min(left, step)
		}
		if p.poll(unix.POLLIN, left)&unix.POLLIN != 0 {
			return p.end(deadline), true
		}
		if time.Until(deadline) <= 0 {
			return End{}, false
		}
	}
}

// reapTime is how long a parent may take to wait for its child before its end counts as unknown.
const reapTime = 200 * time.Millisecond

// end finds out how a process that has ended did. The kernel tells it of one that was reaped:
// PIDFD_GET_INFO, Linux 6.15; of a zombie /proc does, to root and those who might trace it.
func (p *Process) end(deadline time.Time) End {
	if status, ok := p.zombie(); ok {
		return End{Exit: exitOf(status), Known: true}
	}
	until := time.Now().Add(reapTime)
	if until.Before(deadline) {
		until = deadline
	}
	for reaped := false; ; {
		info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
		if p.fd >= 0 && unix.IoctlPidfdInfo(p.fd, &info) == nil && info.Mask&unix.PIDFD_INFO_EXIT != 0 {
			return End{Exit: exitOf(uint32(info.Exit_code)), Known: true}
		}
		left := time.Until(until)
		if p.fd < 0 || reaped || left <= 0 {
			return End{}
		}
		reaped = p.poll(0, left)&unix.POLLHUP != 0
	}
}

// zombie reads the wait status of a zombie from /proc: the last field of its stat, which is 0
// to those who may not see it.
func (p *Process) zombie() (status uint32, ok bool) {
	line, err := sys.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/stat")
	if err != nil || !p.exists() {
		return 0, false
	}
	fields := strings.Fields(line)
	n, err := strconv.ParseUint(fields[len(fields)-1], 10, 32)
	stat, errStat := sys.ParseStat(line)
	if err != nil || errStat != nil || !stat.Zombie() {
		return 0, false
	}
	return uint32(n), n != 0 || unix.Geteuid() == 0
}

// exitOf decodes a wait status: wait(2).
func exitOf(status uint32) signals.Exit {
	const core = 0x80
	if by := signals.Signal(status & 0x7f); by != 0 {
		return signals.Exit{Signal: by, Core: status&core != 0}
	}
	return signals.Exit{Code: int(status>>8) & 0xff}
}

// Explain says what an error of [Process.Send] means and what can be done.
func Explain(err error, s signals.Signal, value bool) error {
	switch {
	case errors.Is(err, unix.EAGAIN):
		return fmt.Errorf("no room in the queue for %v: its user has as many signals pending as RLIMIT_SIGPENDING of the target allows (SigQ in /proc/PID/status); send it later, or without a value", s)
	case errors.Is(err, unix.EPERM) && value:
		return errors.New("you may not signal this process with a value: it takes the same user or CAP_KILL, and the kernel takes no other si_code than one below 0")
	case errors.Is(err, unix.EPERM):
		return errors.New("you may not signal this process: it takes the same user, or CAP_KILL")
	case errors.Is(err, unix.ESRCH):
		return ErrNone
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("the kernel does not take %v here: %w", s, err)
	}
	return err
}
