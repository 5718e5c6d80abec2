package boot

// System call numbers. This package cannot import syscall.
const (
	sysRtSigaction = 134
	sysGetpid      = 172
	sysPrlimit64   = 261
)
