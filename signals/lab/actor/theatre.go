package actor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/signals"
)

// What every actor has open, beside the channels, which begin at firstChannel.
const (
	logFD        = 1
	programFD    = 3 // its own ELF file, to execute it once more
	firstChannel = 4
	channels     = 8
)

// Patience is how long a system call of an actor may take, and how long it may take until a
// handler runs: far more than they need.
const Patience = 5 * time.Second

// Theatre is where actors come from: they share the log of the handlers, and the channels.
// It is for one goroutine.
type Theatre struct {
	program int
	log     *os.File      // the reading end
	logTo   int           // the writing end
	ours    [channels]int // of the socket pairs
	theirs  [channels]int
	free    []int
}

// Open builds the program of the actors. There can be eight at a time.
func Open() (*Theatre, error) {
	text, err := image()
	if err != nil {
		return nil, err
	}
	t := &Theatre{}
	program, err := unix.MemfdCreate("actor", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	// Beyond the descriptors that an actor gets, as those are set up one after the other.
	if t.program, err = unix.FcntlInt(uintptr(program), unix.F_DUPFD_CLOEXEC, 100); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	_ = unix.Close(program)
	if _, err := unix.Pwrite(t.program, text, 0); err != nil {
		return nil, os.NewSyscallError("pwrite", err)
	}
	if err := unix.Fchmod(t.program, 0o755); err != nil {
		return nil, os.NewSyscallError("fchmod", err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	t.log, t.logTo = reader, int(writer.Fd())
	for i := range channels {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return nil, os.NewSyscallError("socketpair", err)
		}
		t.ours[i], t.theirs[i] = pair[0], pair[1]
		t.free = append(t.free, i)
		if err := unix.SetsockoptTimeval(pair[0], unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: int64(Patience / time.Second)}); err != nil {
			return nil, os.NewSyscallError("setsockopt", err)
		}
	}
	return t, nil
}

// Start starts an actor with all signals at their defaults and none blocked. attr may be nil;
// its files and arguments are not used.
func (t *Theatre) Start(attr *syscall.SysProcAttr) (*Actor, error) {
	a, err := t.take()
	if err != nil {
		return nil, err
	}
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: "/dev/null", Err: err}
	}
	defer func() { _ = unix.Close(null) }()
	files := []uintptr{uintptr(null), uintptr(t.logTo), uintptr(null), uintptr(t.program)}
	for _, fd := range t.theirs {
		files = append(files, uintptr(fd))
	}
	pid, err := syscall.ForkExec(fmt.Sprintf("/proc/self/fd/%d", t.program), a.arguments(), &syscall.ProcAttr{
		Dir: "/", Env: []string{}, Files: files, Sys: attr,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot start an actor: %w", err)
	}
	a.PID = pid
	return a, errors.Join(a.Reset(), a.name())
}

// take takes a free channel.
func (t *Theatre) take() (*Actor, error) {
	if len(t.free) == 0 {
		return nil, fmt.Errorf("an experiment can have %d actors, not more", channels)
	}
	channel := t.free[0]
	t.free = t.free[1:]
	return &Actor{theatre: t, channel: channel}, nil
}

// Release makes room for another actor. The one given has ended, and has left no result.
func (t *Theatre) Release(a *Actor) { t.free = append(t.free, a.channel) }

// Handled is one run of a handler.
type Handled struct {
	PID, TID int // in the PID namespace of the actor
	Info     signals.Info
}

// recordSize is the length of what a handler writes.
const recordSize = 24 + 128

// Handled waits for the next handler that runs in any of the actors.
func (t *Theatre) Handled() (h Handled, err error) {
	if err := t.log.SetReadDeadline(time.Now().Add(Patience)); err != nil {
		return h, err
	}
	return t.read()
}

// NotHandled reports whether no handler has run since the last that was read.
func (t *Theatre) NotHandled() bool {
	poll := []unix.PollFd{{Fd: int32(t.log.Fd()), Events: unix.POLLIN}}
	n, _ := unix.Poll(poll, 0)
	return n == 0
}

func (t *Theatre) read() (h Handled, err error) {
	var record [recordSize]byte
	if _, err := t.log.Read(record[:]); err != nil {
		return h, fmt.Errorf("no handler ran: %w", err)
	}
	raw := signals.RawInfo(record[24:])
	h.PID = int(binary.NativeEndian.Uint64(record[0:]))
	h.TID = int(binary.NativeEndian.Uint64(record[8:]))
	h.Info = signals.Decode(&raw)
	return h, nil
}
