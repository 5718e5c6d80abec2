//go:build linux && (amd64 || arm64)

package plain

import (
	"syscall"
	"unsafe"

	"supervise/internal/release"
	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/signals"
	"supervise/signals/intake/boot"
	"supervise/supervisor/control/wire"
	"supervise/supervisor/status"
)

// The most of everything that there is memory for. With more the runtime is entered.
const (
	mostNames      = 64
	mostServices   = 4096
	longestPath    = 512
	longestRequest = 1024
)

// memory is what is needed, all of it zero at first: see package nucleus. Small things come first,
// as each page that is touched takes time.
var memory struct {
	command command
	begun   wire.Begun
	request [longestRequest]byte
	message [sys.MsgHead + wire.HeaderSize + longestRequest]byte
	file    [sys.MsgHead + wire.MaxFrame]byte // what was read, of one file at a time, and then a message
	out     [64 << 10]byte
	slots   [mostServices]status.Slot
}

// command is a command line.
type command struct {
	environ unsafe.Pointer // the first pointer of the environment
	mask    signals.Set    // as it was inherited

	verb  string
	dir   string // as given, "" for none
	board bool   // --board
	count int
	names [mostNames]string
	path  [longestPath]byte
}

// Answer does what a command line asks for, if it is plain. Done is false if the usual way is
// to be gone; else status is what to exit with. environ is the first pointer of the
// environment, and mask what was blocked when the program was executed. Now everything is.
func Answer(arguments []string, environ unsafe.Pointer, mask signals.Set) (code int, done bool) {
	c := &memory.command
	c.environ, c.mask = environ, mask
	if len(arguments) < 2 || !known(arguments[1]) || !c.read(arguments[1], arguments[2:]) {
		return 0, false
	}
	switch c.verb {
	case "version":
		return 0, c.version()
	case "status":
		return c.status()
	}
	return c.change()
}

// known reports whether a subcommand may be answered here.
func known(verb string) bool {
	switch verb {
	case "status", "start", "stop", "restart", "reload", "pause", "continue", "signal", "version":
		return true
	}
	return false
}

// read reads the arguments, and reports whether they are plain.
func (c *command) read(verb string, args []string) bool {
	if off, _ := boot.LookupIn(c.environ, "SUPERVISE_NUCLEUS"); off == "off" {
		return false
	}
	const flag = "--runtime-dir"
	c.verb = verb
	for ; len(args) > 0; args = args[1:] {
		rest, begins := text.CutPrefix(args[0], flag)
		begins = begins && verb != "version"
		switch dir, joined := text.CutPrefix(rest, "="); {
		case begins && rest == "" && len(args) > 1:
			c.dir, args = args[1], args[1:]
		case begins && joined:
			c.dir = dir
		case args[0] == "--board" && verb == "status":
			c.board = true
		case plain(args[0]) && c.count < mostNames:
			c.names[c.count] = args[0]
			c.count++
		default:
			return false
		}
	}
	switch verb {
	case "status":
		return true
	case "version":
		return c.count == 0
	case "signal":
		return c.count == 2
	}
	return c.count > 0
}

// plain reports whether an argument is a name, and stands in JSON as it is.
func plain(arg string) bool {
	for i := range len(arg) {
		switch c := arg[i]; {
		case c <= ' ', c >= 0x7f, c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return arg != "" && arg[0] != '-'
}

// entry is how a build that comes here receives signals: intake.Entry.
const entry = "entry"

// version prints the line of subcommand version. Without a revision of its own the build has to be
// looked at, which takes the runtime.
func (c *command) version() bool {
	b := text.NewBuffer(memory.out[:])
	release.AddLine(&b, release.Revision, entry)
	return release.Revision != "" && c.print(&b)
}

// file returns a file of the runtime directory as a C string, nil if its name is too long.
func (c *command) file(name string) *byte {
	given := c.dir
	if given == "" {
		given, _ = boot.LookupIn(c.environ, wire.DirectoryVariable)
	}
	below, _ := boot.LookupIn(c.environ, wire.UserVariable)
	b := text.NewBuffer(c.path[:])
	wire.AddDirectory(&b, given, below)
	b.AddByte('/')
	b.Add(name)
	if b.AddByte(0); b.Full() {
		return nil
	}
	return &c.path[0]
}

// print writes a text to the standard output, empties it, and reports whether that was
// possible. While it waits for a reader, signals have the effect that they have on any program.
func (c *command) print(b *text.Buffer) bool {
	defaults := sys.SetMask(c.mask)
	rest := b.Bytes()
	for len(rest) > 0 {
		n, errno := sys.Write(1, rest)
		if errno == syscall.EAGAIN {
			sys.WaitWritable(1)
		} else if errno != 0 && errno != syscall.EINTR {
			break
		}
		rest = rest[n:]
	}
	sys.SetMask(defaults)
	b.Cut(0)
	return len(rest) == 0 && !b.Full()
}
