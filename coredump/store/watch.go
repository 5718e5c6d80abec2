package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/coredump/report"
	"supervise/coredump/store/journaldump"
)

// Watch calls each for every crash that ends in the store from now on, once all of it is there,
// until ctx ends or each has an error. It sleeps in between: inotify(7).
func (s *Store) Watch(ctx context.Context, each func(Item) error) error {
	w, err := s.newWatcher(each)
	if err != nil {
		return fmt.Errorf("cannot watch %s: %w", s.dir.path, err)
	}
	return w.run(ctx)
}

// run takes events until ctx ends.
func (w *watcher) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = w.events.Close() })
	defer stop()
	defer w.events.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := w.events.Read(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("cannot watch %s: %w", w.store.dir.path, err)
		}
		if err := w.take(buf[:n]); err != nil {
			return err
		}
	}
}

type watcher struct {
	store  *Store
	events *os.File
	each   func(Item) error
	told   map[string]bool // by id: what is finished and known
}

func (s *Store) newWatcher(each func(Item) error) (*watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	w := &watcher{store: s, events: os.NewFile(uintptr(fd), "inotify"), each: each, told: map[string]bool{}}
	// Whoever finishes an entry sets the time of its directory: IN_ATTRIB. systemd-coredump
	// gives its file a name when it is complete.
	const mask = unix.IN_ATTRIB | unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR
	if _, err := unix.InotifyAddWatch(fd, fmt.Sprintf("/proc/self/fd/%d", s.dir.fd()), mask); err != nil {
		_ = w.events.Close()
		return nil, os.NewSyscallError("inotify_add_watch", err)
	}
	items, err := s.List()
	if err != nil {
		_ = w.events.Close()
		return nil, err
	}
	for i := range items {
		if items[i].finished() {
			w.told[items[i].Report.ID] = true
		}
	}
	return w, nil
}

func (i *Item) finished() bool { return i.Problem == "" && i.Report.Core.State != report.Taking }

// errGone says that the directory is no more.
var errGone = errors.New("the directory of the store was removed or renamed")

// take takes events.
func (w *watcher) take(buf []byte) error {
	for len(buf) >= unix.SizeofInotifyEvent {
		event := (*unix.InotifyEvent)(unsafe.Pointer(&buf[0]))
		end := unix.SizeofInotifyEvent + int(event.Len)
		name := strings.TrimRight(string(buf[unix.SizeofInotifyEvent:end]), "\x00")
		mask := event.Mask
		buf = buf[end:]
		var err error
		switch {
		case mask&(unix.IN_IGNORED|unix.IN_DELETE_SELF|unix.IN_MOVE_SELF) != 0:
			return errGone
		case mask&unix.IN_Q_OVERFLOW != 0:
			err = w.all()
		default:
			err = w.look(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// all looks at all entries, as events were lost.
func (w *watcher) all() error {
	names, err := w.store.dir.names()
	for _, name := range names {
		if e := w.look(name); e != nil {
			return e
		}
	}
	return err
}

// look tells of an entry that has been finished.
func (w *watcher) look(name string) error {
	if !validID(name) && !journaldump.Is(name) {
		return nil
	}
	item, ok := w.store.item(name)
	if !ok || !item.finished() || w.told[item.Report.ID] {
		return nil
	}
	w.told[item.Report.ID] = true
	return w.each(item)
}
