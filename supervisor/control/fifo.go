package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// Names in the runtime directory.
const (
	controlName = "control"
	servicesDir = "services"
)

// fifos are all FIFOs of a server. After [openFIFOs] they belong to the poller's goroutine.
type fifos struct {
	server   *Server
	dir      *os.Root
	main     *fifo
	services map[string]*fifo
	wanted   []string // the services that should have one
	buffer   []byte   // shared: each read is processed before the next
}

// openFIFOs makes the FIFOs and returns how many already existed.
func openFIFOs(s *Server) (all *fifos, found int, err error) {
	all = &fifos{server: s, dir: s.options.Dir, services: map[string]*fifo{}, buffer: make([]byte, 4096)}
	defer func() {
		if err != nil {
			all.close()
			err = fmt.Errorf("cannot make the control FIFOs: %w", err)
		}
	}()
	main, there, err := all.open(controlName, "")
	if err != nil {
		return all, 0, err
	}
	all.main = main
	if there {
		found++
	}
	all.evict()
	of, err := all.set(s.options.Services)
	return all, found + of + all.removeStale(), err
}

// move makes all FIFOs again in another directory, or in the same one if somebody has removed
// them, and removes those in the previous directory.
func (f *fifos) move(dir *os.Root) (err error) {
	f.close()
	f.dir = dir
	f.services = map[string]*fifo{}
	if f.main, _, err = f.open(controlName, ""); err != nil {
		f.main = nil
	}
	_, failed := f.set(f.wanted)
	return errors.Join(err, failed)
}

// evict removes what somebody else has put where the directory of the services' FIFOs is to be,
// when he could: who owns that can put anything in the place of a FIFO.
func (f *fifos) evict() {
	if info, err := f.dir.Lstat(servicesDir); err == nil && !own(info) {
		_ = f.dir.RemoveAll(servicesDir) // or making FIFOs there says why not
	}
}

// removeStale removes FIFOs that a killed supervisor left behind, of services that no longer
// exist.
func (f *fifos) removeStale() (removed int) {
	left, _ := fs.ReadDir(f.dir.FS(), servicesDir)
	for _, entry := range left {
		if name := entry.Name(); f.services[name] == nil && f.dir.Remove(fifoOf(name)) == nil {
			removed++
			_ = f.dir.Remove(filepath.Dir(fifoOf(name)))
		}
	}
	return removed
}

// set opens FIFOs for new services and closes those of services that no longer exist.
func (f *fifos) set(names []string) (found int, err error) {
	f.wanted = names
	all := f.folder(len(names))
	defer all.Close() // of a nil file it is an error without effect
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
		if f.services[name] != nil {
			continue
		}
		one, there, failed := f.make(all, name)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		f.services[name] = one
		if there {
			found++
		}
	}
	for name, one := range f.services {
		if !wanted[name] {
			one.close(f.server.poller)
			delete(f.services, name)
		}
	}
	return found, err
}

// folder opens the directory of the services' FIFOs, if there are to be any.
func (f *fifos) folder(services int) *os.File {
	if services == 0 {
		return nil
	}
	_ = f.dir.Mkdir(servicesDir, 0o755)
	all, _ := f.dir.Open(servicesDir)
	return all
}

// make makes the FIFO of a service, in the directory of all. Usually there is nothing of it, and
// the directory that it gets is new, so that nobody has put anything there: that needs no look.
func (f *fifos) make(all *os.File, service string) (one *fifo, found bool, err error) {
	name := fifoOf(service)
	if all != nil && unix.Mkdirat(int(all.Fd()), service, 0o755) == nil {
		if one, err = f.begin(name, service, int(all.Fd()), service+"/"+controlName); err != nil {
			_ = unix.Unlinkat(int(all.Fd()), service+"/"+controlName, 0) // even if there are no descriptors
			_ = unix.Unlinkat(int(all.Fd()), service, unix.AT_REMOVEDIR)
		}
		return one, false, err
	}
	if err := f.dir.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, false, err
	}
	return f.open(name, service)
}

