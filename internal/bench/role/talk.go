package role

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// LineSize is the length of the lines that talk writes, with their newline.
const LineSize = 100

// LastLine is what the last line that talk writes consists of.
const LastLine = '.'

// talk is a service that writes lines: BYTES at full speed, SIZE a write, or so many lines a
// second if RATE is not 0. It announces itself in a FIFO, begins when another one can be
// opened, and announces its end.
func talk(args []string) error {
	if len(args) != 5 {
		return fmt.Errorf("usage: talk FIFO GO BYTES SIZE RATE")
	}
	var numbers [3]int
	for i, text := range args[2:] {
		var err error
		if numbers[i], err = strconv.Atoi(text); err != nil {
			return err
		}
	}
	total, size, rate := numbers[0], numbers[1], numbers[2]
	fifo, err := os.OpenFile(args[0], os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := announce(fifo); err != nil {
		return err
	}
	start, err := unix.Open(args[1], unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("open "+args[1], err)
	}
	_ = unix.Close(start)
	line := append(bytes.Repeat([]byte{'x'}, LineSize-1), '\n')
	if rate > 0 {
		err = slowly(line, total, 1e9/int64(rate))
	} else {
		err = fast(bytes.Repeat(line, size/LineSize+1)[:size], total)
	}
	if err != nil {
		return err
	}
	if err := put(append(bytes.Repeat([]byte{LastLine}, LineSize-1), '\n')); err != nil {
		return err
	}
	return announce(fifo)
}

// fast writes the block, whose lines end anywhere, again and again. It does not tell the
// runtime, which takes half as long as the write of a line: nothing else is to run.
func fast(block []byte, total int) error {
	address := uintptr(unsafe.Pointer(&block[0]))
	for n, done := 0, 0; n < total; n += done {
		rest := n % len(block) // signals of the runtime's own cut large writes short
		wrote, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, 1, address+uintptr(rest), uintptr(len(block)-rest))
		if done = int(wrote); errno == syscall.EINTR {
			done = 0
		} else if errno != 0 {
			return os.NewSyscallError("write", errno)
		}
	}
	runtime.KeepAlive(block)
	return put([]byte{'\n'})
}

// slowly writes a line per period, each with the time at which it was written, CLOCK_MONOTONIC
// in ns as hexadecimal digits. It sleeps in the kernel, on this thread.
func slowly(line []byte, total int, period int64) error {
	due := clock()
	for n := 0; n < total; n += len(line) {
		due += period
		at := unix.NsecToTimespec(due)
		for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &at, nil) == unix.EINTR {
		}
		var now [8]byte
		binary.BigEndian.PutUint64(now[:], uint64(clock()))
		copy(line, fmt.Appendf(nil, "%x", now))
		if err := put(line); err != nil {
			return err
		}
	}
	return nil
}

func put(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(1, b)
		if err != nil {
			return os.NewSyscallError("write", err)
		}
		b = b[n:]
	}
	return nil
}

func clock() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return t.Nano()
}
