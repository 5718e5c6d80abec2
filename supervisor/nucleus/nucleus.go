//go:build linux && !cgo && (amd64 || arm64)

package nucleus

import (
	"unsafe"

	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/signals"
	"supervise/signals/intake/boot"
	"supervise/signals/relay"
	"supervise/supervisor/pid1"
	"supervise/supervisor/pid1/cmdline"
	"supervise/supervisor/process"
)

// stackSize is as much of the stack as may be used, in bytes: TestObject adds up what is.
//
//lint:ignore U1000 used from assembly
const stackSize = 16 << 10

// aloneSize is the size of another stack, with what the entry point itself has on it.
const aloneSize = stackSize + 64

// The most arguments there is memory for, and the most variables that are of interest here. With
// more of them the runtime is entered.
const (
	mostArguments = 256
	mostVariables = 32
	longestPath   = 512
)

// nucleus is all that there is, in static memory: what is used is at the beginning, as each page
// that is touched takes time.
type nucleus struct {
	relay relay.Relay // the first, so that it begins a line of the cache
	stack *uintptr    // argc, argv, a null pointer, the environment, and another
	mask  signals.Set // as it was inherited
	//lint:ignore U1000 used from assembly
	thread [2]uintptr // what FS points behind on amd64
	//lint:ignore U1000 used from assembly
	g [48]uintptr // as much of a g as the code of a function looks at

	pid     int
	parent  int         // its pid when we were executed
	decided signals.Set // more is to be done about these than to forward them
	dropped signals.Set // nothing is to be done about these
	ignored signals.Set // they were ignored, and are no more
	staying bool        // the command has ended, and its descendants are awaited
	alone   bool        // the runtime cannot start
	left    pid1.Adopted
	bare    process.Bare
	line    cmdline.Line
	found   int             // how many of variables there are
	words   int             // how many of arguments, the last, are the command
	moved   *unsafe.Pointer // a word that was changed, to what it is given back as
	was     unsafe.Pointer
	path    [longestPath]byte

	variables [mostVariables]string
	arguments [mostArguments]string
	environ   environ
	//lint:ignore U1000 used from assembly
	stackAlone [aloneSize]byte
}

// memory is where it lies, from the beginning of a page on. As it is small, and has pointers, it is
// not far from other data, and needs no page for the kernel's table of pages of its own.
//
//lint:ignore U1000 used from assembly
var memory struct {
	_ [pageSize]byte
	_ nucleus
}

// start is called by the entry point. When it returns, the Go runtime starts, with nothing
// changed, or with a command that pid1 goes on with.
//
//lint:ignore U1000 used from assembly
func start(n *nucleus) {
	arguments, ok := n.readArguments()
	index, args, init := cmdline.Select(arguments)
	switch {
	case !ok:
	case !init:
		n.answer(arguments)
	case n.readEnvironment() && n.read(index, args) && n.covers() && n.prepare() && n.launch():
		n.settle()
		n.loop()
		_, n.left.Last = n.relay.Forwarded()
		pid1.Adopt(&n.left)
		boot.Instead = instead
	}
	if n.moved != nil {
		*n.moved = n.was
	}
	if n.parent != 0 {
		pid1.SetFirstParent(n.parent)
	}
	boot.Found(n.stack, uint64(n.mask), uint64(n.ignored))
}

// readArguments returns the arguments. It is not ok if there are too many.
func (n *nucleus) readArguments() (arguments []string, ok bool) {
	for i := range n.argc() {
		if i == mostArguments {
			return nil, false
		}
		put(&n.arguments[i], cString(*n.word(1 + i)))
		arguments = n.arguments[:i+1]
	}
	return arguments, true
}

// read reads the command line of an init, and reports whether there is a command to run.
func (n *nucleus) read(index int, args []string) bool {
	n.pid = sys.PID()
	command, ok := n.line.Read(index, args, n.variables[:n.found])
	n.words = len(command)
	return ok
}

// name returns the command's name. What parsing moves it moves within the arguments.
func (n *nucleus) name() string { return n.arguments[n.argc()-n.words] }

// readEnvironment notes the variables that are of interest to an init. It reports whether it is
// not to use the Go runtime.
func (n *nucleus) readEnvironment() bool {
	for i := n.argc() + 2; *n.word(i) != nil; i++ {
		switch *(*byte)(*n.word(i)) {
		default:
			continue
		case 'C', 'D', 'L', 'P', 'S', 'T', 'W': // CATATONIT_ DUMB_INIT_ LISTEN_ PATH SUPERVISE_ SYSTEMD_ TINI_ WATCHDOG_
		}
		entry := cString(*n.word(i))
		if entry == "SUPERVISE_NUCLEUS=off" {
			return false
		}
		if !interesting(entry) {
			continue
		}
		if n.found == mostVariables {
			return false
		}
		put(&n.variables[n.found], entry)
		n.found++
	}
	return true
}

func interesting(entry string) bool {
	_, _, addressee := pid1.Addressee(entry)
	return addressee || isPath(entry) || cmdline.Concerns(entry)
}

const path = "PATH="

func isPath(entry string) bool { return len(entry) >= len(path) && entry[:len(path)] == path }

