package collector

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/socket"
)

// Collector takes cores until it is closed.
type Collector struct {
	options  Options
	held     Held
	listener *socket.Listener // of Socket and Pipe
	closed   sync.Once
	patience patience
	slots    chan struct{} // one for each handler that takes a core
	late     chan struct{} // one for each that has stored it, and has more to do
	restore  func() error  // puts core_pattern back
	dumpable bool          // this process was, before it had a socket

	closing chan struct{} // closed by Close
	crashes sync.WaitGroup

	lock     sync.Mutex
	handlers map[int]*worker // by pid
	former   []int           // pids of handlers that have ended, the latest last
}

const (
	// SocketName is the name of the socket in Options.Directory.
	SocketName = "core.sock"

	// backlog is how many processes may wait to be accepted; further ones lose their cores. The
	// kernel cuts it to net.core.somaxconn.
	backlog = 4096

	defaultHandlers = 8
	// lateHandlers is how many may run that have stored their cores, of some megabytes each: they
	// compress in turn, and then run the hook.
	lateHandlers = 32
)

// Open begins to collect. It fails if a way was asked for that cannot be had; with Auto it may
// come to [Off], for the reasons in Held.
func Open(options Options) (*Collector, error) {
	if options.Handlers <= 0 {
		options.Handlers = defaultHandlers
	}
	options.resolve()
	c := &Collector{
		options: options, patience: usualPatience, slots: make(chan struct{}, options.Handlers),
		late: make(chan struct{}, lateHandlers), restore: func() error { return nil },
		closing: make(chan struct{}), handlers: map[int]*worker{},
	}
	if err := c.choose(); err != nil {
		c.close()
		return nil, fmt.Errorf("cannot collect cores: %w", err)
	}
	return c, nil
}

// listen begins to take cores of a way that has a socket.
func (c *Collector) listen(w way) (err error) {
	take := func(conn int) { c.socketCrash(conn, w.requests) }
	switch w.way {
	case Socket:
		c.listener, err = socket.Listen(c.options.Directory, SocketName, backlog)
	case Pipe:
		take = c.pipeCrash
		c.tellLoss()
		c.listener, err = socket.ListenPackets(c.options.Directory, SocketName, backlog)
	case Auto, Files, Off:
		return nil
	}
	if err != nil {
		return err
	}
	if err := c.undumpable(); err != nil {
		return err
	}
	l := c.listener // which close sets to nil
	c.crashes.Go(func() { c.accept(l, take) })
	return nil
}

// undumpable keeps this process from waiting for itself to take its core.
func (c *Collector) undumpable() error {
	was, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil || was != 1 {
		return os.NewSyscallError("PR_GET_DUMPABLE", err)
	}
	c.dumpable = true
	return os.NewSyscallError("PR_SET_DUMPABLE", unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
}

// outOf is how long is waited when descriptors or memory are used up. Those who want to be
// accepted wait in the backlog.
const outOf = 50 * time.Millisecond

// accept takes connections, and each to its own goroutine, until the listener is closed.
func (c *Collector) accept(l *socket.Listener, take func(conn int)) {
	told := false
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			told = false
			c.crashes.Go(func() { take(conn) })
		case errors.Is(err, os.ErrClosed):
			return
		default:
			if !told {
				c.log(Warning, 0, "%v; trying again", err)
			}
			told = true
			select {
			case <-time.After(outOf):
			case <-c.closing:
				return
			}
		}
	}
}

// Held says which way is taken.
func (c *Collector) Held() Held { return c.held }

// Owns reports whether a child of this process is, or was until now, a handler of the
// collector's: its end is no news for anybody else.
func (c *Collector) Owns(pid int) bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	if _, ok := c.handlers[pid]; ok {
		return true
	}
	for _, former := range c.former {
		if former == pid {
			return true
		}
	}
	return false
}

// Close puts core_pattern back, takes no further core, and waits for those under way. When ctx
// ends they are told to cut their cores short; who does not, soon after, is killed.
func (c *Collector) Close(ctx context.Context) error {
	err := c.close()
	done := make(chan struct{})
	go func() {
		c.crashes.Wait()
		close(done)
	}()
	signals := []unix.Signal{unix.SIGTERM, unix.SIGKILL}
	for ended := ctx.Done(); ; {
		select {
		case <-done:
			return err
		case <-ended:
		}
		c.signalAll(signals[0])
		if len(signals) == 1 {
			<-done
			return err
		}
		signals = signals[1:]
		grace, cancel := context.WithTimeout(context.Background(), cutGrace)
		defer cancel()
		ended = grace.Done()
	}
}

// cutGrace is how long a handler has to end what it was told to cut short.
const cutGrace = 2 * time.Second

// close ends what takes new cores. Those who wait to be accepted, or for a handler to be free,
// end without a core.
func (c *Collector) close() (err error) {
	c.closed.Do(func() {
		close(c.closing)
		err = c.restore() // first: who connects later would find nobody
		c.unlisten()
	})
	return err
}

// unlisten takes back what listen did.
func (c *Collector) unlisten() {
	if c.listener != nil {
		c.listener.Close()
		c.listener = nil
	}
	if c.dumpable {
		_ = unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)
		c.dumpable = false
	}
}

func (c *Collector) log(severity Severity, pid int, format string, args ...any) {
	if c.options.Log != nil {
		c.options.Log(Message{severity, pid, fmt.Sprintf(format, args...)})
	}
}

// tell passes on progress.
func (c *Collector) tell(o order.Order, p order.Progress) {
	if p.Stage == order.Note {
		severity := Info
		if p.Failed {
			severity = Warning
		}
		c.log(severity, o.PID, "%s", p.Text)
		return
	}
	if c.options.Progress != nil {
		c.options.Progress(o, p)
	}
}

// lost says the last word about a crash of which nothing was kept.
func (c *Collector) lost(o order.Order, last *report.Report, state report.State, reason string) {
	r := report.Report{Service: o.Service, PID: o.PID, Time: time.Now()}
	if last != nil {
		r = *last
	}
	r.Core.State, r.Core.Reason = state, reason
	c.tell(o, order.Progress{Stage: order.Stored, PID: o.PID, Report: &r})
}
