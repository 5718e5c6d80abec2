package bpf

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// call is bpf(2). The kernel takes any size of attributes that it knows, or whose rest is 0.
func call[A any](command int, attributes *A) (int, error) {
	var pinner runtime.Pinner
	defer pinner.Unpin()
	pinner.Pin(attributes)
	for {
		n, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(unsafe.Pointer(attributes)), unsafe.Sizeof(*attributes))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR, unix.EAGAIN: // the verifier gives way to signals
			continue
		}
		return -1, errno
	}
}

// pointer is an address in attributes, as 64 bits. What it points at must be kept alive and
// in its place by the caller.
func pointer[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }

// name16 is a name as the kernel keeps it: letters, digits, _ and ., at most 15.
func name16(name string) (b [16]byte) {
	copy(b[:15], name)
	return b
}

// Permitted says why this process cannot use BPF, or nil.
func Permitted() error {
	if _, err := os.Stat(vmlinux); err != nil {
		return fmt.Errorf("%s is not there: the kernel was built without CONFIG_DEBUG_INFO_BTF", vmlinux)
	}
	m, err := NewHash("supervise_probe", 4, 4, 1)
	switch err {
	case nil:
		m.Close()
		return nil
	case syscall.EPERM:
		return fmt.Errorf("bpf(2): %w: it takes root, or CAP_BPF and CAP_PERFMON", err)
	case syscall.ENOSYS:
		return fmt.Errorf("bpf(2): %w: the kernel was built without CONFIG_BPF_SYSCALL", err)
	}
	return fmt.Errorf("bpf(2): %w", err)
}
