package boot

// System call numbers. This package cannot import syscall.
const (
	sysWrite         = 64
	sysRtSigaction   = 134
	sysRtSigprocmask = 135
	sysPpoll         = 73
	sysGetpid        = 172
	sysExitGroup     = 94
	sysPrlimit64     = 261
)
