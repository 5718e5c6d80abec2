package actor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/state"
)

// Actor is a process, or a thread, that makes system calls for us.
type Actor struct {
	PID     int // as its parent sees it
	theatre *Theatre
	channel int
}

// ErrSilent is that an actor did not return from a system call within [Patience].
var ErrSilent = errors.New("the system call did not return")

// arguments are argv: the channel, and for those who look, what this is.
func (a *Actor) arguments() []string {
	return []string{string(rune('0' + firstChannel + a.channel)), "actor of supervise lab"}
}

// Call makes a system call. An error is a [syscall.Errno] if it is of the system call itself.
func (a *Actor) Call(number uintptr, args ...uintptr) (int, error) {
	if err := a.Begin(number, args...); err != nil {
		return 0, err
	}
	return a.Result()
}

// Begin has a system call begun. [Actor.Result] waits for its end.
func (a *Actor) Begin(number uintptr, args ...uintptr) error {
	return a.request(0, number, args...)
}

func (a *Actor) request(heir int, number uintptr, args ...uintptr) error {
	var words [8]uint64
	words[0], words[7] = uint64(number), uint64(heir)
	for i, arg := range args {
		words[1+i] = uint64(arg)
	}
	return a.send(unsafe.Slice((*byte)(unsafe.Pointer(&words)), unsafe.Sizeof(words)))
}

func (a *Actor) send(data []byte) error {
	_, err := unix.Write(a.theatre.ours[a.channel], data)
	return os.NewSyscallError("write", err)
}

func (a *Actor) receive(data []byte) error {
	for {
		n, err := unix.Read(a.theatre.ours[a.channel], data)
		switch {
		case err == unix.EINTR: // the Go runtime preempts its threads by a signal
			continue
		case err == unix.EAGAIN:
			return ErrSilent
		case err != nil:
			return os.NewSyscallError("read", err)
		case n != len(data):
			return fmt.Errorf("the actor wrote %d bytes instead of %d", n, len(data))
		}
		return nil
	}
}

// Result waits until the system call that was begun has returned.
func (a *Actor) Result() (int, error) {
	var word [8]byte
	if err := a.receive(word[:]); err != nil {
		return 0, err
	}
	result := int64(binary.NativeEndian.Uint64(word[:]))
	if result < 0 && result > -4096 {
		return -1, syscall.Errno(-result)
	}
	return int(result), nil
}

// Return has the handler [Hold] return.
func (a *Actor) Return() error { return a.request(0, ^uintptr(0)) }

// Write fills memory of the actor.
func (a *Actor) Write(address uintptr, data []byte) error {
	if err := a.Begin(unix.SYS_READ, a.fd(), address, uintptr(len(data))); err != nil {
		return err
	}
	if err := a.send(data); err != nil {
		return err
	}
	_, err := a.Result()
	return err
}

// Read reads memory of the actor.
func (a *Actor) Read(address uintptr, data []byte) error {
	if err := a.Begin(unix.SYS_WRITE, a.fd(), address, uintptr(len(data))); err != nil {
		return err
	}
	if err := a.receive(data); err != nil {
		return err
	}
	_, err := a.Result()
	return err
}

// fd is the actor's end of its channel.
func (a *Actor) fd() uintptr { return uintptr(firstChannel + a.channel) }

// Fork makes a child, another actor. flags are those of clone(2), without the signal that the
// parent gets at its end, which is SIGCHLD.
func (a *Actor) Fork(flags uintptr) (*Actor, error) {
	child, err := a.theatre.take()
	if err != nil {
		return nil, err
	}
	if err := a.request(int(child.fd()), unix.SYS_CLONE, flags|uintptr(unix.SIGCHLD)); err != nil {
		return nil, err
	}
	if child.PID, err = a.Result(); err != nil {
		return nil, err
	}
	_, err = child.Result()
	return child, err
}

// threadFlags are what pthread_create(3) has of clone(2), as far as it is needed here.
const threadFlags = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM

