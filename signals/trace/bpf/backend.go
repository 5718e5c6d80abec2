package bpf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/internal/bpf"
	"supervise/signals/trace"
)

// Options say what to record, and how.
type Options struct {
	Filter trace.Filter
	Ring   int // bytes of the buffer, a power of two; 0 is 8 MiB
}

// pause is how long the reader waits before it looks again, in milliseconds.
const pause = 10

// Backend is a trace that runs.
type Backend struct {
	pids  *bpf.Bytes // by pid
	lost  bpf.Map
	ring  *bpf.Ring
	links []*os.File

	traced    []int
	before    []trace.Record // what was recorded until all programs were attached
	context   bool
	onReturns bool // functions of the kernel could be hooked
}

// Permitted says why this process cannot record by BPF, or nil.
func Permitted() error { return bpf.Permitted() }

// Open begins to record.
func Open(o Options) (*Backend, error) {
	if o.Ring == 0 {
		o.Ring = 8 << 20
	}
	types, err := bpf.KernelTypes(want())
	if err != nil {
		return nil, err
	}
	b := &Backend{context: o.Filter.Context, traced: o.Filter.PIDs, lost: bpf.OpenMap(-1, 0, 0)}
	if err := b.open(&o, types); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *Backend) open(o *Options, types *bpf.Types) (err error) {
	if b.pids, err = bpf.NewBytes("sv_pids", mostPIDs()); err != nil {
		return fmt.Errorf("make a BPF map: %w", err)
	}
	if b.lost, err = bpf.NewCounters("sv_lost", lostKinds); err != nil {
		return fmt.Errorf("make a BPF map: %w", err)
	}
	if b.ring, err = bpf.NewRing("sv_ring", o.Ring); err != nil {
		return fmt.Errorf("make a BPF ring buffer of %d bytes: %w", o.Ring, err)
	}
	for _, pid := range o.Filter.PIDs {
		if err := b.Follow(pid); err != nil {
			return err
		}
	}
	cgroups, err := find(o.Filter.Cgroups)
	if err != nil {
		return err
	}
	m := maker{types: types, filter: &o.Filter, cgroups: cgroups, pids: b.pids, lost: b.lost, ring: b.ring, wake: o.Ring / 4}
	// One that fails is the reason to do it by tracepoints, if at all.
	b.onReturns = b.attachAll(returns(), types, &m) == nil
	if o.Filter.Context && !b.onReturns {
		if err := b.attachAll(tracepoints(), types, &m); err != nil {
			return err
		}
	}
	if err := b.attachAll(parts(&o.Filter), types, &m); err != nil {
		return err
	}
	b.settle()
	return nil
}

// settle forgets the signals that were recorded until all programs were attached: as that goes one
// after the other, only their ends are known, and not who sent them.
func (b *Backend) settle() {
	end := b.Now()
	b.ring.Read(func(raw []byte) bool {
		var r trace.Record
		if decode(raw, &r) && r.Kind != trace.Sent && r.Kind != trace.Delivered && r.Kind != trace.Dequeued {
			b.before = append(b.before, r)
		}
		return r.Time < end
	})
}

func (b *Backend) attachAll(list []part, types *bpf.Types, prototype *maker) error {
	before := len(b.links)
	for _, p := range list {
		m := *prototype
		p.make(&m)
		err := types.Missing()
		if err == nil {
			err = b.attach(p, types, &m)
		}
		if err != nil {
			for _, l := range b.links[before:] {
				l.Close()
			}
			b.links = b.links[:before]
			return err
		}
	}
	return nil
}

func (b *Backend) attach(p part, types *bpf.Types, m *maker) error {
	program, err := bpf.Load(p.name, types, p.hook, &m.Code)
	if err != nil {
		return err
	}
	defer program.Close()
	link, err := program.Attach()
	if err == nil {
		b.links = append(b.links, link)
	}
	return err
}

// Follow adds a process to the filter.
func (b *Backend) Follow(pid int) error {
	if pid <= 0 || pid >= len(b.pids.Data) {
		return fmt.Errorf("there is no process %d", pid)
	}
	b.pids.Data[pid] = traced
	return nil
}

