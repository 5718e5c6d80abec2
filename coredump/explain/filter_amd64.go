package explain

import "syscall"

const (
	auditMachine = 0xc000003e // AUDIT_ARCH_X86_64
	sysStat      = syscall.SYS_NEWFSTATAT

	sysSeccomp    = 317
	sysGetrandom  = 318
	sysMembarrier = 324
	sysRseq       = 334
	sysClone3     = 435
)
