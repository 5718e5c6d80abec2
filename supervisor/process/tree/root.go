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
	dir      string // its cgroup directory; "" with ByAncestry
	group    string // the same, as in /proc/PID/cgroup
	mark     string
	children family
	reason   error
	hunt     hunt // for all descendants
	remover  remover
	look     look
}

// look is what the last look at the cgroup of all services had.
type look struct {
	shared bool // one may do for all whose main processes were reaped before it: Root.Reaping
	known  bool // there was one since
	vacant bool
}

// ErrNoCgroup is the reason for ByAncestry if no cgroup2 hierarchy is mounted.
var ErrNoCgroup = errors.New("no cgroup2 hierarchy is mounted")

// Open finds out how descendants can be known here. name becomes the name of a cgroup below
// the caller's own; it must be the same for the same supervisor started again, and for no
// other. mark is a string that no other supervisor puts into the environment of its services;
// see [Root.Environment].
//
// It never fails: without cgroups the method is ByAncestry, and [Root.Reason] says why.
func Open(name, mark string, children Children) *Root {
	r := &Root{mark: mark, children: family{children, openChildList()}}
	own, group, err := ownCgroup()
	if err != nil {
		r.reason = err
		return r
	}
	dir := filepath.Join(own, name)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		r.reason = fmt.Errorf("cannot make a cgroup: %w", err)
		return r
	}
	// Making directories is not enough: a process must be able to start in there, which
	// depends on cgroup.procs of the common ancestor (cgroups(7), "Delegation").
	if err := unix.Access(filepath.Join(own, "cgroup.procs"), unix.W_OK); err != nil {
		_ = os.Remove(dir)
		r.reason = fmt.Errorf("cannot move processes out of %s: %w", own, err)
		return r
	}
	r.dir, r.group = dir, filepath.Join(group, name)
	return r
}

// Method returns how descendants are known.
func (r *Root) Method() Method {
	if r.dir != "" {
		return ByCgroup
	}
	return ByAncestry
}

// Reason returns why there are no cgroups, or nil if there are.
func (r *Root) Reason() error { return r.reason }

// Dir is the directory of the services' cgroups, or "".
func (r *Root) Dir() string { return r.dir }

// Service returns the tree of one service.
func (r *Root) Service(name string) Tree {
	if r.dir == "" {
		return r.ancestry(name)
	}
	return &cgroup{root: r, service: name, fd: -1}
}

func (r *Root) ancestry(service string) *ancestry {
	return &ancestry{mark: r.mark, service: service, children: r.children}
}

// Environment returns the variables that mark a service's processes.
func (r *Root) Environment(service string) []string {
	return []string{"SUPERVISE_SERVICE=" + service, markVariable + r.mark}
}

// KillDescendants is [Tree.Kill] for everything that [Descendants] returns.
func (r *Root) KillDescendants() (done bool, err error) {
	return r.hunt.slice(r.children, descendants, nil)
}

// Reaping is to be called before children are reaped, by a caller that does so each time and asks
// whether trees are empty only of services whose main processes it has reaped before: for all of these
// one list of children is enough then.
func (r *Root) Reaping() {
	r.look = look{shared: true}
	if l := r.children.list; l != nil {
		l.shared, l.known = true, false
	}
}

// vacant reports whether nobody is in any of the cgroups, where that was asked since children were
// reaped last. It takes a shutdown of many a while to look at each, as the kernel does not let anybody
// look while it removes others.
func (r *Root) vacant() bool {
	l := &r.look
	if l.shared && !l.known {
		l.known = true
		l.vacant, _ = unpopulatedAt(unix.AT_FDCWD, r.dir+"/cgroup.events")
	}
	return l.vacant
}

// Close removes the cgroups that are empty, and releases what the root holds.
func (r *Root) Close() error {
	r.remover.work.Wait()
	r.children.list.close()
	if r.dir == "" {
		return nil
	}
	return removeAll(r.dir)
}
