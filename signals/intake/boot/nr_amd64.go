package boot

// System call numbers. This package cannot import syscall.
const (
	sysRtSigaction = 13
	sysGetpid      = 39
	sysPrlimit64   = 302
)
