package tracefs

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"supervise/signals/trace"
)

// Backend is a trace that runs.
type Backend struct {
	instance *instance
	pipe     int
	stopped  bool
	lost     uint64 // when it was stopped
	reader
	partial []byte // of a line
}

// Options say what to record, and how.
type Options struct {
	Filter trace.Filter
	Buffer int // bytes for each processor; 0 is 8 MiB
}

// Open begins to record.
func Open(o Options) (*Backend, error) {
	if o.Buffer == 0 {
		o.Buffer = 8 << 20
	}
	i, err := newInstance()
	if err != nil {
		return nil, err
	}
	b := &Backend{instance: i, pipe: -1, reader: newReader(o.Filter)}
	if err := b.open(&o); err != nil {
		b.Close()
		return nil, fmt.Errorf("set up the tracing instance %s: %w", i.dir, err)
	}
	return b, nil
}

func (b *Backend) open(o *Options) (err error) {
	for _, dir := range o.Filter.Cgroups {
		if err := b.addGroup(dir); err != nil {
			return err
		}
	}
	if err := b.instance.write("trace_clock", "boot"); err != nil {
		return err
	}
	if err := b.instance.write("buffer_size_kb", strconv.Itoa(o.Buffer>>10)); err != nil {
		return err
	}
	// What comes when the buffer is full is dropped, as by the other backends.
	_ = b.instance.write("options/overwrite", "0")
	b.pipe, err = unix.Open(filepath.Join(b.instance.dir, "trace_pipe"), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	events := []string{"task/task_newtask", "sched/sched_process_fork", "sched/sched_process_exit"}
	events = append(events, "sched/sched_process_exec")
	if o.Filter.Context {
		events = append(events, "syscalls/sys_enter_rt_sigtimedwait", "syscalls/sys_exit_rt_sigtimedwait")
		for call := range calls {
			events = append(events, "syscalls/sys_enter_"+call, "syscalls/sys_exit_"+call)
		}
	}
	for _, event := range append(events, "signal/signal_deliver", "signal/signal_generate") {
		if err := b.instance.enable(event); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return nil
}

// Name is "tracefs".
func (b *Backend) Name() string { return "tracefs" }

// Limits says what it does not see.
func (b *Backend) Limits() string {
	if b.filter.Context {
		return "it does not see payloads, exit codes, and why a signal was ignored"
	}
	return "it does not see payloads, exit codes, why a signal was ignored, and without --context calls that fail"
}

// pause is how long to wait for more, in milliseconds.
const pause = 20

// Read hands over records: see [trace.Backend].
func (b *Backend) Read(take func(*trace.Record) bool) error {
	buffer := make([]byte, 64<<10)
	for {
		stopped := b.stopped
		n, err := unix.Read(b.pipe, buffer)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil && !errors.Is(err, unix.EAGAIN):
			return err
		case n > 0:
			if !b.lines(buffer[:n], take) {
				return nil
			}
			continue
		case stopped || !take(nil):
			return nil
		}
		if !b.stopped {
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(b.pipe), Events: unix.POLLIN}}, pause)
		}
	}
}

// lines hands over the records of whole lines.
func (b *Backend) lines(text []byte, take func(*trace.Record) bool) bool {
	b.partial = append(b.partial, text...)
	rest := b.partial
	for {
		line, after, whole := cutLine(rest)
		if !whole {
			break
		}
		rest = after
		if e, ok := ParseLine(string(line)); ok {
			var r trace.Record
			if b.record(&e, &r) && !take(&r) {
				return false
			}
		}
	}
	b.partial = append(b.partial[:0], rest...)
	return true
}

// cutLine cuts the line of an event off. The names in it may have line ends: that of the thread
// in the first columns, and that of another behind, after which no event begins.
func cutLine(text []byte) (line, after []byte, whole bool) {
	for from := min(nameWidth, len(text)); ; from = len(line) + 1 {
		end := bytes.IndexByte(text[from:], '\n')
		if end < 0 {
			return text, nil, false
		}
		line, after = text[:from+end], text[from+end+1:]
		if len(after) <= nameWidth || after[nameWidth] == '-' || tellsLoss(after) {
			return line, after, true
		}
	}
}

// tellsLoss reports whether a text begins with a line such as "CPU:0 [LOST 123 EVENTS]", which no name
// can be.
func tellsLoss(text []byte) bool {
	line, _, _ := bytes.Cut(text, []byte{'\n'})
	return bytes.HasPrefix(line, []byte("CPU:")) && bytes.HasSuffix(line, []byte(" EVENTS]"))
}

// Drops is what was lost so far; of which kind is not known.
func (b *Backend) Drops() trace.Drops {
	if b.stopped {
		return trace.Drops{Other: b.lost}
	}
	return trace.Drops{Other: b.instance.lost()}
}

// Now is the time since boot in nanoseconds.
func (b *Backend) Now() uint64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return uint64(t.Nano())
}

// Stop ends the recording; what was recorded can still be read.
func (b *Backend) Stop() {
	if !b.stopped {
		_ = b.instance.write("tracing_on", "0")
		b.stopped, b.lost = true, b.instance.lost()
	}
}

// Close ends the recording and removes the instance.
func (b *Backend) Close() error {
	b.Stop()
	if b.pipe >= 0 {
		unix.Close(b.pipe)
		b.pipe = -1
	}
	return b.instance.remove()
}

// Traced are the processes of the filter.
func (b *Backend) Traced() []int { return b.filter.PIDs }
