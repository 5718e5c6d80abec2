package sys

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

// sheet is what a file is read on.
type sheet struct {
	taken atomic.Bool
	text  [4096]byte
}

// common is the sheet of whoever comes first, and is mostly free: files of /proc are read
// one after the other. New memory, and a stack that has to grow for it, cost a program that
// has just begun more than the file.
var common sheet

// Skim reads a file of /proc or /sys, or another one that no disk has to be waited for, and
// hands it to a function, which must not keep any part of it. The error is that of open(2)
// or read(2), or the function's.
func Skim(path string, look func(text string) error) error {
	const flags = syscall.O_RDONLY | syscall.O_CLOEXEC
	name := path + "\x00"
	fd, _, errno := syscall.RawSyscall6(syscall.SYS_OPENAT, atFDCWD, uintptr(unsafe.Pointer(unsafe.StringData(name))), flags, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	defer Close(int(fd))
	s := &common
	if !s.taken.CompareAndSwap(false, true) {
		s = new(sheet)
	}
	defer s.taken.Store(false)
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&s.text)), uintptr(len(s.text)))
	switch {
	case errno != 0:
		return errno
	case int(n) < len(s.text): // and there is no more: /proc gives as much as it can
		return look(unsafe.String(&s.text[0], int(n)))
	}
	return look(string(s.text[:]) + ReadAll(int(fd)))
}
