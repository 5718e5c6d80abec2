package wire

import (
	"supervise/internal/sys"
	"supervise/internal/text"
)

// DirectoryVariable names the runtime directory in the environment of commands that talk to
// a supervisor, and UserVariable the one below which a user's own is.
const (
	DirectoryVariable = "SUPERVISE_RUNTIME_DIR"
	UserVariable      = "XDG_RUNTIME_DIR"
)

// Directory returns the runtime directory that a command was given, else the environment's,
// else that where a supervisor keeps its files unless told otherwise: /run/supervise for root,
// else supervise below $XDG_RUNTIME_DIR, or a directory of the user's own in /tmp where that is
// not set. It may be a relative path.
func Directory(given string, getenv func(string) string) string {
	if given == "" {
		given = getenv(DirectoryVariable)
	}
	below := getenv(UserVariable)
	b := text.NewBuffer(make([]byte, len(given)+len(below)+40))
	AddDirectory(&b, given, below)
	return string(b.Bytes())
}

// AddDirectory is the same without allocation: given may be the environment's, and below is
// the value of UserVariable.
func AddDirectory(b *text.Buffer, given, below string) {
	switch uid := sys.UserID(); {
	case given != "":
		b.Add(given)
	case uid == 0:
		b.Add("/run/supervise")
	case below != "" && below[0] == '/':
		b.Add(below)
		b.Add("/supervise")
	default:
		b.Add("/tmp/supervise-")
		b.AddInt(int64(uid))
	}
}
