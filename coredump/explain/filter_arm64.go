package explain

import "golang.org/x/sys/unix"

const (
	auditMachine = unix.AUDIT_ARCH_AARCH64
	sysStat      = unix.SYS_FSTATAT
)
