package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/signals"
)

// Root makes the trees of a supervisor's services.
type Root struct {
	dir   string // its cgroup directory, "" with ByDescent
	mark  string
	known func(pid int) bool
	why   error
}

// ErrNoCgroup is the reason for ByDescent where no cgroup2 hierarchy is mounted.
var ErrNoCgroup = errors.New("no cgroup2 hierarchy is mounted")

// Open finds out how descendants can be known here. name becomes the name of a cgroup
// below the caller's own and must be the same for, and only for, the same supervisor
// started again. mark is a string that no other supervisor puts into the environment of
// its services; see [Root.Environment]. known reports whether a child of the caller is the
// main process of a service.
//
// It never fails: without cgroups the method is descent, and [Root.Reason] says why.
func Open(name, mark string, known func(pid int) bool) *Root {
	r := &Root{mark: mark, known: known}
	own, err := ownCgroup()
	if err != nil {
		r.why = err
		return r
	}
	dir := filepath.Join(own, name)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		r.why = fmt.Errorf("cannot make a cgroup: %w", err)
		return r
	}
	// Making directories is not enough: a process has to be able to start in there,
	// which cgroup.procs of the common ancestor decides (cgroups(7), "Delegation").
	if err := unix.Access(filepath.Join(own, "cgroup.procs"), unix.W_OK); err != nil {
		_ = os.Remove(dir)
		r.why = fmt.Errorf("cannot move processes out of %s: %w", own, err)
		return r
	}
	r.dir = dir
	return r
}

// Method says how descendants are known.
func (r *Root) Method() Method {
	if r.dir != "" {
		return ByCgroup
	}
	return ByDescent
}

// Reason says why there are no cgroups, and is nil when there are.
func (r *Root) Reason() error { return r.why }

// Dir is the directory below which the services' cgroups lie, "" without.
func (r *Root) Dir() string { return r.dir }

// Leftovers kills what a supervisor of the same name left behind in its cgroups when it
// was killed itself, and returns what that was. Empty cgroups are removed.
func (r *Root) Leftovers() ([]Member, error) {
	if r.dir == "" {
		return nil, nil
	}
	old := &cgroup{path: r.dir}
	members, err := old.Members()
	if err == nil && len(members) > 0 {
		err = old.Kill()
	}
	return members, err
}

// Service returns the tree of one service.
func (r *Root) Service(name string) Tree {
	if r.dir == "" {
		return &descent{mark: r.mark, service: name, known: r.known}
	}
	return &cgroup{path: filepath.Join(r.dir, name), fd: -1}
}

// Environment returns the variables that mark a service's processes as such.
func (r *Root) Environment(service string) []string {
	return []string{"SUPERVISE_SERVICE=" + service, markVariable + r.mark}
}

// Close removes the cgroups, as far as they are empty.
func (r *Root) Close() error {
	if r.dir == "" {
		return nil
	}
	return removeAll(r.dir)
}

// ownCgroup returns the directory of the cgroup that this process is in.
func ownCgroup() (string, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	membership, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	return locate(string(mounts), string(membership))
}

// locate finds the directory of the cgroup2 group named in the text of /proc/PID/cgroup
// in the mounts of /proc/PID/mountinfo: cgroups(7), proc_pid_mountinfo(5).
func locate(mounts, membership string) (string, error) {
	group, found := "", false
	for line := range strings.Lines(membership) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			group, found = path, true
		}
	}
	if !found {
		return "", ErrNoCgroup
	}
	for line := range strings.Lines(mounts) {
		mount, kind, ok := strings.Cut(line, " - ")
		fields := strings.Fields(mount)
		if !ok || len(fields) < 5 || !strings.HasPrefix(kind, "cgroup2 ") {
			continue
		}
		root, point := unescape(fields[3]), unescape(fields[4])
		inside, ok := cutDir(group, root)
		if !ok {
			continue
		}
		return filepath.Join(point, inside), nil
	}
	return "", ErrNoCgroup
}

