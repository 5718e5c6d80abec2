package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
)

// cgroup is the tree of a service that has a cgroup.
type cgroup struct {
	root    *Root
	service string // whose it is; "" is all of them

	mu sync.Mutex
	fd int // of the directory, -1 until it is made

	retired bool // it is to be removed when it is empty
	removed bool // or is about to be, beside the loop

	leader int       // the main process
	strays *ancestry // knows those that have gone to another cgroup; nil until it is asked
}

// outside knows the processes that have gone to another cgroup. Few services have any.
func (c *cgroup) outside() *ancestry {
	if c.strays == nil {
		c.strays = c.root.ancestry(c.service)
	}
	return c.strays
}

// path is made when it is asked for, as group is: not to have two texts for each service.
func (c *cgroup) path() string { return inside(c.root.dir, c.service) }

// group is the same as in /proc/PID/cgroup.
func (c *cgroup) group() string { return inside(c.root.group, c.service) }

func inside(dir, service string) string {
	if service == "" {
		return dir
	}
	return dir + "/" + service
}

func (c *cgroup) CgroupFD() (fd int, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fd >= 0 && unix.Faccessat(c.fd, "cgroup.procs", unix.F_OK, 0) == nil {
		return c.fd, true, nil
	}
	if fd, err = c.make(); err != nil {
		return -1, true, err
	}
	if c.fd < 0 {
		c.fd = sys.DupHigh(fd)
		return c.fd, true, nil
	}
	// Somebody has removed it while it was empty. Empty may be looking by the number.
	err = os.NewSyscallError("dup3", unix.Dup3(fd, c.fd, unix.O_CLOEXEC))
	_ = unix.Close(fd)
	return c.fd, true, err
}

// make makes the cgroup, or uses the one that is there, and opens it.
func (c *cgroup) make() (fd int, err error) {
	path := c.path()
	err = sys.Mkdir(path, 0o755)
	if err == unix.ENOENT { // that of all services was removed, too
		_ = sys.Mkdir(c.root.dir, 0o755)
		err = sys.Mkdir(path, 0o755)
	}
	if err != nil && err != unix.EEXIST {
		return -1, fmt.Errorf("cannot make a cgroup: %w", &fs.PathError{Op: "mkdir", Path: path, Err: err})
	}
	fd, err = sys.OpenDir(path)
	if err != nil {
		_ = remove(path) // if it is empty
		return -1, fmt.Errorf("cannot open a cgroup: %w", &fs.PathError{Op: "open", Path: path, Err: err})
	}
	return fd, nil
}

func (c *cgroup) Started(pid int) { c.leader = pid }

// Follow also lets it be elsewhere than in the cgroup, as the main process before may.
func (c *cgroup) Follow(pid int) { c.leader = pid }

func (c *cgroup) Members() ([]Member, error) {
	pids, err := c.pids()
	members := make([]Member, 0, len(pids))
	for _, pid := range pids {
		members = append(members, Member{PID: pid, Name: commOf(pid)})
	}
	for _, p := range c.findStrays(pids) {
		members = append(members, Member{PID: p.pid, Name: p.name})
	}
	return members, err
}

// pids lists the processes of the cgroup and of those below it.
func (c *cgroup) pids() (pids []int, err error) {
	err = filepath.WalkDir(c.path(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return ignoreGone(err)
		}
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if err != nil {
			return ignoreGone(err)
		}
		for line := range bytes.Lines(text) {
			// A process outside our PID namespace has pid 0.
			if pid, err := strconv.Atoi(string(bytes.TrimSpace(line))); err == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
		return nil
	})
	return pids, err
}

// ignoreGone ignores that a cgroup was removed while it was read.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

func (c *cgroup) Signal(s signals.Signal) (sent int, err error) {
	pids, err := c.pids()
	strays := c.findStrays(pids) // before those end by which they are known
	for _, pid := range pids {
		if sendTo(pid, s, c.has) {
			sent++
		}
	}
	for _, p := range strays {
		if sendTo(p.pid, s, p.same) {
			sent++
		}
	}
	return sent, err
}

// has reports whether a process is in the cgroup, or in one below it, now.
func (c *cgroup) has(pid int) bool {
	membership, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return false
	}
	for line := range bytes.Lines(membership) {
		if group, ok := bytes.CutPrefix(bytes.TrimSuffix(line, []byte{'\n'}), []byte("0::")); ok {
			below, ok := bytes.CutPrefix(group, []byte(c.group()))
			return ok && (len(below) == 0 || below[0] == '/')
		}
	}
	return false
}

// Retire has Empty begin to remove it.
func (c *cgroup) Retire() { c.retired = true }

