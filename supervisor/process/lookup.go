package process

import (
	"syscall"

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
	if !havePath {
		path = defaultPath
	}
	reason := syscall.ENOENT
	for dir := range text.Split(path, ':') {
		file := dir + "/" + name
		if dir == "" {
			file = "./" + name
		}
		switch executable(file) {
		case nil:
			return file, nil
		case syscall.EACCES:
			reason = syscall.EACCES
		}
	}
	return "", &StartError{Step: "find " + name + " in PATH", Errno: reason}
}

// executable reports whether a file exists, is regular, and may be executed.
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
