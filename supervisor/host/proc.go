package host

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/attribution"
	"supervise/supervisor/machine"
)

// SignalState reads /proc/PID/status.
func (h *Host) SignalState(pid int) (sys.SignalState, error) {
	return sys.ReadSignalState(strconv.Itoa(pid))
}

// Process describes the process that has a pid.
func (h *Host) Process(pid int) (machine.Asker, bool) {
	if pid <= 0 {
		return machine.Asker{}, false
	}
	var stat unix.Stat_t
	if unix.Stat("/proc/"+strconv.Itoa(pid), &stat) != nil {
		return machine.Asker{}, false
	}
	return machine.Asker{PID: int32(pid), UID: stat.Uid, Name: attribution.Comm(pid)}, true
}

// hasTerminal reports whether we have a controlling terminal. Without one, and after it was
// hung up, /dev/tty cannot be opened: tty(4).
func hasTerminal() bool {
	fd, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	_ = unix.Close(fd)
	return true
}

// TerminalGone tells a SIGHUP that says that our terminal was closed from one by which
// somebody wants the configuration read again. The kernel sends SIGHUP to the leader of the
// session, and when that exits to the foreground process group: __tty_hangup and
// disassociate_ctty in drivers/tty/tty_jobctrl.c. The leader, a shell, sends it on to its
// jobs.
func (h *Host) TerminalGone(info signals.Info) bool {
	switch {
	case info.Signal != signals.SIGHUP, h.in.Inherited().Ignored.Has(signals.SIGHUP): // nohup(1)
		return false
	case info.Code == signals.CodeKernel:
		return true
	case !h.terminal || info.Code != signals.CodeUser:
		return false
	}
	leader, err := unix.Getsid(0)
	return err == nil && leader != os.Getpid() && int(info.PID) == leader && !hasTerminal()
}
