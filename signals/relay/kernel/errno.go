package kernel

import "syscall"

// Errno is the errno of a result of [Call], 0 if it succeeded.
func Errno(result uintptr) syscall.Errno {
	const most = 4095
	if -result-1 < most {
		return syscall.Errno(-result)
	}
	return 0
}