// fifoOf returns the name of a service's FIFO in the runtime directory.
func fifoOf(service string) string { return filepath.Join(servicesDir, service, controlName) }

// open makes one FIFO, or takes over an existing one, and begins to read it. Anything else of
// that name is removed: somebody who writes to a missing FIFO creates a file. So is somebody
// else's FIFO.
func (f *fifos) open(name, service string) (one *fifo, found bool, err error) {
	info, err := f.dir.Lstat(name)
	found = err == nil
	if found && (info.Mode().Type() != fs.ModeNamedPipe || !own(info)) {
		if err := f.dir.Remove(name); err != nil {
			return nil, found, err
		}
	}
	folder, err := f.dir.Open(filepath.Dir(name))
	if err != nil {
		return nil, found, err
	}
	defer folder.Close()
	one, err = f.begin(name, service, int(folder.Fd()), filepath.Base(name))
	return one, found, err
}

// begin makes a FIFO, whose name is file below the directory at, and begins to read it.
func (f *fifos) begin(name, service string, at int, file string) (*fifo, error) {
	one := &fifo{all: f, name: name, path: filepath.Join(f.dir.Name(), name), service: service}
	if err := one.create(at, file); err != nil {
		one.remove()
		return nil, err
	}
	if err := one.prepare(f.server); err != nil {
		unix.Close(one.fd)
		one.remove()
		return nil, err
	}
	return one, nil
}

// own reports whether a file is our user's: who has made a FIFO can open it at any time.
func own(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

// create makes the FIFO if it does not exist, and opens it.
func (one *fifo) create(at int, name string) error {
	if err := unix.Mkfifoat(at, name, 0o600); err != nil && !errors.Is(err, unix.EEXIST) {
		return &os.PathError{Op: "mkfifo", Path: one.path, Err: err}
	}
	// Read-only, so that the end of the last writer shows, which ends a line.
	fd, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: one.path, Err: err}
	}
	one.fd = sys.DupHigh(fd)
	return nil
}

// prepare sets owner and mode, and registers the FIFO with the poller.
func (one *fifo) prepare(s *Server) error {
	var st unix.Stat_t
	if err := unix.Fstat(one.fd, &st); err != nil {
		return &os.PathError{Op: "fstat", Path: one.path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return &os.PathError{Op: "open", Path: one.path, Err: errors.New("not a FIFO")}
	}
	if err := unix.Fchown(one.fd, os.Geteuid(), s.perm.Group); err != nil {
		return &os.PathError{Op: "fchown", Path: one.path, Err: err}
	}
	if err := unix.Fchmod(one.fd, intoPermission(s.perm).Mode); err != nil {
		return &os.PathError{Op: "fchmod", Path: one.path, Err: err}
	}
	if one.service != "" {
		// Letters need little room, and a user's pipe pages are limited: pipe(7),
		// pipe-user-pages-soft. It does not matter if this fails.
		_, _ = unix.FcntlInt(uintptr(one.fd), unix.F_SETPIPE_SZ, os.Getpagesize())
	}
	var err error
	one.key, err = s.poller.add(one.fd, unix.EPOLLIN|unix.EPOLLET, one)
	return err
}

// close closes and removes all FIFOs.
func (f *fifos) close() {
	for _, one := range f.services {
		one.release(f.server.poller)
	}
	f.removeOf(f.wanted)          // also what could be made, but not opened, when descriptors were few
	_ = f.dir.Remove(servicesDir) // unless something else is in it
	if f.main != nil {
		f.main.close(f.server.poller)
	}
}

// removeOf removes the FIFOs of services, and the directories that they are in. They are below a
// directory of ours, in which nobody else can put something else in their place; so that is the
// only one that is opened.
func (f *fifos) removeOf(services []string) {
	all, err := f.dir.Open(servicesDir)
	if err != nil {
		return
	}
	defer all.Close()
	at := int(all.Fd())
	for _, name := range services {
		_ = unix.Unlinkat(at, name+"/"+controlName, 0)
		_ = unix.Unlinkat(at, name, unix.AT_REMOVEDIR)
	}
}
