package sys

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

// scratch is a buffer that a file is read into.
type scratch struct {
	inUse atomic.Bool
	text  [4096]byte
}

// sharedScratch is for the first caller. It is nearly always free, as files of /proc are read
// one after the other. New memory, and growing a stack for it, would cost a program that has
// just started more than the file itself.
var sharedScratch scratch

// ReadProc reads a file of /proc or /sys, and passes its text to look, which must not keep
// any part of it. The error is that of open(2) or read(2), or look's.
func ReadProc(path string, look func(text string) error) error {
	return read(path, 0, look, func(fd int, text string) error { return look(text + ReadAll(fd)) })
}

// ReadShort is ReadProc for a file of a runtime directory, which may be anybody's: it waits for
// nobody, as the writer of a FIFO, and EFBIG says that the file has 4 KiB or more.
func ReadShort(path string, look func(text string) error) error {
	return read(path, syscall.O_NONBLOCK|syscall.O_NOCTTY, look, func(int, string) error { return syscall.EFBIG })
}

// read passes what is shorter than a scratch to look, and of what is not the beginning to long.
func read(path string, flags uintptr, look func(text string) error, long func(fd int, text string) error) error {
	flags |= syscall.O_RDONLY | syscall.O_CLOEXEC
	name := path + "\x00"
	fd, _, errno := syscall.RawSyscall6(syscall.SYS_OPENAT, atFDCWD, uintptr(unsafe.Pointer(unsafe.StringData(name))), flags, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	defer Close(int(fd))
	s := &sharedScratch
	if !s.inUse.CompareAndSwap(false, true) {
		s = new(scratch)
	}
	defer s.inUse.Store(false)
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&s.text)), uintptr(len(s.text)))
	switch {
	case errno != 0:
		return errno
	case int(n) < len(s.text): // this was all: /proc fills the buffer if it can
		return look(unsafe.String(&s.text[0], int(n)))
	}
	return long(int(fd), string(s.text[:]))
}
