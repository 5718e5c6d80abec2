package sys

import (
	"strconv"
	"syscall"

	"supervise/internal/text"
)

// DropTextPages unmaps the pages of the program's own code and constants. Those that are
// needed again are mapped again when they are touched, from the page cache, and without disk
// I/O while they are in it. After a start-up that has run much code once, this frees most of
// what the process uses. madvise(2), MADV_DONTNEED.
//
// It touches nothing that is writable, nor anything that a dynamic loader may have written:
// in a position-independent program that leaves only the code.
func DropTextPages() {
	exe, err := readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for line := range text.Split(maps, '\n') {
		if start, size, ok := readOnlyRange(line, exe); ok {
			_, _, _ = syscall.RawSyscall(syscall.SYS_MADVISE, start, size, syscall.MADV_DONTNEED)
		}
	}
}

// fixedLimit is above every address of a program that is loaded where it was linked.
const fixedLimit = 1 << 32

// readOnlyRange parses a line of maps. ok reports whether it is a part of the program's file
// that nothing can have written to: proc_pid_maps(5).
func readOnlyRange(line, exe string) (start, size uintptr, ok bool) {
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
	return uintptr(from), uintptr(to - from), mode == "r-xp" || mode == "r--p" && from < fixedLimit
}

func readlink(path string) (string, error) {
	buffer := make([]byte, 4096)
	n, err := syscall.Readlink(path, buffer)
	if err != nil {
		return "", err
	}
	return string(buffer[:n]), nil
}