func (c *cgroup) Empty() (bool, error) {
	if !c.root.children.IsMain(c.leader) {
		c.leader = 0 // its pid may be anybody's
	}
	if !c.retired || !c.root.vacant() {
		if unpopulated, err := c.unpopulated(); !unpopulated || err != nil {
			return false, err
		}
	}
	if c.retired {
		c.retired, c.removed = false, true
		c.root.remover.add(c)
	}
	return c.noStrays()
}

// unpopulated reports whether nobody is in the cgroup, or in one below it.
func (c *cgroup) unpopulated() (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fd < 0 { // it was never made, or is removed
		return true, nil
	}
	empty, err := unpopulatedAt(c.fd, "cgroup.events")
	if err != nil {
		return false, fmt.Errorf("cannot read cgroup.events of %s: %w", c.path(), err)
	}
	return empty, nil
}

// unpopulatedAt reads a cgroup.events, at a directory. A cgroup that somebody has removed was empty.
func unpopulatedAt(dir int, name string) (bool, error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ignoreGone(err) == nil, ignoreGone(err)
	}
	defer unix.Close(fd)
	var buffer [128]byte
	n, err := unix.Read(fd, buffer[:])
	if err != nil {
		return ignoreGone(err) == nil, ignoreGone(err)
	}
	return unpopulated(buffer[:n]), nil
}

// waitEmpty waits until no process is left in a cgroup. The kernel reports a change of
// cgroup.events by POLLPRI: cgroups(7).
func waitEmpty(path string, grace time.Duration) error {
	events, err := os.Open(filepath.Join(path, "cgroup.events"))
	if err != nil {
		return err
	}
	defer events.Close()
	deadline := time.Now().Add(grace)
	for {
		var buffer [128]byte
		n, err := events.ReadAt(buffer[:], 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if unpopulated(buffer[:n]) {
			return nil
		}
		left := time.Until(deadline)
		if left <= 0 {
			return fmt.Errorf("processes in %s survive SIGKILL", path)
		}
		fds := []unix.PollFd{{Fd: int32(events.Fd()), Events: unix.POLLPRI}}
		_, _ = unix.Poll(fds, int(left.Milliseconds())+1) // EINTR looks again
	}
}

// unpopulated parses the text of cgroup.events.
func unpopulated(text []byte) bool { return bytes.Contains(text, []byte("populated 0")) }

// Kill writes cgroup.kill (Linux 5.14), which no fork escapes. A process whose first thread
// has ended before the others survives that, as the kernel signals the first thread alone; so
// what is left is killed one by one. Older kernels, or missing permission, get only the
// latter. Those that have gone to another cgroup are hunted.
func (c *cgroup) Kill() (done bool, err error) {
	pids, _ := c.pids() // an error is killGroup's too
	strays := c.findStrays(pids)
	err = c.killGroup()
	if len(strays) == 0 || err != nil {
		return true, err
	}
	return c.outside().hunt.slice(c.root.children, c.pickStrays, c.outside().isOtherMain)
}

// killRounds bounds how often one call looks for processes that fork faster than they can be
// listed; the caller comes back.
const killRounds = 20

func (c *cgroup) killGroup() error {
	path := c.path()
	err := os.WriteFile(filepath.Join(path, "cgroup.kill"), []byte("1"), 0)
	if errors.Is(err, fs.ErrNotExist) && !exists(path) {
		return nil
	}
	rounds := killRounds
	if err == nil {
		rounds = 1
	}
	for range rounds {
		pids, err := c.pids()
		sent := 0
		for _, pid := range pids {
			if sendTo(pid, signals.SIGKILL, c.has) {
				sent++
			}
		}
		if err != nil || sent == 0 {
			return err
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (c *cgroup) Close() error {
	if c.removed { // two at it would wait for each other, for each
		return nil
	}
	return c.remove()
}

// remove may be called beside the loop.
func (c *cgroup) remove() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fd < 0 {
		return nil
	}
	_ = unix.Close(c.fd)
	c.fd = -1
	return removeAll(c.path())
}

// removeAll removes a cgroup and those below it. One that is not empty stays, and is the
// error: EBUSY.
func removeAll(path string) error {
	if remove(path) == nil { // usually there are none below it, and looking takes a descriptor
		return nil
	}
	if err := removeBelow(path); err != nil {
		return err
	}
	return remove(path)
}

// removeBelow removes the cgroups below one, deepest first.
func removeBelow(path string) error {
	var dirs []string
	err := filepath.WalkDir(path, func(dir string, d fs.DirEntry, err error) error {
		if err != nil {
			return ignoreGone(err)
		}
		if d.IsDir() && dir != path {
			dirs = append(dirs, dir)
		}
		return nil
	})
	for _, dir := range slices.Backward(dirs) {
		if e := remove(dir); e != nil {
			err = e
		}
	}
	return err
}

func remove(path string) error {
	if err := unix.Rmdir(path); err != nil && err != unix.ENOENT {
		return &fs.PathError{Op: "rmdir", Path: path, Err: err}
	}
	return nil
}