// mostPIDs is above the highest pid that there can be: /proc/sys/kernel/pid_max.
func mostPIDs() int {
	const most = 1<<22 + 1 // PID_MAX_LIMIT
	text, err := os.ReadFile("/proc/sys/kernel/pid_max")
	if n, e := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && e == nil && n > 0 && n < most {
		return n + 1
	}
	return most
}

// cgroup is a directory of the cgroup2 hierarchy.
type cgroup struct {
	level int // below the root
	id    uint64
}

// find looks at the directories of cgroups.
func find(directories []string) (found []cgroup, err error) {
	if len(directories) == 0 {
		return nil, nil
	}
	for _, d := range directories {
		real, err := filepath.EvalSymlinks(d)
		if err != nil {
			return nil, err
		}
		level := 0
		for at := real; ; at, level = filepath.Dir(at), level+1 {
			var s unix.Statfs_t
			if err := unix.Statfs(filepath.Dir(at), &s); err != nil {
				return nil, err
			}
			if level == 0 {
				var own unix.Statfs_t
				if err := unix.Statfs(at, &own); err != nil || own.Type != unix.CGROUP2_SUPER_MAGIC {
					return nil, &fs.PathError{Op: "trace", Path: d, Err: errors.New("this is no directory of a cgroup2 hierarchy")}
				}
			}
			if s.Type != unix.CGROUP2_SUPER_MAGIC || at == "/" {
				break
			}
		}
		info, err := os.Stat(real)
		if err != nil {
			return nil, err
		}
		found = append(found, cgroup{level, info.Sys().(*syscall.Stat_t).Ino})
	}
	return found, nil
}

// Name is "bpf".
func (b *Backend) Name() string { return "bpf" }

// Limits is "" where it sees all.
func (b *Backend) Limits() string {
	switch {
	case b.onReturns:
		return ""
	case b.context:
		return "the kernel permits no programs on its functions: what signalfd takes is found out late, and until the trace ends every system call on this machine is a little slower"
	default:
		return "the kernel permits no programs on its functions: calls that fail are shown with --context only, and what sigtimedwait and signalfd take is found out late"
	}
}

// Read hands over records: see [trace.Backend].
func (b *Backend) Read(take func(*trace.Record) bool) error {
	for len(b.before) > 0 {
		first := b.before[0]
		b.before = b.before[1:]
		if first.Context = b.context; !take(&first) {
			return nil
		}
	}
	var r trace.Record
	for more := true; more; {
		stopped := b.links == nil
		count := b.ring.Read(func(raw []byte) bool {
			if decode(raw, &r) {
				r.Context = b.context
				more = take(&r)
			}
			return more
		})
		if !more || count > 0 {
			continue
		}
		if stopped {
			return nil
		}
		if more = take(nil); more && b.links != nil {
			if err := b.ring.Wait(pause); err != nil {
				return err
			}
		}
	}
	return nil
}

// Drops is how many records were lost so far.
func (b *Backend) Drops() (d trace.Drops) {
	d.Generate, _ = b.lost.Count(lostSent)
	d.Deliver, _ = b.lost.Count(lostDelivered)
	d.Other, _ = b.lost.Count(lostOther)
	return d
}

// Now is the time since boot in nanoseconds.
func (b *Backend) Now() uint64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return uint64(t.Nano())
}

// Stop ends the recording; what was recorded can still be read.
func (b *Backend) Stop() {
	for _, l := range b.links {
		l.Close()
	}
	b.links = nil
}

// Close ends the recording. Nobody may read any more.
func (b *Backend) Close() error {
	b.Stop()
	if b.ring != nil {
		b.ring.Close()
	}
	if b.pids != nil {
		b.pids.Close()
	}
	if b.lost.FD() >= 0 {
		b.lost.Close()
	}
	return nil
}

// Traced are the processes of the filter.
func (b *Backend) Traced() []int { return b.traced }
