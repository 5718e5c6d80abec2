package sys

import "syscall"

const nrFstatat = syscall.SYS_NEWFSTATAT
