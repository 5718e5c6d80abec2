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
	s := newSearch(name, path, havePath)
	for {
		file, errno := s.next(buffer[:])
		if file == nil {
			return "", &StartError{Step: "find " + name + " in PATH", Errno: errno}
		}
		if s.accepts(sys.WaitExecutable(&file[0])) {
			return string(file), nil
		}
	}
}

// pathMax is the longest name of a file with the zero byte at its end: PATH_MAX in
// linux/limits.h.
const pathMax = 4096

// Find is [Lookup] for a name without a slash, in the caller's memory: it allocates nothing.
// Behind the file's name is a zero byte. What the buffer is too small for is ENAMETOOLONG.
func Find(buffer []byte, name, path string, havePath bool) (file []byte, errno syscall.Errno) {
	s := newSearch(name, path, havePath)
	for {
		file, errno := s.next(buffer)
		if file == nil || s.accepts(sys.Executable(&file[0])) {
			return file, errno
		}
	}
}

// search goes through the directories of a PATH.
type search struct {
	name, path string
	more       bool
	reason     syscall.Errno // why it has not been found
}

func newSearch(name, path string, havePath bool) search {
	if !havePath {
		path = defaultPath
	}
	return search{name, path, true, syscall.ENOENT}
}

// next is the next file that it may be, in the caller's memory; nil if there is none, and why.
func (s *search) next(buffer []byte) (file []byte, errno syscall.Errno) {
	for s.more {
		var dir string
		dir, s.path, s.more = text.Cut(s.path, ':')
		if dir == "" {
			dir = "."
		}
		if len(dir)+len(s.name)+2 > len(buffer) {
			if len(buffer) < pathMax {
				return nil, syscall.ENAMETOOLONG
			}
			continue // as the kernel would say
		}
		n := copy(buffer, dir)
		n += copy(buffer[n:], "/")
		n += copy(buffer[n:], s.name)
		buffer[n] = 0
		return buffer[:n], 0
	}
	return nil, s.reason
}

// accepts reports whether it is that file.
func (s *search) accepts(errno syscall.Errno) bool {
	if errno == syscall.EACCES {
		s.reason = errno
	}
	return errno == 0
}

// executable is [sys.WaitExecutable] for a string.
func executable(file string) error {
	name, err := syscall.BytePtrFromString(file)
	if err != nil {
		return err
	}
	if errno := sys.WaitExecutable(name); errno != 0 {
		return errno
	}
	return nil
}
