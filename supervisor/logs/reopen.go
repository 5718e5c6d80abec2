package logs

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// goneGrace is how long a file may be missing before another one is made in its place: who
// has moved it away is likely to make one (logrotate's create), and who removes it may be
// removing its directory.
const goneGrace = time.Second

// lookEvery bounds how often a file is looked at of which the kernel does not say when it is
// moved, or that cannot be opened.
const lookEvery = time.Second

// reopen opens path if it no longer stands for the open file. If that fails, the open file
// stays in use, unless it has no name any more.
func (f *file) reopen() error {
	if f.current() {
		return nil
	}
	err := f.open()
	if err == nil {
		return nil
	}
	f.suspect = f.suspect || f.unlinked()
	f.removed = false
	return fmt.Errorf("cannot reopen log file %q: %w", f.path, err)
}

// look is reopen on the suspicion that path stands for something else. If it stands for
// nothing, it is to be looked at again after some time.
func (f *file) look(now time.Time) (again time.Duration, err error) {
	var st unix.Stat_t
	if unix.Lstat(f.path, &st) == nil {
		f.goneSince, f.removed = time.Time{}, false
		return 0, f.reopen()
	}
	if f.goneSince.IsZero() {
		f.goneSince = now
	}
	if wait := f.goneSince.Add(goneGrace).Sub(now); wait > 0 {
		f.removed = f.unlinked()
		return wait, nil
	}
	return 0, f.reopen()
}

// current reports whether path still stands for the open file.
func (f *file) current() bool {
	var st unix.Stat_t
	return f.desc >= 0 && unix.Lstat(f.path, &st) == nil && st.Dev == f.st.Dev && st.Ino == f.st.Ino
}

// unlinked reports whether the open file has no name any more.
func (f *file) unlinked() bool {
	var st unix.Stat_t
	return unix.Fstat(f.desc, &st) == nil && st.Nlink == 0
}

// looking is what a pump keeps of files that may have been moved. It belongs to the pump's
// goroutine.
type looking struct {
	last  time.Time
	timer *time.Timer
	wait  time.Duration // before the next try of a file that cannot be opened
	err   string        // what was reported last
}

// Reopen reopens a log file that was moved or removed, as logrotate does, and retries a
// failed destination at once. Nothing is lost or torn. A failure is reported as [Trouble],
// and the open file stays in use. It has no effect on the console.
func (p *Pump) Reopen() { p.ReopenThen(nil) }

// ReopenThen is Reopen, and calls done, if it is not nil, with the result, on another
// goroutine. It must not wait for anything.
func (p *Pump) ReopenThen(done func(error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == ended {
		if done != nil {
			go done(fmt.Errorf("cannot reopen %s: %w", p.name, os.ErrClosed))
		}
		return
	}
	p.moved = true
	if done != nil {
		p.reopened = append(p.reopened, done)
	}
	p.wakeLocked()
}

// touch has the pump look at its files.
func (p *Pump) touch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == ended {
		return
	}
	p.touched = true
	p.wakeLocked()
}

// reopen opens all files anew that were moved away, and answers who has asked for that.
func (p *Pump) reopen(done []func(error)) {
	var failed error
	for _, o := range p.outs {
		o.forget()
		if err := o.dst.reopen(); err != nil {
			failed = err
		}
	}
	p.looked(0, failed)
	for _, f := range done {
		f(failed)
	}
}

// look looks at all files.
func (p *Pump) look() {
	var again time.Duration
	var failed error
	now := time.Now()
	for _, o := range p.outs {
		f, ok := o.dst.(*file)
		if !ok {
			continue
		}
		o.forget()
		wait, err := f.look(now)
		if again = max(again, wait); err != nil {
			failed = err
		}
	}
	p.looked(again, failed)
}

// looked sees to it that files are looked at again as long as they are missing, and tells of
// those that cannot be opened.
func (p *Pump) looked(again time.Duration, err error) {
	l := &p.looking
	l.last = time.Now()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if p.fresh() {
		p.logs.watchFiles(p)
	}
	if err == nil {
		l.err, l.wait = "", 0
	} else {
		p.tellMissing(err)
		l.wait = min(max(2*l.wait, firstRetry), lookEvery)
		again = l.wait
	}
	if again > 0 {
		l.timer = time.AfterFunc(again, p.touch)
	}
}

// fresh reports whether a file has been opened anew since it was asked last, and not because
// it was rotated.
func (p *Pump) fresh() (fresh bool) {
	for _, o := range p.outs {
		if f, ok := o.dst.(*file); ok && f.fresh {
			fresh, f.fresh = true, false
		}
	}
	return fresh
}

// tellMissing tells once of a file that cannot be opened.
func (p *Pump) tellMissing(err error) {
	if p.looking.err == err.Error() {
		return
	}
	p.looking.err = err.Error()
	for _, o := range p.outs {
		if f, ok := o.dst.(*file); ok && f.suspect && p.logs.options.Missing != nil {
			p.logs.options.Missing(p, err)
			return
		}
	}
	p.report(Trouble{Destination: p.name, Err: err})
}
