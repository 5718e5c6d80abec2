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
	file, errno := Find(buffer[:], name, path, havePath)
	if errno != 0 {
		return "", &StartError{Step: "find " + name + " in PATH", Errno: errno}
	}
	return string(file), nil
}

// pathMax is the longest name of a file with the zero byte at its end: PATH_MAX in
// linux/limits.h.
const pathMax = 4096

// Find is [Lookup] for a name without a slash, in the caller's memory: it allocates nothing.
// Behind the file's name is a zero byte. What the buffer is too small for is ENAMETOOLONG.
func Find(buffer []byte, name, path string, havePath bool) (file []byte, errno syscall.Errno) {
	if !havePath {
		path = defaultPath
	}
	reason := syscall.ENOENT
	for more := true; more; {
		var dir string
		dir, path, more = text.Cut(path, ':')
		if dir == "" {
			dir = "."
		}
		if len(dir)+len(name)+2 > len(buffer) {
			if len(buffer) < pathMax {
				return nil, syscall.ENAMETOOLONG
			}
			continue // as the kernel would say
		}
		n := copy(buffer[:], dir)
		n += copy(buffer[n:], "/")
		n += copy(buffer[n:], name)
		buffer[n] = 0
		switch sys.Executable(&buffer[0]) {
		case 0:
			return buffer[:n], 0
		case syscall.EACCES:
			reason = syscall.EACCES
		}
	}
	return nil, reason
}

// executable is [sys.Executable] for a string.
func executable(file string) error {
	name, err := syscall.BytePtrFromString(file)
	if err != nil {
		return err
	}
	if errno := sys.Executable(name); errno != 0 {
		return errno
	}
	return nil
}
