package where

import (
	"strconv"
	"syscall"
)

// Variable names the runtime directory in the environment of commands that talk to a
// supervisor.
const Variable = "SUPERVISE_RUNTIME_DIR"

// Meant is the directory that a command was given, else the environment's, else
// [Default]. It may be a relative path.
func Meant(given string, getenv func(string) string) string {
	if given == "" {
		given = getenv(Variable)
	}
	if given == "" {
		given = Default(getenv)
	}
	return given
}

// Default is where a supervisor keeps its files unless told otherwise: /run/supervise for
// root, else supervise below $XDG_RUNTIME_DIR, or a directory of the user's own in /tmp
// where that is not set.
func Default(getenv func(string) string) string {
	uid := syscall.Geteuid()
	if uid == 0 {
		return "/run/supervise"
	}
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" && dir[0] == '/' {
		return dir + "/supervise"
	}
	return "/tmp/supervise-" + strconv.Itoa(uid)
}
