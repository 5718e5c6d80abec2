package collector

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/socket"
	"supervise/coredump/talk"
	"supervise/internal/sys"
	"supervise/signals"
)

// worker is the process that takes one core.
type worker struct {
	pid   int
	pidfd int // -1 if it cannot be had
	conn  *talk.Conn
	child bool // of this process, which has to reap it
}

// patience is how long handlers may take before they are killed, so that no process waits for
// ever for one that is stopped or hangs. A handler ends by itself long before.
type patience struct {
	release   time.Duration // until it has released the process
	grace     time.Duration // more than the timeout of its order, until the core is stored
	aftermath time.Duration // for compressing and the hook
	// stopped is after how long without a word a handler is looked at, whether a signal has stopped
	// it: then it is continued. 0 for never.
	stopped time.Duration
}

var usualPatience = patience{release: 20 * time.Second, grace: 10 * time.Second, aftermath: 30 * time.Minute, stopped: time.Second}

// handle has a handler take a core, and stays until that has ended.
func (c *Collector) handle(o order.Order, core *os.File, pidfd int, slot *slot) {
	h, err := c.start(core, pidfd)
	// From here on the handler alone has the core: when it ends, the process does.
	_ = core.Close()
	if err != nil {
		c.log(Warning, o.PID, "no core of pid %d: its handler cannot be started: %v", o.PID, err)
		c.lost(o, nil, report.Refused, "its handler cannot be started: "+err.Error())
		return
	}
	_ = h.conn.Send(o) // fails if it has ended, which is seen next
	c.watch(h, o, slot)
	h.conn.Close()
	_ = unix.Close(h.pidfd)
}

// environment is that of a handler.
var environment = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}

// start starts a handler, in a session of its own: what a terminal sends is not for it.
func (c *Collector) start(core *os.File, pidfd int) (*worker, error) {
	argv := c.options.Handler
	if len(argv) == 0 {
		argv = []string{"/proc/self/exe", "core", "handler"}
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	whose := null
	if pidfd >= 0 {
		// A copy, as an os.File closes its own.
		fd, err := unix.FcntlInt(uintptr(pidfd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return nil, os.NewSyscallError("fcntl", err)
		}
		whose = os.NewFile(uintptr(fd), "pidfd")
		defer whose.Close()
	}
	if core == nil {
		core = null
	}
	ours, theirs, err := talk.Pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	h := &worker{pidfd: -1, conn: ours, child: true}
	// Nobody else asks Owns meanwhile: a handler that has ended before it is known would be
	// taken for a stranger.
	c.lock.Lock()
	defer c.lock.Unlock()
	process, err := os.StartProcess(argv[0], argv, &os.ProcAttr{
		Dir: "/", Env: environment,
		Files: []*os.File{core, null, os.Stderr, order.PIDFD: whose, order.Socket: theirs},
		Sys:   &syscall.SysProcAttr{Setsid: true, PidFD: &h.pidfd},
	})
	if err != nil {
		ours.Close()
		return nil, err
	}
	h.pid = process.Pid
	_ = process.Release() // it is waited for by its pidfd
	c.handlers[h.pid] = h
	return h, nil
}

// watch passes on what a handler says until it has ended, and then, if it has not, says its
// last word.
func (c *Collector) watch(h *worker, o order.Order, slot *slot) {
	begun := time.Now()
	deadline := begun.Add(c.patience.release)
	var last *report.Report
	released, stored := false, false
	var why string
	for {
		var p order.Progress
		fds, err := c.receive(h, &p, deadline)
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
		if err != nil {
			why = h.end(err)
			break
		}
		switch p.Stage {
		case order.Released, order.Explained:
			released = true
			deadline = c.fullDeadline(begun, o)
		case order.Stored:
			stored = true
			slot.stored()
			deadline = time.Now().Add(c.patience.aftermath)
		case order.Note:
		}
		if p.Report != nil {
			last = p.Report
		}
		c.tell(o, p)
	}
	exit := c.reap(h)
	if stored {
		return
	}
	if why == "" {
		why = exit
	}
	state := report.Refused
	if released && last != nil && last.ID != "" {
		state = report.Truncated
	}
	c.log(Warning, o.PID, "no full core of pid %d: its handler %s", o.PID, why)
	c.lost(o, last, state, "its handler "+why)
}

// receive waits for what a handler says next until a deadline, zero for none. One that a signal
// has stopped, as those of a terminal or an operator do, is continued meanwhile: it holds up a
// process and, with others like it, all further cores.
func (c *Collector) receive(h *worker, p *order.Progress, deadline time.Time) (fds []int, err error) {
	for {
		until := deadline
		if look := time.Now().Add(c.patience.stopped); c.patience.stopped > 0 && (until.IsZero() || look.Before(until)) {
			until = look
		}
		h.conn.SetDeadline(until)
		fds, err = h.conn.Receive(p)
		if !errors.Is(err, os.ErrDeadlineExceeded) || until.Equal(deadline) {
			return fds, err
		}
		if stat, err := sys.ReadStat(h.pid); err == nil && stat.State == 'T' && h.pidfd >= 0 {
			c.log(Warning, h.pid, "a handler of cores was stopped by a signal: it is continued")
			_ = sys.KillPIDFD(h.pidfd, uint8(unix.SIGCONT))
		}
	}
}

// fullDeadline is when a handler must have stored the core of a released process.
func (c *Collector) fullDeadline(begun time.Time, o order.Order) time.Time {
	if o.Timeout <= 0 {
		return time.Time{}
	}
	return begun.Add(max(o.Timeout, c.patience.release) + c.patience.grace)
}

// end makes a handler end of which nothing more comes, and says why if that was the reason.
func (h *worker) end(err error) (why string) {
	switch {
	case errors.Is(err, io.EOF):
		return ""
	case errors.Is(err, os.ErrDeadlineExceeded):
		why = "had not come to an end in time, and was killed"
	default:
		why = "was killed: " + err.Error()
	}
	if h.pidfd >= 0 {
		_ = sys.KillPIDFD(h.pidfd, uint8(unix.SIGKILL))
	}
	return why
}

// formerKept is how many handlers are remembered that have ended.
const formerKept = 64

// reap waits until a handler has ended, and says how.
func (c *Collector) reap(h *worker) (exit string) {
	exit = "has ended early" // the kernel's child
	if h.child {
		exit = waitFor(h.pidfd)
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	delete(c.handlers, h.pid)
	if c.former = append(c.former, h.pid); len(c.former) > formerKept {
		c.former = c.former[1:]
	}
	return exit
}

// waitFor waits for the end of a child, which others may reap: then the kernel is asked how it
// ended.
func waitFor(pidfd int) string {
	if child, ok := sys.WaitPIDFD(pidfd); ok {
		return "has ended: " + child.Exit.String()
	}
	if info, err := socket.GetInfo(pidfd); err == nil && info.Exited {
		status := unix.WaitStatus(info.Exit)
		if status.Signaled() {
			return "has ended: " + signals.Exit{Signal: signals.Signal(status.Signal()), Core: status.CoreDump()}.String()
		}
		return "has ended: " + signals.Exit{Code: status.ExitStatus()}.String()
	}
	return "has ended"
}

// signalAll sends a signal to every handler that runs.
func (c *Collector) signalAll(s unix.Signal) {
	c.lock.Lock()
	defer c.lock.Unlock()
	for _, h := range c.handlers {
		if h.pidfd >= 0 {
			_ = sys.KillPIDFD(h.pidfd, uint8(s))
		}
	}
}
