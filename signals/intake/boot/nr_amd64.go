package boot

// System call numbers. This package cannot import syscall.
const (
	sysWrite         = 1
	sysRtSigaction   = 13
	sysRtSigprocmask = 14
	sysGetpid        = 39
	sysExitGroup     = 231
	sysPpoll         = 271
	sysPrlimit64     = 302
)
