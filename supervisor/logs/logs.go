package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Options configure all pumps.
type Options struct {
	// Report is called when destinations fail and recover, on the goroutine of a pump, even
	// of several at once. It must not wait; logging with [Pump.Write] is fine.
	Report func(Trouble)

	// Missing is called when the file of a pump has been removed and cannot be made again,
	// once for each reason, on the goroutine of the pump. What was read waits in memory until
	// it can. It must not wait. Without it, Report is called.
	Missing func(*Pump, error)
}

// Logs is what all pumps share: the poller, the buffers, and the last lines of each service.
type Logs struct {
	options Options
	poll    *poller

	memory  atomic.Int64 // bytes of all histories
	running atomic.Int32 // pumps with a goroutine of their own
	moving  sync.Mutex   // held while the locks of two pumps are taken

	watcher  watcher
	archiver archiver

	mu        sync.Mutex
	pumps     map[*Pump]struct{}
	files     map[string]*Pump    // by Pump.key
	histories map[string]*history // by service
	spare     []*work
	closed    bool
}

// New returns a Logs without pumps. It holds two descriptors and one parked goroutine until it
// is closed.
func New(o Options) (*Logs, error) {
	poll, err := newPoller()
	if err != nil {
		return nil, err
	}
	return &Logs{
		options: o, poll: poll, watcher: watcher{fd: -1},
		pumps: map[*Pump]struct{}{}, files: map[string]*Pump{}, histories: map[string]*history{},
	}, nil
}

// Console describes the supervisor's own output.
type Console struct {
	Stdout, Stderr int // descriptors, which remain the caller's: 1 and 2
	Format         Format
	Color          bool // coloured names, for a terminal
	Width          int  // of the longest service name, to align Text
}

// Console returns the pump that writes the standard output of services to c.Stdout, and their
// standard error to c.Stderr. If both are the same file, such as a terminal, lines appear in
// the order in which they were read.
func (l *Logs) Console(c Console) (*Pump, error) {
	p := newPump(l, "the console", layout{format: c.Format, named: true, color: c.Color, width: c.Width})
	out, err := openConsole(c.Stdout, "standard output")
	if err != nil {
		return nil, err
	}
	p.outlet(out.name, out)
	if !same(c.Stdout, c.Stderr) {
		errs, err := openConsole(c.Stderr, "standard error")
		if err != nil {
			out.close()
			return nil, err
		}
		p.outlet(errs.name, errs)
	}
	return l.join(p)
}

// File returns the pump that appends to the file at path, which should be absolute. Both
// streams of all its sources go there, unless c has another file for standard error. The
// files are opened at once: a missing directory, or a symbolic link, is an error here. If they
// already have a pump, that one is returned with its settings, see [Pump.Configure], after it
// has opened files anew that were moved away; each return needs a [Pump.Close].
func (l *Logs) File(path string, c Config) (*Pump, error) {
	path = filepath.Clean(path)
	if c.Stderr != "" {
		c.Stderr = filepath.Clean(c.Stderr)
	}
	key := path + "\x00" + c.Stderr
	l.mu.Lock()
	p := l.files[key]
	if p != nil {
		p.users++
	}
	l.mu.Unlock()
	if p != nil {
		if err := p.afresh(); err != nil {
			return nil, err
		}
		return p, nil
	}
	p = newPump(l, fmt.Sprintf("log file %q", path), layout{format: c.Format})
	p.key, p.users, p.paths, p.configured = key, 1, []string{path}, c
	if c.Stderr != "" {
		p.paths = append(p.paths, c.Stderr)
	}
	for _, path := range p.paths {
		f, err := openFile(path, c)
		if err != nil {
			for _, o := range p.outs {
				o.dst.close()
			}
			return nil, err
		}
		f.archive.report = func(err error) { p.report(Trouble{Destination: p.name, Err: err}) }
		p.outlet(fmt.Sprintf("log file %q", path), f)
	}
	mine, opened := p, p.opened()
	p, err := l.join(p)
	if p != mine || err != nil {
		return p, err
	}
	l.watchFiles(p)
	for i, path := range p.paths {
		var st unix.Stat_t
		if unix.Lstat(path, &st) != nil || st.Dev != opened[i].Dev || st.Ino != opened[i].Ino { // moved before it was watched
			p.touch(true)
		}
		l.tend(p.outs[i].dst.(*file))
	}
	return p, nil
}

// opened is what files the pump has, which nobody else has seen yet.
func (p *Pump) opened() []unix.Stat_t {
	all := make([]unix.Stat_t, len(p.outs))
	for i, o := range p.outs {
		f := o.dst.(*file)
		all[i], f.fresh = f.st, false
	}
	return all
}

// reopenPatience is how long [Logs.File] waits for a pump that may hang in a system call.
const reopenPatience = time.Second

// afresh opens files anew that were moved away, for one more user of the pump. If that fails
// there is one less.
func (p *Pump) afresh() error {
	result := make(chan error, 1)
	p.ReopenThen(func(err error) { result <- err })
	select {
	case err := <-result:
		if err != nil {
			p.Close()
		}
		return err
	case <-time.After(reopenPatience):
		return nil
	}
}

// Nowhere returns a pump that writes nothing. The last lines of services are kept all the
// same.
func (l *Logs) Nowhere() (*Pump, error) {
	p := newPump(l, "nowhere", layout{})
	p.outlet(p.name, nowhere{})
	return l.join(p)
}

// join adds p, unless its file has got a pump in the meantime.
func (l *Logs) join(p *Pump) (*Pump, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	other := l.files[p.key]
	if other != nil || l.closed {
		for _, o := range p.outs {
			o.dst.close()
		}
	}
	switch {
	case l.closed:
		return nil, fmt.Errorf("cannot write to %s: logs: %w", p.name, os.ErrClosed)
	case other != nil:
		other.users++
		return other, nil
	}
	l.pumps[p] = struct{}{}
	if p.key != "" {
		l.files[p.key] = p
	}
	return p, nil
}

// leave reports whether this was the last user of p.
func (l *Logs) leave(p *Pump) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.users--
	if p.users > 0 {
		return false
	}
	if l.files[p.key] == p {
		delete(l.files, p.key)
	}
	return true
}

func (l *Logs) remove(p *Pump) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pumps, p)
	if l.files[p.key] == p {
		delete(l.files, p.key)
	}
}
