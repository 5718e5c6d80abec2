package sys

import (
	"syscall"
	"unsafe"

	"supervise/signals/relay/kernel"
)

// Terminal reports whether a descriptor is a terminal: ioctl_tty(2), TCGETS.
func Terminal(fd int) bool {
	var termios syscall.Termios
	return kernel.Call(syscall.SYS_IOCTL, uintptr(fd), syscall.TCGETS, uintptr(unsafe.Pointer(&termios)), 0, 0) == 0
}

// NoColor is the variable that asks for no colours: no-color.org.
const NoColor = "NO_COLOR"

// Colors reports whether what is written to a descriptor is to be coloured.
func Colors(fd int, getenv func(name string) string) bool {
	return getenv(NoColor) == "" && Terminal(fd)
}
