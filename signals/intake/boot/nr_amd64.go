package boot

// System call numbers. This package cannot import syscall.
const (
	sysWrite       = 1
	sysRtSigaction = 13
	sysGetpid      = 39
	sysExitGroup   = 231
	sysPrlimit64   = 302
)
