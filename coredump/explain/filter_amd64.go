package explain

import "golang.org/x/sys/unix"

const (
	auditMachine = unix.AUDIT_ARCH_X86_64
	sysStat      = unix.SYS_NEWFSTATAT
)
