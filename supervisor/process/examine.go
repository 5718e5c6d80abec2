package process

import (
	"strconv"
	"syscall"

	"supervise/internal/text"
)

// Examine says why the kernel would not execute a file, nil if it would as far as that can be
// seen: whether the file is there, regular, and may be executed by the caller, and whether
// the same is so of what runs it. It executes nothing. The error is the [StartError] of a
// start, but it names more often what is wrong.
func Examine(file string) error {
	const most = 5 // interpreters of interpreters: exec_binprm in fs/exec.c
	at, kind := file, ""
	for range most {
		if err := executable(at); err != nil {
			return &StartError{Step: stepExecve + file, Errno: err.(syscall.Errno), Hint: whyNot(at, kind, err)}
		}
		if at, kind = runBy(at); at == "" {
			break
		}
	}
	return nil
}

// whyNot explains why a file, or what is to run it, cannot be executed. kind is "" for the
// file itself.
func whyNot(file, kind string, err error) string {
	switch {
	case kind != "" && err == syscall.ENOENT:
		return "the file is there, but not its " + kind + " " + strconv.Quote(file)
	case kind != "":
		return "its " + kind + " " + strconv.Quote(file) + " cannot be executed"
	}
	var st syscall.Stat_t
	switch {
	case err != syscall.EACCES || syscall.Stat(file, &st) != nil:
		return ""
	case st.Mode&syscall.S_IFMT == syscall.S_IFDIR:
		return "it is a directory"
	case st.Mode&syscall.S_IFMT != syscall.S_IFREG:
		return "it is no regular file"
	case st.Mode&0o111 == 0:
		return "nobody may execute it: chmod +x"
	}
	return ""
}

// runBy returns the path of what the kernel would run a file by, and what that is called;
// "" if that is nothing, or cannot be found out.
func runBy(file string) (path, kind string) {
	fd, ok := openRegular(file, false)
	if !ok {
		return "", ""
	}
	defer syscall.Close(fd)
	head := piece(fd, 0, headSize)
	if line, script := text.CutPrefix(head, "#!"); script {
		path, kind = firstWord(line), "interpreter"
	} else {
		path, kind = linker(fd, head), "dynamic linker"
	}
	if path == "" || path[0] != '/' {
		return "", ""
	}
	return path, kind
}

// linker returns the dynamic linker that a 64-bit ELF program asks for, "" if it does not:
// elf(5).
func linker(fd int, head string) string {
	const (
		headerSize, class64, littleEndian = 64, 2, 1
		programSize, most                 = 56, 128
		typeInterp, pathMax               = 3, 4096
	)
	_, elf := text.CutPrefix(head, elfMagic)
	if !elf || len(head) < headerSize || head[4] != class64 || head[5] != littleEndian {
		return ""
	}
	offset, size, count := number(head[32:40]), number(head[54:56]), number(head[56:58])
	if size != programSize || count > most {
		return ""
	}
	table := piece(fd, offset, int(size*count))
	for ; len(table) >= programSize; table = table[programSize:] {
		if number(table[:4]) == typeInterp {
			path, _, _ := text.Cut(piece(fd, number(table[8:16]), int(min(number(table[32:40]), pathMax))), 0)
			return path
		}
	}
	return ""
}

// number reads a little-endian number.
func number(bytes string) (n uint64) {
	for i := len(bytes) - 1; i >= 0; i-- {
		n = n<<8 | uint64(bytes[i])
	}
	return n
}

// piece reads a part of a file, or what there is of it.
func piece(fd int, offset uint64, size int) string {
	part := make([]byte, size)
	n, _ := syscall.Pread(fd, part, int64(offset))
	return string(part[:max(n, 0)])
}
