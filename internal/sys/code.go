package sys

import (
	"strconv"
	"syscall"

	"supervise/internal/text"
)

// ForgetCode unmaps the pages of the program's own code and constants. Those that are
// needed again are mapped again when they are touched, from the page cache and without a
// disk as long as that has them. After a start that has run much code for the only time
// it gives back most of what the process takes.
//
// It touches nothing that can be written, nor what a linker may have written: in a program
// that was loaded to an address of the kernel's choice, that is all but the code.
func ForgetCode() {
	exe, err := readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for line := range text.Split(maps, '\n') {
		if start, size, ok := constant(line, exe); ok {
			_, _, _ = syscall.RawSyscall(syscall.SYS_MADVISE, start, size, syscall.MADV_DONTNEED)
		}
	}
}

// fixed is below where programs lie that are loaded to the address they were linked for.
const fixed = 1 << 32

// constant reads a line of maps, and reports whether it is a part of the program's file
// that nothing can have been written into: proc_pid_maps(5).
func constant(line, exe string) (start, size uintptr, ok bool) {
	span, rest, _ := text.Cut(line, ' ')
	mode, rest, _ := text.Cut(rest, ' ')
	first, last, _ := text.Cut(span, '-')
	from, err := strconv.ParseUint(first, 16, 64)
	if err != nil {
		return 0, 0, false
	}
	to, err := strconv.ParseUint(last, 16, 64)
	if err != nil || to <= from || len(rest) < len(exe) || rest[len(rest)-len(exe):] != exe {
		return 0, 0, false
	}
	return uintptr(from), uintptr(to - from), mode == "r-xp" || mode == "r--p" && from < fixed
}

func readlink(path string) (string, error) {
	buffer := make([]byte, 4096)
	n, err := syscall.Readlink(path, buffer)
	if err != nil {
		return "", err
	}
	return string(buffer[:n]), nil
}
