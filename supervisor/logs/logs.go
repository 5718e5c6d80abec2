package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Options configure all pumps.
type Options struct {
	// Report is called when destinations fail and recover, on the goroutine of a pump, even
	// of several at once. It must not wait; logging with [Pump.Write] is fine.
	Report func(Trouble)
}

// Logs is what all pumps share: the poller, the buffers, and the last lines of each service.
type Logs struct {
	options Options
	poll    *poller

	memory atomic.Int64 // bytes of all histories
	moving sync.Mutex   // held while the locks of two pumps are taken

	mu        sync.Mutex
	pumps     map[*Pump]struct{}
	files     map[string]*Pump
	histories map[string]*history // by service
	spare     []*work
	closed    bool
}

// New returns a Logs without pumps. It holds one descriptor and one parked goroutine until it
// is closed.
func New(o Options) (*Logs, error) {
	poll, err := newPoller()
	if err != nil {
		return nil, err
	}
	return &Logs{
		options: o, poll: poll,
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

// File returns the pump that appends to the file at path, which should be absolute; a new
// file gets mode 0640. Both streams of all its sources go there. The file is opened at once:
// a missing directory, or what package safefile refuses, is an error here. If path already has a pump, that
// one is returned with its format and rotation, see [Pump.Configure]; each return needs a
// [Pump.Close].
func (l *Logs) File(path string, format Format, r Rotation) (*Pump, error) {
	path = filepath.Clean(path)
	l.mu.Lock()
	p := l.files[path]
	if p != nil {
		p.users++
	}
	l.mu.Unlock()
	if p != nil {
		return p, nil
	}
	f, err := openFile(path, r)
	if err != nil {
		return nil, err
	}
	p = newPump(l, fmt.Sprintf("log file %q", path), layout{format: format})
	p.path, p.users = path, 1
	p.outlet(p.name, f)
	return l.join(p)
}

// join adds p, unless its file has got a pump in the meantime.
func (l *Logs) join(p *Pump) (*Pump, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	other := l.files[p.path]
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
	if p.path != "" {
		l.files[p.path] = p
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
	if l.files[p.path] == p {
		delete(l.files, p.path)
	}
	return true
}

func (l *Logs) remove(p *Pump) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pumps, p)
	if l.files[p.path] == p {
		delete(l.files, p.path)
	}
}
