package wire

import (
	"strconv"
	"syscall"
)

// DirectoryVariable names the runtime directory in the environment of commands that talk to
// a supervisor.
const DirectoryVariable = "SUPERVISE_RUNTIME_DIR"

// Directory returns the runtime directory that a command was given, else the environment's,
// else [DefaultDirectory]. It may be a relative path.
func Directory(given string, getenv func(string) string) string {
	if given == "" {
		given = getenv(DirectoryVariable)
	}
	if given == "" {
		given = DefaultDirectory(getenv)
	}
	return given
}

// DefaultDirectory is where a supervisor keeps its files unless told otherwise:
// /run/supervise for root, else supervise below $XDG_RUNTIME_DIR, or a directory of the
// user's own in /tmp where that is not set.
func DefaultDirectory(getenv func(string) string) string {
	uid := syscall.Geteuid()
	if uid == 0 {
		return "/run/supervise"
	}
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" && dir[0] == '/' {
		return dir + "/supervise"
	}
	return "/tmp/supervise-" + strconv.Itoa(uid)
}
