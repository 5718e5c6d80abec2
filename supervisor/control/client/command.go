package client

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Command writes one line into a FIFO of a runtime directory, as echo would: "control" takes
// lines, "services/NAME/control" letters. It does not wait, and there is no answer. A
// [*NotRunningError] says that nobody reads the FIFO.
func Command(dir, fifo, line string) error {
	path := dir + "/" + fifo
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENOENT) {
		return &NotRunningError{Dir: dir}
	}
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return &NotRunningError{Dir: dir} // somebody has written a file where no FIFO was
	}
	if _, err := unix.Write(fd, []byte(line+"\n")); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}
