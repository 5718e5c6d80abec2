package explain

import "syscall"

const (
	auditMachine = 0xc00000b7 // AUDIT_ARCH_AARCH64
	sysStat      = syscall.SYS_FSTATAT

	sysSeccomp    = 277
	sysGetrandom  = 278
	sysMembarrier = 283
	sysRseq       = 293
	sysClone3     = 435
)
