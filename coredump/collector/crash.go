package collector

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/crasher"
	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/socket"
	"supervise/coredump/talk"
	"supervise/internal/sys"
)

// socketCrash takes one connection of the kernel's, which begins with a request or not.
func (c *Collector) socketCrash(conn int, requests bool) {
	core := os.NewFile(uintptr(conn), "core")
	defer core.Close()
	pidfd, who := c.identify(conn)
	if pidfd >= 0 {
		defer unix.Close(pidfd)
		if info, err := socket.GetInfo(pidfd); err == nil && info.HasDumped && info.Dumped&socket.DidDump == 0 {
			c.log(Warning, who.PID, "a process that does not dump core has connected to %s", c.options.socketPath())
			return
		}
	}
	if c.ours(who.PID) {
		return // its last word, if it is a handler, comes from who watches it
	}
	if !c.slot() {
		return
	}
	defer func() { <-c.slots }()
	o := c.decide(who, pidfd, 0)
	o.Requests = requests
	c.handle(o, core, pidfd)
}

// maxDepth is how far up the parents of a process are looked at.
const maxDepth = 32

// ours reports whether a process is a handler that runs, which may not be undumpable yet, or
// was started by one: what explains a core, or a hook. Their cores would be followed by further
// ones.
func (c *Collector) ours(pid int) bool {
	for range maxDepth {
		if pid <= 1 {
			return false
		}
		c.lock.Lock()
		_, handles := c.handlers[pid]
		c.lock.Unlock()
		if handles {
			return true
		}
		stat, err := sys.ReadStat(pid)
		if err != nil {
			return false
		}
		pid = stat.Parent
	}
	return false
}

// identify finds out who is at the other end. The pidfd is -1 if that cannot be had, and then
// the core is for root alone.
func (c *Collector) identify(conn int) (pidfd int, who crasher.Who) {
	pidfd, _, err := c.peer(conn)
	if err != nil {
		return -1, crasher.Unknown(err)
	}
	who, _ = crasher.Identify(pidfd)
	return pidfd, who
}

// peer is socket.Peer, unless a test has it fail.
func (c *Collector) peer(conn int) (int, unix.Ucred, error) {
	if c.options.Without.Identity {
		return -1, unix.Ucred{}, errors.New("a test does without")
	}
	return socket.Peer(conn)
}

// slot waits until one more handler may run. It is false if the collector closes first.
func (c *Collector) slot() bool {
	select {
	case c.slots <- struct{}{}:
		return true
	default:
	}
	select {
	case c.slots <- struct{}{}:
		return true
	case <-c.closing:
		return false
	}
}

// decide asks for the order, and adds what the collector knows.
func (c *Collector) decide(who crasher.Who, pidfd, tid int) order.Order {
	o := c.options.Decide(Crash{
		PID: who.PID, TID: tid, PIDFD: pidfd, UID: who.UID, Signal: who.Signal,
		Name: who.Name, Cgroup: who.Cgroup, Private: who.Private,
	})
	o.PID, o.TID, o.HasPIDFD = who.PID, tid, pidfd >= 0
	o.Private = o.Private || who.Private != ""
	return o
}

// helloTime is how long a handler may take to say who crashes.
const helloTime = 10 * time.Second

// pipeCrash takes one connection of a handler that the kernel has started.
func (c *Collector) pipeCrash(fd int) {
	peer, cred, err := socket.Peer(fd)
	if err == nil {
		defer unix.Close(peer)
	}
	conn, failed := talk.Open(fd)
	if failed != nil {
		return
	}
	defer conn.Close()
	if cred.Uid != 0 {
		c.log(Warning, int(cred.Pid), "uid %d has connected to %s", cred.Uid, c.options.socketPath())
		return
	}
	conn.SetDeadline(time.Now().Add(helloTime))
	var hello order.Hello
	fds, err := conn.Receive(&hello)
	if err != nil {
		c.log(Warning, int(cred.Pid), "a handler of cores does not say whose it has: %v", err)
		return
	}
	conn.SetDeadline(time.Time{})
	pidfd, who := whose(&hello, fds)
	if pidfd >= 0 {
		defer unix.Close(pidfd)
	}
	if c.ours(who.PID) {
		_ = conn.Send(order.Order{PID: who.PID, Refuse: "a handler of cores has started it"})
		return
	}
	if !c.slot() {
		return
	}
	defer func() { <-c.slots }()
	o := c.decide(who, pidfd, hello.TID)
	if err := conn.Send(o); err != nil {
		c.lost(o, nil, report.Refused, "its handler has ended: "+err.Error())
		return
	}
	h := &worker{pid: int(cred.Pid), pidfd: peer, conn: conn}
	c.lock.Lock()
	c.handlers[h.pid] = h
	c.lock.Unlock()
	c.watch(h, o)
}

// whose finds out who crashes, by the pidfd that the handler has, or else by the pid.
func whose(h *order.Hello, fds []int) (pidfd int, who crasher.Who) {
	pidfd = -1
	for i, fd := range fds {
		if i == 0 && h.HasPIDFD {
			pidfd = fd
		} else {
			_ = unix.Close(fd)
		}
	}
	if pidfd < 0 {
		return crasher.ByPID(h.PID)
	}
	who, _ = crasher.Identify(pidfd)
	if h.Dumpable != "1" && who.Private == "" {
		who.Private = crasher.NotDumpable
	}
	if who.Signal == 0 {
		who.Signal = h.Signal
	}
	return pidfd, who
}
