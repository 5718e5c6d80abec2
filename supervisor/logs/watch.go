package logs

import (
	"encoding/binary"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// What a directory is watched for, and those that it is in: inotify(7). The former tells of
// every name in it, the latter only when they are moved or removed themselves.
const (
	watchSelf  = unix.IN_MOVE_SELF | unix.IN_DELETE_SELF | unix.IN_ONLYDIR | unix.IN_MASK_ADD
	watchNames = watchSelf | unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO
)

// watcher has the kernel tell when a log file is moved, removed or replaced, or a directory
// of its path.
type watcher struct {
	mu    sync.Mutex
	fd    int // -1: not yet, or it cannot be had
	w     watch
	dirs  map[int32]names  // by watch descriptor
	known map[string]int32 // the watch descriptors of paths, as long as none has moved
}

// names are the pumps that have files of these names in a directory; under "" those that have
// theirs further down.
type names map[string]map[*Pump]struct{}

// watchFiles watches the files of a pump where they are now. Where that cannot be, the pump
// looks by itself when it writes.
func (l *Logs) watchFiles(p *Pump) {
	w := &l.watcher
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(p)
	ok := w.open(l)
	for _, path := range p.paths {
		ok = ok && w.add(p, path)
	}
	p.unwatched.Store(!ok)
}

// unwatchFiles ends that.
func (l *Logs) unwatchFiles(p *Pump) {
	l.watcher.mu.Lock()
	defer l.watcher.mu.Unlock()
	l.watcher.forget(p)
}

// open makes the inotify instance. There may be none to be had: a user has only so many.
func (w *watcher) open(l *Logs) bool {
	if w.fd >= 0 {
		return true
	}
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return false
	}
	fd = sys.DupHigh(fd)
	if w.w, err = l.poll.add(fd, unix.EPOLLIN, w); err != nil {
		unix.Close(fd)
		return false
	}
	w.fd, w.dirs, w.known = fd, map[int32]names{}, map[string]int32{}
	return true
}

func (w *watcher) add(p *Pump, path string) bool {
	dir, name := filepath.Dir(path), filepath.Base(path)
	if !w.addOne(p, dir, name, watchNames) {
		return false
	}
	for above := filepath.Dir(dir); above != "/" && above != "."; above = filepath.Dir(above) {
		w.addOne(p, above, "", watchSelf)
	}
	return true
}

func (w *watcher) addOne(p *Pump, dir, name string, mask uint32) bool {
	key := dir
	if mask == watchNames {
		key += "/"
	}
	wd, known := w.known[key]
	if !known {
		n, err := unix.InotifyAddWatch(w.fd, dir, mask)
		if err != nil {
			return false
		}
		wd = int32(n)
		w.known[key] = wd
	}
	if w.dirs[wd] == nil {
		w.dirs[wd] = names{}
	}
	if w.dirs[wd][name] == nil {
		w.dirs[wd][name] = map[*Pump]struct{}{}
	}
	w.dirs[wd][name][p] = struct{}{}
	p.watches = append(p.watches, wd)
	return true
}

// forget removes a pump, and the watches of which nobody is left.
func (w *watcher) forget(p *Pump) {
	for _, wd := range p.watches {
		in := w.dirs[wd]
		if in == nil {
			continue // it is gone
		}
		in.forget("", p)
		for _, path := range p.paths {
			in.forget(filepath.Base(path), p)
		}
		if len(in) == 0 {
			delete(w.dirs, wd)
			clear(w.known)
			// It can only fail if the directory is gone.
			_, _ = unix.InotifyRmWatch(w.fd, uint32(wd))
		}
	}
	p.watches = nil
}

func (n names) forget(name string, p *Pump) {
	if delete(n[name], p); len(n[name]) == 0 {
		delete(n, name)
	}
}

// ready is called by the poller when there are events.
func (w *watcher) ready() {
	w.mu.Lock()
	fd := w.fd
	w.mu.Unlock()
	buf := make([]byte, 16<<10)
	for {
		n, err := unix.Read(fd, buf)
		if n <= 0 {
			if err == unix.EINTR {
				continue
			}
			return
		}
		for p, moved := range w.touched(buf[:n]) {
			p.touch(moved)
		}
	}
}

// touched returns the pumps whose files events are about, and whether the directories may be
// other ones.
func (w *watcher) touched(events []byte) map[*Pump]bool {
	const ofSelf = unix.IN_Q_OVERFLOW | unix.IN_MOVE_SELF | unix.IN_DELETE_SELF | unix.IN_UNMOUNT | unix.IN_IGNORED
	w.mu.Lock()
	defer w.mu.Unlock()
	pumps := map[*Pump]bool{}
	for len(events) >= unix.SizeofInotifyEvent {
		wd := int32(binary.NativeEndian.Uint32(events))
		mask := binary.NativeEndian.Uint32(events[4:])
		end := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[12:]))
		name := strings.TrimRight(string(events[unix.SizeofInotifyEvent:end]), "\x00")
		events = events[end:]
		if mask&ofSelf == 0 {
			for p := range w.dirs[wd][name] {
				if _, already := pumps[p]; !already {
					pumps[p] = false
				}
			}
			continue
		}
		clear(w.known)
		for at, in := range w.dirs {
			if at == wd || mask&unix.IN_Q_OVERFLOW != 0 {
				in.all(pumps)
			}
		}
		if mask&unix.IN_IGNORED != 0 {
			delete(w.dirs, wd)
		}
	}
	return pumps
}

// all adds all pumps.
func (n names) all(to map[*Pump]bool) {
	for _, pumps := range n {
		for p := range pumps {
			to[p] = true
		}
	}
}

// close ends all watches, when the poller has ended.
func (w *watcher) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fd >= 0 {
		unix.Close(w.fd)
		w.fd, w.dirs = -1, nil
	}
}
