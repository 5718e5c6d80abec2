package handler

import (
	"bytes"
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/crasher"
	"supervise/coredump/elfcore"
	"supervise/coredump/explain"
	"supervise/coredump/mini"
	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/socket"
	"supervise/coredump/store"
	"supervise/coredump/talk"
	"supervise/signals"
)

// job is the taking of one core.
type job struct {
	order order.Order
	told  *talk.Conn // nil if nobody listens
	core  *os.File   // nil for Order.File
	pidfd int        // -1 for none
	begun time.Time

	who     crasher.Who
	process *crasher.Process // nil if it cannot be looked at
	written *written         // of Order.File
	head    *elfcore.Head
	raw     bytes.Buffer // the bytes that head was read from
	small   *mini.Core
	file    *os.File // the small core, in memory
	opener  explain.Opener
	opened  []io.Closer

	report  report.Report
	store   *store.Store
	entry   *store.Entry
	mini    report.Stored
	failed  error // why there is no entry
	private bool
}

func (j *job) close() {
	for _, f := range append(j.opened, j.core, j.file) {
		_ = f.Close() // of nil, too
	}
	if j.process != nil {
		j.process.Close()
	}
	if j.written != nil {
		j.written.close()
	}
	if j.store != nil {
		j.store.Close()
	}
	if j.told != nil {
		j.told.Close()
	}
}

// run takes the core to its end.
func (j *job) run(ctx context.Context) {
	if j.order.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, j.begun.Add(j.order.Timeout), errTimeout)
		defer cancel()
	}
	j.report = report.Report{Time: j.begun, Service: j.order.Service, PID: j.order.PID}
	j.report.Hostname, _ = os.Hostname()
	j.private = j.order.Private
	if j.order.File == "" {
		j.look()
	}
	if j.order.Refuse != "" {
		j.refuse()
		return
	}
	if err := j.take(); err != nil {
		j.release()
		j.end(report.Refused, err.Error())
		return
	}
	if j.order.Capture == order.Mini || j.order.Capture == order.Nothing {
		j.release()
	}
	if j.order.FreePorts && j.core != nil {
		j.freePorts() // before a replacement is started
	}
	j.keep()
	j.explain(ctx)
	j.full(ctx)
	j.release()
	j.finish()
	j.after(ctx)
}

// refuse lets the process go without a core.
func (j *job) refuse() {
	if j.order.Requests {
		_ = socket.Acknowledge(j.core, socket.Reject)
	}
	j.release()
	if j.who.Signal != 0 {
		j.report.Signal = signals.Signal(j.who.Signal).String()
	}
	j.end(report.Refused, j.order.Refuse)
}

// end tells of a core of which nothing was kept.
func (j *job) end(state report.State, reason string) {
	if j.order.File == "" {
		j.tell(order.Released)
	}
	j.report.Core.State, j.report.Core.Reason = state, reason
	j.tell(order.Stored)
}

// release closes the core: the process, or what is left of it, ends.
func (j *job) release() {
	if j.core != nil {
		_ = j.core.Close()
		j.core = nil
	}
}

// tell tells the collector, if there is one. It may be gone by now.
func (j *job) tell(stage order.Stage) {
	if j.told != nil {
		_ = j.told.Send(order.Progress{Stage: stage, PID: j.order.PID, Report: &j.report})
	}
}

// note writes to the log of the collector.
func (j *job) note(text string) { j.write(text, false) }

// warn writes a failure to the log of the collector.
func (j *job) warn(text string) { j.write(text, true) }

func (j *job) write(text string, failed bool) {
	if j.told != nil {
		_ = j.told.Send(order.Progress{Stage: order.Note, PID: j.order.PID, Text: text, Failed: failed})
	}
}

// look finds out what it can about the process, while it is there.
func (j *job) look() {
	if j.pidfd < 0 {
		j.private = true
		return
	}
	p, err := crasher.Open(j.pidfd)
	if err == nil {
		j.process = p
		j.who, err = p.Identify()
	}
	if err != nil {
		j.private = true
		return
	}
	j.private = j.private || j.who.Private != ""
	facts := p.Facts()
	r := &j.report
	r.PID, r.UID, r.GID, r.Cgroup = p.PID, j.who.UID, j.who.GID, j.who.Cgroup
	r.Exe, r.Directory, r.Limits = facts.Exe, facts.Directory, facts.Limits
	r.Command, r.Environment = explain.Command(facts.Arguments), explain.Environment(facts.Environment)
}

// take reads the head of the core, and makes the small one. The process is not needed for a
// report after that.
func (j *job) take() error {
	if j.order.File != "" {
		return j.takeFile()
	}
	if j.order.Requests {
		if err := socket.Acknowledge(j.core, socket.Kernel|socket.Wait); err != nil {
			return err
		}
	}
	_ = j.core.SetReadDeadline(j.begun.Add(headTime))
	head, err := elfcore.ReadHead(io.TeeReader(j.core, &j.raw))
	if err != nil {
		return err
	}
	_ = j.core.SetReadDeadline(time.Time{})
	j.head = head
	j.report.Signal = signals.Signal(head.Notes.Siginfo.Signal).String()
	return j.copy(j.memory())
}

// headTime is how long the kernel may take for the head of a core.
const headTime = 15 * time.Second

// copy makes the small core, as a file in memory.
func (j *job) copy(memory io.ReaderAt) error {
	j.small = mini.Copy(j.head, memory, mini.Options{})
	fd, err := unix.MemfdCreate("mini", unix.MFD_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("memfd_create", err)
	}
	j.file = os.NewFile(uintptr(fd), "mini")
	_, err = j.small.WriteTo(j.file)
	return err
}
