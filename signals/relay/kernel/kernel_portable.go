//go:build !(linux && (amd64 || arm64))

package kernel

import "syscall"

// Call is a system call, of which the results from -4095 to -1 are negated errnos: [Errno].
//
//go:nosplit
func Call(number, a1, a2, a3, a4, a5 uintptr) (result uintptr) {
	result, _, errno := syscall.RawSyscall6(number, a1, a2, a3, a4, a5, 0)
	if errno != 0 {
		return -uintptr(errno)
	}
	return result
}
