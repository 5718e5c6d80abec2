package role

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
)

// bulky is a service with so many MB of memory: it announces itself in a FIFO as tiny does,
// once it runs, and once more when it has touched all of its memory. SIGSEGV ends it as it
// ends a program in C.
func bulky(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: bulky FIFO MB")
	}
	fifo, err := os.OpenFile(args[0], os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := announce(fifo); err != nil {
		return err
	}
	mb, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	if err := sys.SetDefault(signals.SIGSEGV); err != nil {
		return err
	}
	memory, err := unix.Mmap(-1, 0, mb<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	for i := 0; i < len(memory); i += 8 {
		binary.NativeEndian.PutUint64(memory[i:], uint64(i)*0x9e3779b97f4a7c15)
	}
	if err := announce(fifo); err != nil {
		return err
	}
	time.Sleep(time.Hour)
	return nil
}

func announce(fifo *os.File) error {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return err
	}
	b := binary.NativeEndian.AppendUint64(nil, uint64(ts.Sec))
	b = binary.NativeEndian.AppendUint64(b, uint64(ts.Nsec))
	b = binary.NativeEndian.AppendUint64(b, uint64(os.Getpid()))
	_, err := fifo.Write(b)
	return err
}
