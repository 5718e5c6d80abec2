//go:build !amd64

package sys

import "syscall"

const nrFstatat = syscall.SYS_FSTATAT
