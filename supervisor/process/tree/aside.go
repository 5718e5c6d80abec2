package tree

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// A process whose core the kernel writes will never run again, but cannot be reaped for
// seconds. It can be set aside: its service goes on without it, and it is no member any more.

// asideDir is the cgroup of those that were set aside, of all services: no service can have
// this name. They are killed one by one.
const asideDir = "_aside"

// SetAside remembers a process by its start time.
func (a *ancestry) SetAside(pid int) error {
	p, ok := readStat(strconv.Itoa(pid))
	if !ok {
		return fmt.Errorf("cannot set process %d aside: %w", pid, unix.ESRCH)
	}
	a.aside = p
	return nil
}

// isAside reports whether a process is the one that was set aside last. There is one at a time:
// the one before has been reaped.
func (a *ancestry) isAside(p entry) bool { return p.pid == a.aside.pid && p.started == a.aside.started }

// SetAside moves a process to another cgroup, so that neither cgroup.kill nor cgroup.events of
// its own one are about it.
func (c *cgroup) SetAside(pid int) error {
	if err := c.outside().SetAside(pid); err != nil {
		return err
	}
	err := moveTo(filepath.Join(c.root.dir, asideDir), pid)
	if err != nil {
		c.outside().aside = entry{}
		return fmt.Errorf("cannot set process %d aside: %w", pid, err)
	}
	if c.leader == pid {
		c.leader = 0
	}
	return nil
}

// moveTo moves a process to a cgroup, which it makes.
func moveTo(dir string, pid int) error {
	if err := sys.Mkdir(dir, 0o755); err != nil && err != unix.EEXIST {
		return &os.PathError{Op: "mkdir", Path: dir, Err: err}
	}
	return os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0)
}

// Owner returns the service of a process, "" if it is nobody's or somebody else's. names are
// those of all services. It may be called on any goroutine, also while the kernel writes the
// core of the process.
//
// What a process says of itself is believed only if it descends from us: others could say the
// same.
func (r *Root) Owner(pid int, names []string) string {
	for _, name := range names {
		if c := (&cgroup{root: r, service: name}); r.dir != "" && c.has(pid) {
			return name
		}
	}
	if !descendsFromUs(pid) {
		return ""
	}
	for _, name := range names {
		if a := (&ancestry{mark: r.mark, service: name}); a.branded(pid) {
			return name
		}
	}
	return ""
}

// maxDepth is more ancestors than a process has.
const maxDepth = 4096

func descendsFromUs(pid int) bool {
	self := os.Getpid()
	for range maxDepth {
		p, ok := readStat(strconv.Itoa(pid))
		switch {
		case !ok || p.ppid == 0:
			return false
		case p.ppid == self:
			return true
		}
		pid = p.ppid
	}
	return false
}
