package recorder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/internal/bpf"
	"supervise/internal/sys"
	"supervise/signals"
)

// ringSize is room for 370 signals.
const ringSize = 64 << 10

// lostSize is that of the memory with the count of lost records; the kernel takes a page.
const lostSize = 8

// Recorder reads what the program in the kernel has recorded. It is for one goroutine.
type Recorder struct {
	ring  *bpf.Ring
	lost  *bpf.Bytes
	links []int
}

// load loads the programs, and attaches them if attach.
func load(s Scope, attach bool) (r *Recorder, err error) {
	resolved, err := s.resolve()
	if err != nil {
		return nil, err
	}
	types, err := bpf.KernelTypes(want())
	if err != nil {
		return nil, err
	}
	r = &Recorder{}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	if r.ring, err = bpf.NewRing("sv_recorder", ringSize); err != nil {
		if refused := bpf.Permitted(); refused != nil {
			return r, refused
		}
		return r, fmt.Errorf("make a BPF ring buffer of %d bytes: %w", ringSize, err)
	}
	if r.lost, err = bpf.NewBytes("sv_lost", lostSize); err != nil {
		return r, fmt.Errorf("make a BPF map: %w", err)
	}
	p := program{types: types, scope: resolved, ring: r.ring, lost: r.lost, half: ringSize / 2}
	err = r.add(p, "sv_signal", onGenerate, (*program).generate, attach)
	// Without the second one the OOM killer is found out otherwise. Before Linux 6.9 it has a pid only.
	if err == nil && types.Parameters(onVictim) == 3 {
		_ = r.add(p, "sv_victim", onVictim, (*program).victim, attach)
	}
	return r, err
}

// add loads a program, and attaches it.
func (r *Recorder) add(p program, name string, hook bpf.Hook, make func(*program), attach bool) error {
	make(&p)
	if err := p.types.Missing(); err != nil {
		return err
	}
	loaded, err := bpf.Load(name, p.types, hook, &p.Code)
	if err != nil || !attach {
		return errors.Join(err, closed(loaded))
	}
	defer loaded.Close()
	link, err := loaded.Attach()
	if err != nil {
		return err
	}
	defer link.Close()
	fd, err := unix.FcntlInt(link.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		r.links = append(r.links, fd)
	}
	return err
}

func closed(p *bpf.Program) error {
	if p == nil {
		return nil
	}
	return p.Close()
}

// Permitted says why signals cannot be recorded by this process, or nil. It loads the programs,
// and takes 40 ms.
func Permitted() error {
	if err := bpf.Permitted(); err != nil {
		return err
	}
	r, err := load(Scope{}, false)
	if err == nil {
		r.Close()
	}
	return err
}

// Open loads the program into this process.
func Open(s Scope) (*Recorder, error) { return load(s, true) }

// Serve loads the program, and hands it to who reads from a socket of packets: [Receive]. What it
// cannot do it says there, too.
func Serve(socket int, s Scope) error {
	r, err := load(s, true)
	if err != nil {
		return errors.Join(err, unix.Sendmsg(socket, []byte(err.Error()), nil, nil, unix.MSG_NOSIGNAL))
	}
	defer r.Close()
	rights := unix.UnixRights(append([]int{r.ring.FD(), r.lost.FD()}, r.links...)...)
	return unix.Sendmsg(socket, []byte(served), rights, nil, unix.MSG_NOSIGNAL)
}

// served is the packet with the descriptors.
const served = "supervise recorder"

// mostFDs is how many descriptors are handed over: a ring, a map, two links.
const mostFDs = 4

// Receive takes over what [Serve] has loaded. It waits for that.
func Receive(socket int) (*Recorder, error) {
	text, rights := make([]byte, 4096), make([]byte, unix.CmsgSpace(4*mostFDs))
	n, rn, err := 0, 0, error(unix.EINTR)
	for err == unix.EINTR {
		n, rn, _, _, err = unix.Recvmsg(socket, text, rights, unix.MSG_CMSG_CLOEXEC)
	}
	switch {
	case err != nil:
		return nil, os.NewSyscallError("recvmsg", err)
	case n == 0:
		return nil, io.ErrUnexpectedEOF
	}
	fds := descriptors(rights[:rn])
	if string(text[:n]) != served || len(fds) < 3 {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
		return nil, errors.New(string(text[:n]))
	}
	for i := range fds {
		fds[i] = sys.DupHigh(fds[i])
	}
	r := &Recorder{links: fds[2:]}
	if r.lost, err = bpf.OpenBytes(fds[1], lostSize); err == nil {
		r.ring, err = bpf.OpenRing(fds[0], ringSize)
	} else {
		_ = unix.Close(fds[0])
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func descriptors(rights []byte) (fds []int) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil
	}
	for i := range messages {
		if some, err := unix.ParseUnixRights(&messages[i]); err == nil {
			fds = append(fds, some...)
		}
	}
	return fds
}

// FD is the descriptor that becomes readable, once, when the ring is half full: epoll(7) with
// EPOLLET.
func (r *Recorder) FD() int { return r.ring.FD() }

// Read hands over the signals that were recorded since the last call, in order. A signal is valid
// until take returns. It makes no system call, and returns at once.
func (r *Recorder) Read(take func(*Signal)) {
	var s Signal
	r.ring.Read(func(raw []byte) bool {
		switch decode(raw, &s) {
		case kindSent:
			s.unsure = len(r.links) < 2
			take(&s)
		case kindVictim:
			take(&Signal{Signal: signals.SIGKILL, OOM: true, Target: s.Target, Root: s.Root, Cgroup: s.Cgroup, Time: s.Time})
		}
		return true
	})
}

// Lost is how many signals were not recorded, as the ring was full.
func (r *Recorder) Lost() uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(&r.lost.Data[0])).Load()
}

// Close forgets the program.
func (r *Recorder) Close() {
	for _, fd := range r.links {
		_ = unix.Close(fd)
	}
	if r.ring != nil {
		_ = r.ring.Close()
	}
	if r.lost != nil {
		_ = r.lost.Close()
	}
}

// Now is the clock of [Signal.Time].
func Now() uint64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return uint64(t.Nano())
}