func (n *nucleus) argc() int { return int(*n.stack) }

// word returns one of the pointers behind argc: first those of the arguments, then a null
// pointer, those of the environment, another, and the auxiliary vector.
func (n *nucleus) word(i int) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(n.stack), i*int(unsafe.Sizeof(n.stack))))
}

// cString returns a C string.
func cString(first unsafe.Pointer) string {
	length := 0
	for *(*byte)(unsafe.Add(first, length)) != 0 {
		length++
	}
	return unsafe.String((*byte)(first), length)
}

// put stores a string. The compiler would first ask whether the garbage collector runs, in a page of
// memory that nothing else is needed of.
func put(at *string, s string) {
	*(*[2]uintptr)(unsafe.Pointer(at)) = [2]uintptr{uintptr(unsafe.Pointer(unsafe.StringData(s))), uintptr(len(s))}
}

// searchPath returns the value of $PATH.
func (n *nucleus) searchPath() (value string, set bool) {
	for _, entry := range n.variables[:n.found] {
		if isPath(entry) {
			return entry[len(path):], true
		}
	}
	return "", false
}

// covers reports whether the options ask for nothing but what is done here, or what there is
// time for to enter the runtime when it comes to it. The rest says something about every
// signal and orphan, has no command, or starts it in another way.
func (n *nucleus) covers() bool {
	o := &n.line.Options
	return !o.Pause && !o.ByKill && !o.Recorder && !o.WarnReaped && o.RestartOn == 0 && o.ReadyFD == 0 &&
		!o.CoreLimit.Given && !o.CoreFilter.Given && o.Log.Level >= pid1.Warn && sys.AllOpen()
}

// prepare finds the command and does what is to be done before it is started. It reports
// whether nothing is in the way. Whatever was done, pid1 does again, and says what went wrong.
func (n *nucleus) prepare() bool {
	o, b := &n.line.Options, &n.bare
	name := n.name()
	if name == "" {
		return false
	}
	b.Path = uintptr(unsafe.Pointer(unsafe.StringData(name)))
	if _, _, slash := text.Cut(name, '/'); !slash {
		path, set := n.searchPath()
		if _, errno := process.Find(n.path[:], name, path, set); errno != 0 {
			return false
		}
		b.Path = uintptr(unsafe.Pointer(&n.path))
	}
	b.Argv, b.Env = uintptr(unsafe.Pointer(n.argv())), uintptr(unsafe.Pointer(n.environ.prepare(n, b)))
	if b.Env == 0 {
		return false
	}
	n.parent = sys.Parent()
	if warning, _ := o.ReapsOrphans(n.pid); warning != "" {
		return false
	}
	return o.ParentDeath == 0 || sys.WatchParent(o.ParentDeath) == 0 && sys.Parent() == n.parent
}

// argv returns the command's arguments: those at the end of ours. Only if its name has moved,
// behind tini's "PROGRAM --", it has to move there as well.
func (n *nucleus) argv() **byte {
	first := n.word(1 + n.argc() - n.words)
	name := unsafe.Pointer(unsafe.StringData(n.name()))
	if *first != name {
		n.moved, n.was = first, *first
		*first = name
	}
	return (**byte)(unsafe.Pointer(first))
}

// launch starts the command, and reports whether it runs.
func (n *nucleus) launch() bool {
	o, b, left := &n.line.Options, &n.bare, &n.left
	if sys.IsIgnored(signals.SIGCHLD) { // which would reap our children for us
		b.IgnoreChld, n.ignored = true, signals.SetOf(signals.SIGCHLD)
		sys.Default(signals.SIGCHLD)
	}
	left.Terminal = pid1.OpenTerminal(o.Placement)
	b.Mask, b.Placement, b.WantPIDFD = n.mask, o.Placement, o.Group
	b.HasTerminal, b.Terminal = left.Terminal.Given, max(left.Terminal.FD, 0)
	child, ok := b.Start()
	if ok && o.Group && child.PIDFD < 0 {
		ok = false
	}
	if !ok {
		left.Terminal.Reclaim(0)
		left.Terminal.Close()
	}
	left.Command = child
	return ok
}

// settle does what can wait until the command runs.
func (n *nucleus) settle() {
	o, left := &n.line.Options, &n.left
	if !o.KeepDirectory {
		sys.ChdirRoot() // so that we keep no mount busy
	}
	sys.CloseAbove(left.Command.PIDFD, left.Terminal.FD)
	n.relay.Init(pid1.Forwarded.With(signals.SIGCHLD), n.pid)
	n.relay.Name(left.Command.PID, !o.EndsGroup() && !n.watchesStops())
	n.dropped = o.Dropped()
	n.decided = o.Decided(n.pid, left.Terminal.FD >= 0)
	for s := range signals.Max + 1 {
		n.relay.Rewrite(s, o.Rewrite.Of(s))
	}
	n.forward(pid1.Forwarded &^ n.decided)
}

// forward has the relay forward the signals of a set.
func (n *nucleus) forward(set signals.Set) {
	if n.line.Options.Group {
		n.relay.ToGroup(n.left.Command.PIDFD, set)
	} else {
		n.relay.To(n.left.Command.PID, set)
	}
}
