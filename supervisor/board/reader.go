package board

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"supervise/internal/sys"
	"supervise/supervisor/board/segment"
	"supervise/supervisor/status"
)

// ErrNone says that there is no board: no supervisor runs in the directory, and none was
// killed there.
var ErrNone = errors.New("there is no status board")

// Reader is a reader's side. It belongs to one goroutine.
type Reader struct {
	dir  string
	file segment.File
	view segment.View
}

// Mark is a moment in the history of a board.
type Mark struct {
	number     number
	semaphores int
}

// openTries is how often the board is looked for that has just moved, a millisecond apart.
const openTries = 20

// Open opens the board of a runtime directory, read-only. [ErrNone] says that there is
// none. One whose owner was killed can be read too: see [Reader.Alive].
func Open(dir string) (r *Reader, err error) {
	r = &Reader{dir: dir}
	for range openTries {
		if err = r.open(); !errors.Is(err, errMoved) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open the status board of %s: %w", dir, err)
	}
	return r, nil
}

// errMoved says that the file names objects that are no more: there are new ones soon, or
// there is no board.
var errMoved error = moved{}

type moved struct{}

func (moved) Error() string { return ErrNone.Error() + " any more" }
func (moved) Unwrap() error { return ErrNone }

func (r *Reader) open() error {
	now, err := segment.Find(r.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNone
	case errors.As(err, new(syscall.Errno)):
		return &fs.PathError{Op: "open", Path: filepath.Join(r.dir, segment.FileName), Err: err}
	case err != nil:
		return err
	}
	v, err := now.Attach()
	switch {
	case errors.Is(err, segment.ErrMoved):
		return errMoved
	case errors.Is(err, segment.ErrLayout):
		return err
	case err != nil:
		return os.NewSyscallError("shmat", err)
	}
	r.Close()
	r.file, r.view = now, v
	return nil
}

// Owner returns the supervisor's pid.
func (r *Reader) Owner() int { return r.file.Owner.PID }

// Alive reports whether the supervisor still runs, be it stopped. If not, the board shows
// what was last.
func (r *Reader) Alive() bool { return r.file.Owner.Alive() }

// Stopped reports whether a signal or a debugger has stopped the supervisor, so that the board
// shows what was when it was last at work, at the time of Worked.
func (r *Reader) Stopped() bool { return r.file.Owner.Stopped() }

// Worked is when the supervisor was last at work, to the second; the zero time if that is not
// known.
func (r *Reader) Worked() time.Time {
	if at := r.view.Worked(); at != 0 {
		return time.Unix(at, 0)
	}
	return time.Time{}
}

// Snapshot reads all services, in the order of the configuration, into services, which is
// used again. Empty slots have no name. It makes no system call, unless the board has moved
// because services were added.
func (r *Reader) Snapshot(services []status.Service) []status.Service {
	if r.view.Moved() {
		_ = r.open() // or what was last is all there is
	}
	return r.view.Snapshot(services)
}

// Live is [Reader.Snapshot] with what /proc says of the main processes: the signals queued
// for their users, and which of them are stopped. It reads a file of each.
func (r *Reader) Live(services []status.Service) []status.Service {
	services = r.Snapshot(services)
	contents, memory := make([]status.Slot, len(services)), make([]byte, 64<<10)
	for i := range services {
		r.view.Live(i, &contents[i], &services[i], memory)
	}
	return services
}

// Mark returns the present moment. Take it before the snapshot that a [Reader.Wait] with
// it is to follow.
func (r *Reader) Mark() (Mark, error) {
	values := make([]uint16, semaphores)
	if err := sys.SemValues(r.file.Semaphores, values); err != nil {
		return Mark{}, r.explain("semctl", err)
	}
	return Mark{numberOf(values), r.file.Semaphores}, nil
}

// look is how often a waiting reader looks whether the owner still lives.
const look = time.Second

// Wait sleeps until something has changed since mark, and reports whether it has; else the
// limit is over. [ErrNone] says that the board was removed, or that its owner is gone, so
// that nothing will change any more.
func (r *Reader) Wait(mark Mark, limit time.Duration) (changed bool, err error) {
	ops := mark.number.await()
	deadline := time.Now().Add(limit)
	for {
		began := time.Now()
		slice := min(look, deadline.Sub(began))
		err := sys.SemWait(mark.semaphores, ops, int64(max(slice, 0)))
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EAGAIN):
			return false, r.explain("semop", err)
		}
		// EAGAIN is both: the end of the time, and a change.
		now, err := r.Mark()
		switch {
		case err != nil:
			return false, err
		case now != mark:
			return true, nil
		case !r.Alive():
			return false, fmt.Errorf("cannot wait for a change: the supervise of %s was killed: %w", r.dir, ErrNone)
		case !time.Now().Before(deadline):
			return false, nil
		}
	}
}

// explain says of an error of the semaphores what it means.
func (r *Reader) explain(call string, err error) error {
	if errors.Is(err, syscall.EIDRM) || errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("cannot watch the status board of %s: %w", r.dir, errMoved)
	}
	return fmt.Errorf("cannot watch the status board of %s: %w", r.dir, os.NewSyscallError(call, err))
}

// Close lets the board go. Snapshot must not be called any more.
func (r *Reader) Close() {
	r.view.Detach()
	r.view = segment.View{}
}
