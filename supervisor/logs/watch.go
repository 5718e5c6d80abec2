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
	mu   sync.Mutex
	fd   int // -1: not yet, or it cannot be had
	w    watch
	dirs map[int32][]watchedName // by watch descriptor
}

// watchedName is the name of a pump's file in a directory; "" in those that are above it.
type watchedName struct {
	name string
	pump *Pump
}

// watchFiles watches the files of a pump where they are now. Where that cannot be, the pump
// looks by itself when it writes.
func (l *Logs) watchFiles(p *Pump) {
	w := &l.watcher
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(p)
	watched := w.open(l)
	for _, path := range p.paths {
		watched = watched && w.add(p, path)
	}
	p.unwatched.Store(!watched)
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
	w.fd, w.dirs = fd, map[int32][]watchedName{}
	return true
}

func (w *watcher) add(p *Pump, path string) bool {
	dir, name := filepath.Dir(path), filepath.Base(path)
	if !w.addOne(dir, watchNames, watchedName{name, p}) {
		return false
	}
	for above := filepath.Dir(dir); above != "/" && above != "."; above = filepath.Dir(above) {
		w.addOne(above, watchSelf, watchedName{"", p})
	}
	return true
}

func (w *watcher) addOne(dir string, mask uint32, who watchedName) bool {
	wd, err := unix.InotifyAddWatch(w.fd, dir, mask)
	if err != nil {
		return false
	}
	w.dirs[int32(wd)] = append(w.dirs[int32(wd)], who)
	return true
}

// forget removes a pump, and the watches of which nobody is left.
func (w *watcher) forget(p *Pump) {
	for wd, names := range w.dirs {
		left := names[:0]
		for _, n := range names {
			if n.pump != p {
				left = append(left, n)
			}
		}
		clear(names[len(left):])
		if w.dirs[wd] = left; len(left) == 0 {
			delete(w.dirs, wd)
			// It can only fail if the directory is gone.
			_, _ = unix.InotifyRmWatch(w.fd, uint32(wd))
		}
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
		for _, p := range w.touched(buf[:n]) {
			p.touch()
		}
	}
}

// touched returns the pumps whose files events are about.
func (w *watcher) touched(events []byte) (pumps []*Pump) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(events) >= unix.SizeofInotifyEvent {
		wd := int32(binary.NativeEndian.Uint32(events))
		mask := binary.NativeEndian.Uint32(events[4:])
		length := int(binary.NativeEndian.Uint32(events[12:]))
		name := strings.TrimRight(string(events[unix.SizeofInotifyEvent:unix.SizeofInotifyEvent+length]), "\x00")
		events = events[unix.SizeofInotifyEvent+length:]
		for at, names := range w.dirs {
			if at != wd && mask&unix.IN_Q_OVERFLOW == 0 {
				continue
			}
			for _, n := range names {
				if mask&(unix.IN_Q_OVERFLOW|unix.IN_MOVE_SELF|unix.IN_DELETE_SELF|unix.IN_UNMOUNT|unix.IN_IGNORED) != 0 || n.name == name && name != "" {
					pumps = append(pumps, n.pump)
				}
			}
		}
		if mask&unix.IN_IGNORED != 0 {
			delete(w.dirs, wd)
		}
	}
	return pumps
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