// Thread makes a second thread of the actor's process, an actor, too. PID is its tid.
func (a *Actor) Thread() (*Actor, error) {
	thread, err := a.theatre.take()
	if err != nil {
		return nil, err
	}
	if err := a.request(int(thread.fd()), unix.SYS_CLONE, threadFlags, ScratchEnd-512); err != nil {
		return nil, err
	}
	if thread.PID, err = a.Result(); err != nil {
		return nil, err
	}
	_, err = thread.Result()
	return thread, err
}

// Exec executes the actor's program again: all that execve(2) changes is changed.
func (a *Actor) Exec() error {
	argument := append([]byte(a.arguments()[0]), 0)
	const text, argv = Scratch + 64, Scratch
	words := [3]uint64{text, 0, 0} // argv, and an empty environment behind it
	if err := a.Write(argv, unsafe.Slice((*byte)(unsafe.Pointer(&words)), unsafe.Sizeof(words))); err != nil {
		return err
	}
	if err := a.Write(text, argument); err != nil {
		return err
	}
	const emptyPath = argv + 8 // a zero byte
	if err := a.Begin(unix.SYS_EXECVEAT, programFD, emptyPath, argv, argv+8, unix.AT_EMPTY_PATH); err != nil {
		return err
	}
	// The new program answers this one, but an error of execveat would come first.
	if _, err := a.Call(unix.SYS_GETPID); err != nil {
		return err
	}
	return a.name()
}

// Reset sets all signals to their defaults, and unblocks all.
func (a *Actor) Reset() error {
	for s := signals.Signal(1); s <= signals.Max; s++ {
		if s.Catchable() {
			if err := a.Action(s, state.Action{}); err != nil {
				return err
			}
		}
	}
	return a.Mask(0)
}

// Comm is the name that actors have in a trace, and their children.
const Comm = "actor"

// name gives the process that name. Otherwise it would be that of a file descriptor.
func (a *Actor) name() error {
	if err := a.Write(Scratch, []byte(Comm+"\x00")); err != nil {
		return err
	}
	_, err := a.Call(unix.SYS_PRCTL, unix.PR_SET_NAME, Scratch)
	return err
}

// Action is sigaction(2). The restorer is added.
func (a *Actor) Action(s signals.Signal, action state.Action) error {
	words := []uint64{action.Handler, uint64(action.Flags | state.RestorerGiven), Restorer, uint64(action.Mask)}
	if err := a.Write(Scratch, unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words))); err != nil {
		return err
	}
	_, err := a.Call(unix.SYS_RT_SIGACTION, uintptr(s), Scratch, 0, 8)
	return err
}

// Mask is sigprocmask(2) with SIG_SETMASK.
func (a *Actor) Mask(set signals.Set) error {
	var raw [8]byte
	binary.NativeEndian.PutUint64(raw[:], uint64(set))
	if err := a.Write(Scratch, raw[:]); err != nil {
		return err
	}
	_, err := a.Call(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, Scratch, 0, 8)
	return err
}

// Take takes a pending signal of a set: sigtimedwait(2), without waiting. ok is false if none
// is pending.
func (a *Actor) Take(set signals.Set) (info signals.Info, ok bool, err error) {
	words := [3]uint64{uint64(set), 0, 0} // the set, and a timespec of 0
	if err := a.Write(Scratch, unsafe.Slice((*byte)(unsafe.Pointer(&words)), unsafe.Sizeof(words))); err != nil {
		return info, false, err
	}
	_, err = a.Call(unix.SYS_RT_SIGTIMEDWAIT, Scratch, Scratch+64, Scratch+8, 8)
	if err == unix.EAGAIN {
		return info, false, nil
	}
	if err != nil {
		return info, false, err
	}
	var raw signals.RawInfo
	err = a.Read(Scratch+64, raw[:])
	return signals.Decode(&raw), true, err
}

// Returned reports whether the system call that was begun has returned.
func (a *Actor) Returned() bool {
	poll := []unix.PollFd{{Fd: int32(a.theatre.ours[a.channel]), Events: unix.POLLIN}}
	n, _ := unix.Poll(poll, 0)
	return n > 0
}
