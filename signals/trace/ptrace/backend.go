package ptrace

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervise/signals/trace"
)

// Backend is a trace that runs.
type Backend struct {
	traced  []int
	records chan trace.Record
	stop    chan struct{}
	once    sync.Once

	mu     sync.Mutex
	reaped map[int]unix.WaitStatus // of processes that were ours, by pid
	done   chan struct{}           // closed when no process is left
}

// Open begins to trace the processes of the filter. It knows no cgroups, and not all.
func Open(f trace.Filter) (*Backend, error) {
	if f.All || len(f.Cgroups) > 0 || len(f.PIDs) == 0 {
		return nil, errors.New("it traces single processes only: give pids or a command")
	}
	b := &Backend{
		traced:  f.PIDs,
		records: make(chan trace.Record, 1024), stop: make(chan struct{}), done: make(chan struct{}),
		reaped: map[int]unix.WaitStatus{},
	}
	attached := make(chan error)
	go b.work(f, attached)
	if err := <-attached; err != nil {
		return nil, err
	}
	return b, nil
}

// work is the thread that traces. Its end lets go of all that it has traced.
func (b *Backend) work(f trace.Filter, attached chan<- error) {
	runtime.LockOSThread() // and never unlocked: the thread ends
	children := make(chan os.Signal, 1)
	signal.Notify(children, unix.SIGCHLD)
	defer signal.Stop(children)
	w := &worker{backend: b, filter: f, threads: map[int]*thread{}}
	err := w.attach()
	attached <- err
	if err != nil {
		return
	}
	defer close(b.records)
	defer close(b.done)
	stop := b.stop
	for {
		w.look()
		if len(w.threads) == 0 {
			return
		}
		select {
		case <-children:
		case <-stop:
			stop = nil
			w.release()
		case <-time.After(100 * time.Millisecond):
			if stop == nil && time.Since(w.releasing) > 2*time.Second {
				return
			}
		}
	}
}

// Name is "ptrace".
func (b *Backend) Name() string { return "ptrace" }

// Limits says what it does not see.
func (b *Backend) Limits() string {
	return "it sees signals only when they are delivered, and slows the processes down; root sees more, by --backend bpf or tracefs: what waits, is merged, is lost or fails, and who sent SIGKILL"
}

// Follow is not possible later.
func (b *Backend) Follow(pid int) error {
	return fmt.Errorf("ptrace cannot follow process %d later: name it in the filter", pid)
}

// pause is how long to wait for a record until the caller is told that there is none.
const pause = 20 * time.Millisecond

// Read hands over records: see [trace.Backend].
func (b *Backend) Read(take func(*trace.Record) bool) error {
	for {
		select {
		case r, ok := <-b.records:
			if !ok || !take(&r) {
				return nil
			}
			continue
		default:
		}
		if !take(nil) {
			return nil
		}
		select {
		case r, ok := <-b.records:
			if !ok || !take(&r) {
				return nil
			}
		case <-time.After(pause):
		}
	}
}

// Wait waits until a process of the filter, a child of this one, has ended, and returns how.
// Nobody else may wait for it.
func (b *Backend) Wait(pid int) (unix.WaitStatus, error) {
	<-b.done
	b.mu.Lock()
	defer b.mu.Unlock()
	if status, ok := b.reaped[pid]; ok {
		return status, nil
	}
	var status unix.WaitStatus
	_, err := unix.Wait4(pid, &status, 0, nil)
	return status, err
}

// Drops is always nothing: the processes wait for the reader.
func (b *Backend) Drops() trace.Drops { return trace.Drops{} }

// Now is the time since boot in nanoseconds.
func (b *Backend) Now() uint64 { return now() }

func now() uint64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return uint64(t.Nano())
}

// Stop lets go of the processes.
func (b *Backend) Stop() { b.once.Do(func() { close(b.stop) }) }

// Close lets go of the processes, and returns when it has.
func (b *Backend) Close() error {
	b.Stop()
	for range b.records {
	}
	return nil
}

// Traced are the processes of the filter.
func (b *Backend) Traced() []int { return b.traced }
