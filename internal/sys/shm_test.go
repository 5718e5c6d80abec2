package sys

import (
	"errors"
	"syscall"
	"testing"
)

// TestShm attaches a segment twice, once for reading.
func TestShm(t *testing.T) {
	const size = 5000 // no whole number of pages
	r, _, errno := syscall.RawSyscall(syscall.SYS_SHMGET, uintptr(IPCPrivate), size, IPCCreate|0o600)
	if errno != 0 {
		t.Fatal(errno)
	}
	id := int(r)
	remove := func() { _, _, _ = syscall.RawSyscall(syscall.SYS_SHMCTL, uintptr(id), ipcRemove, 0) }
	defer remove()
	to, err := ShmAttach(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	from, err := ShmAttach(id, ShmReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	to[size-1] = 'x'
	if len(to) != size || len(from) != size || from[size-1] != 'x' {
		t.Errorf("%d and %d bytes, the last is %q", len(to), len(from), from[size-1])
	}
	for _, memory := range [][]byte{to, from} {
		if err := ShmDetach(memory); err != nil {
			t.Error(err)
		}
	}
	if err := ShmDetach(to); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("detached twice: %v", err)
	}
	remove()
	if _, err := ShmAttach(id, 0); !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.EIDRM) {
		t.Errorf("removed: %v", err)
	}
}
