package bpf

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Hook is where in the kernel a program runs, as BTF names it.
type Hook struct {
	name   string
	kind   uint32 // of the type in BTF
	attach uint32
}

// Tracepoint is a tracepoint. R1 points at its arguments, 8 bytes each, of which the first is
// the first behind the event's own pointer.
func Tracepoint(name string) Hook { return Hook{"btf_trace_" + name, kindTypedef, 23} }

// Return is when a function of the kernel returns: R1 points at its arguments, and then the
// result.
func Return(function string) Hook { return Hook{function, kindFunc, 25} }

// Iterator is a walk over all objects of a kind, such as "task": R1 points at struct
// bpf_iter__KIND.
func Iterator(kind string) Hook { return Hook{"bpf_iter_" + kind, kindFunc, 28} }

// Program is a program in the kernel.
type Program struct {
	fd   int
	name string
	hook Hook
}

const programTracing = 26 // BPF_PROG_TYPE_TRACING

type programAttributes struct {
	kind, count       uint32
	code, license     uint64
	logLevel, logSize uint32
	log               uint64
	_, _              uint32
	name              [16]byte
	_, attach         uint32
	_, _              uint32
	_                 uint64
	_, _              uint32
	_                 uint64
	_, hook           uint32
	_                 [2]uint32
}

// Load gives a program to the kernel's verifier. An error has the last lines of what the
// verifier says, from a second attempt, as the log takes time.
func Load(name string, types *Types, hook Hook, code *Code) (*Program, error) {
	linked, err := code.link()
	if err != nil {
		return nil, fmt.Errorf("BPF program %s: %w", name, err)
	}
	id := types.id(hook)
	if id == 0 {
		return nil, fmt.Errorf("BPF program %s: this kernel has no %s", name, hook.name)
	}
	license := []byte("GPL\x00")
	var pinner runtime.Pinner
	defer pinner.Unpin()
	pinner.Pin(&linked[0])
	pinner.Pin(&license[0])
	a := programAttributes{
		kind: programTracing, count: uint32(len(linked)), code: pointer(&linked[0]), license: pointer(&license[0]),
		name: name16(name), attach: hook.attach, hook: id,
	}
	fd, err := call(unix.BPF_PROG_LOAD, &a)
	if err != nil {
		log := make([]byte, 1<<20)
		pinner.Pin(&log[0])
		a.log, a.logSize, a.logLevel = pointer(&log[0]), uint32(len(log)), 1
		if fd, again := call(unix.BPF_PROG_LOAD, &a); again == nil {
			return &Program{fd, name, hook}, nil
		}
		return nil, fmt.Errorf("BPF program %s: %w%s", name, err, lastLines(log))
	}
	return &Program{fd, name, hook}, nil
}

// lastLines is the end of a verifier's log, where it says what is wrong.
func lastLines(log []byte) string {
	if end := bytes.IndexByte(log, 0); end >= 0 {
		log = log[:end]
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	lines = lines[max(0, len(lines)-6):]
	if len(log) == 0 {
		return ""
	}
	return ": " + string(bytes.Join(lines, []byte("; ")))
}

// FD is the program's descriptor.
func (p *Program) FD() int { return p.fd }

// Close gives the program back, unless it is attached.
func (p *Program) Close() error { return unix.Close(p.fd) }

// Attach lets the program run from now on, until the link is closed, by this process or by
// its end.
func (p *Program) Attach() (*os.File, error) {
	a := struct {
		name uint64
		fd   uint32
		_    uint32
	}{fd: uint32(p.fd)}
	fd, err := call(unix.BPF_RAW_TRACEPOINT_OPEN, &a)
	if err != nil {
		return nil, fmt.Errorf("attach BPF program %s to %s: %w", p.name, p.hook.name, err)
	}
	return os.NewFile(uintptr(fd), p.name), nil
}

// Iterate opens a walk: reading the file runs the program for each task of one process, or
// of all if pid is 0, and gives what the program wrote (SeqWrite). Kernels before 6.1 know
// only all: the program has to look itself.
func (p *Program) Iterate(pid int) (*os.File, error) {
	info := struct{ tid, pid, pidfd uint32 }{pid: uint32(pid)}
	a := struct {
		program, target, attach, flags uint32
		info                           uint64
		size, _                        uint32
	}{program: uint32(p.fd), attach: p.hook.attach}
	if pid != 0 {
		a.info, a.size = pointer(&info), 12
	}
	var pinner runtime.Pinner
	pinner.Pin(&info)
	link, err := call(unix.BPF_LINK_CREATE, &a)
	if pid != 0 && (errors.Is(err, unix.E2BIG) || errors.Is(err, unix.EINVAL)) {
		a.info, a.size = 0, 0
		link, err = call(unix.BPF_LINK_CREATE, &a)
	}
	pinner.Unpin()
	if err != nil {
		return nil, fmt.Errorf("attach BPF program %s to %s: %w", p.name, p.hook.name, err)
	}
	defer unix.Close(link)
	walk := struct{ link, flags uint32 }{link: uint32(link)}
	fd, err := call(unix.BPF_ITER_CREATE, &walk)
	if err != nil {
		return nil, fmt.Errorf("start BPF iterator %s: %w", p.name, err)
	}
	return os.NewFile(uintptr(fd), p.name), nil
}
