package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Root makes the trees of a supervisor's services.
type Root struct {
	dir   string // its cgroup directory, "" with ByDescent
	group string // the same as /proc/PID/cgroup names it
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
	own, group, err := ownCgroup()
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
	r.dir, r.group = dir, filepath.Join(group, name)
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

// Service returns the tree of one service.
func (r *Root) Service(name string) Tree {
	if r.dir == "" {
		return &descent{mark: r.mark, service: name, known: r.known}
	}
	return &cgroup{path: filepath.Join(r.dir, name), group: filepath.Join(r.group, name), fd: -1}
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
