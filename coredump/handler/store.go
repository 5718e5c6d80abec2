package handler

import (
	"context"
	"errors"
	"io"
	"time"

	"supervise/coredump/explain"
	"supervise/coredump/explain/apart"
	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/store"
)

// patience is how long a replacement waits for the store, to know the id of the core.
const patience = 25 * time.Millisecond

// keep begins the entry with the small core, and tells that the process is released.
func (j *job) keep() {
	if j.order.File != "" {
		j.begin(j.report)
		j.entered()
		return
	}
	begun := make(chan struct{})
	first := j.report
	go func() {
		defer close(begun)
		j.begin(first)
	}()
	select {
	case <-begun:
		j.entered()
		j.tell(order.Released)
	case <-time.After(patience):
		j.tell(order.Released)
		<-begun
		j.entered()
	}
}

// begin begins the entry. Nothing else happens to it meanwhile.
func (j *job) begin(first report.Report) {
	s, err := store.Create(j.order.Directory)
	if s == nil {
		j.failed = err
		return
	}
	j.store = s
	j.entry, j.failed = s.Begin(store.Crash{
		Report: first, Limits: j.order.Limits, Compress: j.order.Compress, Reader: first.UID, Private: j.private,
	})
	if j.failed != nil || j.order.Capture == order.Full || j.order.Capture == order.Nothing {
		return
	}
	if err := j.keepMini(); err != nil {
		j.failed = err
	}
}

func (j *job) keepMini() error {
	m, err := j.entry.Mini()
	if err != nil {
		return err
	}
	_, err = io.Copy(m, io.NewSectionReader(j.file, 0, 1<<62))
	err = errors.Join(err, m.Close())
	j.mini = m.Stored()
	return err
}

// entered takes over what begin did.
func (j *job) entered() {
	r := &j.report
	if j.failed != nil {
		r.Problems = append(r.Problems, j.failed.Error())
	}
	r.Core.State = report.Taking
	if j.entry != nil {
		r.ID, r.Mini = j.entry.ID(), j.mini
	}
}

// explain makes the report, of the small core.
func (j *job) explain(ctx context.Context) {
	open := j.opener
	if open == nil {
		open = explain.Files
	}
	if !j.private {
		open = apart.ReadableBy(uint32(j.report.UID), uint32(j.report.GID), open)
	}
	found, err := apart.Explain(ctx, j.file, explain.Options{Open: open, Registers: true})
	if err != nil {
		j.report.Problems = append(j.report.Problems, err.Error())
	} else {
		j.report = merge(j.report, *found)
	}
	if j.entry != nil {
		if err := j.entry.Explained(j.report); err != nil {
			j.report.Problems = append(j.report.Problems, err.Error())
		}
	}
	j.tell(order.Explained)
}

// merge adds to what is known of the process what its core says.
func merge(known, found report.Report) report.Report {
	r := found
	r.ID, r.Time, r.Service, r.Hostname, r.Core, r.Mini = known.ID, known.Time, known.Service, known.Hostname, known.Core, known.Mini
	r.Cgroup, r.Directory, r.Limits = known.Cgroup, known.Directory, known.Limits
	if known.PID != 0 {
		r.PID = known.PID
	}
	if known.Exe != "" { // else /proc could not be read
		r.Exe, r.UID, r.GID = known.Exe, known.UID, known.GID
	}
	if known.Command != "" {
		r.Command = known.Command
	}
	if len(known.Environment) > 0 {
		r.Environment = known.Environment
	}
	r.Problems = append(known.Problems, found.Problems...)
	return r
}

// finish ends the entry, and tells how it is.
func (j *job) finish() {
	if j.entry == nil {
		j.report.Core.State, j.report.Core.Reason = report.Refused, j.failed.Error()
		j.tell(order.Stored)
		return
	}
	j.report.Core.State = report.Refused
	if j.order.Capture == order.Nothing {
		j.report.Core.Reason = `capture is "none"`
	}
	final, err := j.entry.Finish(j.report)
	if err != nil {
		final.Core.State, final.Core.Reason = report.Refused, err.Error()
	}
	j.report = final
	j.tell(order.Stored)
}

// after does what nobody waits for.
func (j *job) after(ctx context.Context) {
	if errors.Is(context.Cause(ctx), context.Canceled) {
		return
	}
	ctx = context.WithoutCancel(ctx)
	if j.entry != nil && j.order.Compress == order.Zstd && j.report.Core.Path != "" {
		if err := j.compress(ctx); err != nil {
			j.warn("core " + j.report.ID + " is not compressed: " + err.Error())
		}
	}
	if len(j.order.OnCore) > 0 {
		if err := j.hook(ctx); err != nil {
			j.warn("on-core hook " + j.order.OnCore[0] + ": " + err.Error())
		}
	}
}

// compress compresses the full core, and takes over what has become of it.
func (j *job) compress(ctx context.Context) error {
	item, err := j.store.Find(j.report.ID)
	if err != nil {
		return err
	}
	if err := item.Compress(ctx, j.order.Limits.KeepFree); err != nil {
		return err
	}
	if item, err = j.store.Find(j.report.ID); err == nil {
		j.report.Core, j.report.Mini = item.Report.Core, item.Report.Mini
	}
	return err
}
