//go:build !slim

package main

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// endWithReader ends the process as soon as nobody reads its output any more, as SIGPIPE
// would (the Go runtime withholds it until a write fails). A command that follows something
// would otherwise notice only when there is more to write, which may be never.
func endWithReader() {
	go func() {
		for {
			// A pipe without readers has POLLERR, which need not be requested: poll(2).
			fds := []unix.PollFd{{Fd: 1}}
			switch _, err := unix.Poll(fds, -1); {
			case errors.Is(err, unix.EINTR):
				continue
			case err == nil && fds[0].Revents&unix.POLLERR != 0:
				os.Exit(128 + int(unix.SIGPIPE))
			}
			return
		}
	}()
}
