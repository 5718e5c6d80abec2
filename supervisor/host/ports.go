package host

import (
	"slices"

	"golang.org/x/sys/unix"
)

// A main process whose core is being written keeps its TCP ports, and the next one cannot have
// them. They can be closed for it, but only for all that have them: nobody else may.

// isAlone reports whether nobody uses the sockets of a process but itself, for sure: it is a main
// process, and its service has no other. Who has got them in another way, over a Unix socket say,
// cannot be seen.
func (c *cores) isAlone(pid int, service string) bool {
	return c.isMain(pid) && !slices.ContainsFunc([]int{0, 1, 2}, overIP) &&
		c.root.Alone(pid, service, c.namesBut(service), c.isKnown)
}

// isMain reports whether a main process has the pid that has not ended.
func (c *cores) isMain(pid int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.mains[pid]
	return known && !slices.Contains(c.former, pid)
}

// isKnown reports whether a child of ours is a main process, or takes a core.
func (c *cores) isKnown(pid int) bool {
	c.mu.Lock()
	collector := c.collector
	c.mu.Unlock()
	return c.isMain(pid) || collector != nil && collector.Owns(pid)
}

// overIP reports whether a standard descriptor of ours is a socket of TCP or the like, which
// services may have inherited: log.mode.
func overIP(fd int) bool {
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	return err == nil && (domain == unix.AF_INET || domain == unix.AF_INET6)
}
