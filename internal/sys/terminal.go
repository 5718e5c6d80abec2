package sys

import (
	"syscall"
	"unsafe"

	"supervise/signals/relay"
)

// Terminal reports whether a descriptor is a terminal: ioctl_tty(2), TCGETS.
func Terminal(fd int) bool {
	var termios syscall.Termios
	return relay.Call(syscall.SYS_IOCTL, uintptr(fd), syscall.TCGETS, uintptr(unsafe.Pointer(&termios)), 0, 0) == 0
}
