package pid1

import (
	"syscall"
	"unsafe"
)

// stdin is where a controlling terminal is looked for.
const stdin = 0

// isTerminal reports whether a descriptor is a terminal: TCGETS answers, ioctl_tty(2).
func isTerminal(fd int) bool {
	var termios [256]byte
	_, _, errno := syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TCGETS, uintptr(unsafe.Pointer(&termios)))
	return errno == 0
}

// foreground reports whether standard input is our controlling terminal and our process
// group the one that it listens to, so that we may hand it to the command.
func foreground() bool {
	var group int32
	_, _, errno := syscall.RawSyscall(syscall.SYS_IOCTL, stdin, syscall.TIOCGPGRP, uintptr(unsafe.Pointer(&group)))
	return errno == 0 && int(group) == syscall.Getpgrp()
}

// reclaim makes our own process group the terminal's foreground again. SIGTTOU, which
// answers such a call from the background, is blocked here.
func reclaim() {
	group := int32(syscall.Getpgrp())
	_, _, _ = syscall.RawSyscall(syscall.SYS_IOCTL, stdin, syscall.TIOCSPGRP, uintptr(unsafe.Pointer(&group)))
}
