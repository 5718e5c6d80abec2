package process

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/internal/text"
)

// defaultPath is where execvp(3) looks if PATH is not set.
const defaultPath = "/bin:/usr/bin"

// Lookup finds the file that execvp(3) would execute for a command's name: the name itself if
// it contains a slash, else the first executable file of that name in the directories of path
// (separated by colons; an empty one is the working directory). The error is a [StartError]:
// ENOENT, or EACCES if there are only files that may not be executed.
func Lookup(name, path string, havePath bool) (string, error) {
	if name == "" {
		return "", &StartError{Step: "the name of the command is empty", Errno: syscall.ENOENT}
	}
	if _, _, slash := text.Cut(name, '/'); slash {
		return name, nil
	}
	var buffer [pathMax]byte
	var reason error = syscall.ENOENT
	for at := newSearch(path, havePath); at.next(buffer[:], name); {
		file := string(buffer[:at.length])
		err := executable(file)
		if err == nil {
			return file, nil
		}
		if err == syscall.EACCES {
			reason = err
		}
	}
	errno, _ := reason.(syscall.Errno)
	return "", &StartError{Step: "find " + name + " in PATH", Errno: errno}
}

// pathMax is the longest name of a file with the zero byte at its end: PATH_MAX in
// linux/limits.h.
const pathMax = 4096

// Find is [Lookup] for a name without a slash, in the caller's memory: it allocates nothing, and the
// Go runtime is not told that it may wait for a file system. Behind the file's name is a zero
// byte. What the buffer is too small for is ENAMETOOLONG.
func Find(buffer []byte, name, path string, havePath bool) (file []byte, errno syscall.Errno) {
	reason := syscall.ENOENT
	at := newSearch(path, havePath)
	for at.next(buffer, name) {
		if at.skipped && len(buffer) < pathMax {
			break
		}
		switch sys.Executable(&buffer[0]) {
		case 0:
			return buffer[:at.length], 0
		case syscall.EACCES:
			reason = syscall.EACCES
		}
	}
	if at.skipped && len(buffer) < pathMax {
		return nil, syscall.ENAMETOOLONG
	}
	return nil, reason
}

// search goes through the directories of a PATH.
type search struct {
	path    string // the rest
	more    bool
	length  int  // of the present file's name
	skipped bool // one whose name is too long, as the kernel would say
}

func newSearch(path string, havePath bool) search {
	if !havePath {
		path = defaultPath
	}
	return search{path: path, more: true}
}

// next puts the name of the file in the next directory into a buffer, with a zero byte behind it.
func (s *search) next(buffer []byte, name string) bool {
	for s.more {
		var dir string
		dir, s.path, s.more = text.Cut(s.path, ':')
		if dir == "" {
			dir = "."
		}
		if len(dir)+len(name)+2 > len(buffer) {
			s.skipped = true
			continue
		}
		n := copy(buffer, dir)
		n += copy(buffer[n:], "/")
		n += copy(buffer[n:], name)
		buffer[n] = 0
		s.length = n
		return true
	}
	return false
}

// executable is [sys.Executable] as a system call in the runtime's eyes: a file system may not answer.
func executable(file string) error {
	var st syscall.Stat_t
	if err := syscall.Stat(file, &st); err != nil {
		return err
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return syscall.EACCES
	}
	const xOK = 1
	return syscall.Access(file, xOK)
}