// cutDir returns what is left of path below dir.
func cutDir(path, dir string) (string, bool) {
	if dir == "/" {
		return path, true
	}
	rest, ok := strings.CutPrefix(path, dir)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// unescape undoes the octal escapes of mountinfo.
func unescape(path string) string {
	if !strings.Contains(path, `\`) {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '\\' && i+3 < len(path) {
			if n, err := strconv.ParseUint(path[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

// cgroup is the tree of a service that has a cgroup.
type cgroup struct {
	path string
	fd   int // of the directory, -1 until it is made
}

func (c *cgroup) CgroupFD() (fd int, ok bool, err error) {
	if c.fd >= 0 {
		return c.fd, true, nil
	}
	if err := unix.Mkdir(c.path, 0o755); err != nil && err != unix.EEXIST {
		return -1, true, fmt.Errorf("cannot make a cgroup: %w", &fs.PathError{Op: "mkdir", Path: c.path, Err: err})
	}
	fd, err = unix.Open(c.path, unix.O_DIRECTORY|unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, true, fmt.Errorf("cannot open a cgroup: %w", &fs.PathError{Op: "open", Path: c.path, Err: err})
	}
	c.fd = fd
	return fd, true, nil
}

func (c *cgroup) Started(int) {}

func (c *cgroup) Members() ([]Member, error) {
	pids, err := c.pids()
	members := make([]Member, 0, len(pids))
	for _, pid := range pids {
		members = append(members, Member{PID: pid, Name: commOf(pid)})
	}
	return members, err
}

// pids lists the processes of the group and of those below it.
func (c *cgroup) pids() (pids []int, err error) {
	err = filepath.WalkDir(c.path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return ignoreGone(err)
		}
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if err != nil {
			return ignoreGone(err)
		}
		for line := range bytes.Lines(text) {
			// A process outside our PID namespace shows as 0.
			if pid, err := strconv.Atoi(string(bytes.TrimSpace(line))); err == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
		return nil
	})
	return pids, err
}

// ignoreGone forgets that a group was removed while it was looked at.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

func (c *cgroup) Signal(s signals.Signal) (sent int, err error) {
	pids, err := c.pids()
	for _, pid := range pids {
		if sendTo(pid, s, c.has) {
			sent++
		}
	}
	return sent, err
}

// has reports whether a process is in the group, or in one below it, now.
func (c *cgroup) has(pid int) bool {
	membership, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return false
	}
	// The path is below the root of the hierarchy as /proc/self/cgroup shows it too, so
	// that its end must be ours: the supervisor's directory, the service's, and so on.
	end := "/" + filepath.Base(filepath.Dir(c.path)) + "/" + filepath.Base(c.path)
	for line := range bytes.Lines(membership) {
		if path, ok := bytes.CutPrefix(bytes.TrimSuffix(line, []byte{'\n'}), []byte("0::")); ok {
			return bytes.HasSuffix(path, []byte(end)) || bytes.Contains(path, []byte(end+"/"))
		}
	}
	return false
}

func (c *cgroup) Empty() (bool, error) {
	if c.fd < 0 {
		return true, nil
	}
	fd, err := unix.Openat(c.fd, "cgroup.events", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, fmt.Errorf("cannot read cgroup.events of %s: %w", c.path, err)
	}
	defer unix.Close(fd)
	var buffer [128]byte
	n, err := unix.Read(fd, buffer[:])
	if err != nil {
		return false, fmt.Errorf("cannot read cgroup.events of %s: %w", c.path, err)
	}
	return bytes.Contains(buffer[:n], []byte("populated 0")), nil
}

// Kill writes cgroup.kill (Linux 5.14), which no fork escapes. Before that kernel, or
// without the right to write it, every process found is killed until none is.
func (c *cgroup) Kill() error {
	err := os.WriteFile(filepath.Join(c.path, "cgroup.kill"), []byte("1"), 0)
	if err == nil || errors.Is(err, fs.ErrNotExist) && !exists(c.path) {
		return nil
	}
	for range killRounds {
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
	if c.fd < 0 {
		return nil
	}
	_ = unix.Close(c.fd)
	c.fd = -1
	return removeAll(c.path)
}

// removeAll removes a cgroup and those below it, the deepest first. One that is not empty
// stays, and is the error: EBUSY.
func removeAll(path string) error {
	var dirs []string
	err := filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return ignoreGone(err)
		}
		if d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	for i := len(dirs) - 1; i >= 0; i-- {
		if e := unix.Rmdir(dirs[i]); e != nil && e != unix.ENOENT {
			err = &fs.PathError{Op: "rmdir", Path: dirs[i], Err: e}
		}
	}
	return err
}
