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
	stack *uintptr    // argc, argv, a null pointer, the environment, and another
	mask  signals.Set // as it was inherited
	//lint:ignore U1000 used from assembly
	thread [2]uintptr // what FS points behind on amd64
	//lint:ignore U1000 used from assembly
	g [48]uintptr // as much of a g as the code of a function looks at

	options *pid1.Options
	pid     int
	parent  int         // its pid when we were executed
	decided signals.Set // more is to be done about these than to forward them
	dropped signals.Set // nothing is to be done about these
	ignored signals.Set // they were ignored, and are no more
	staying bool        // the command has ended, and its descendants are awaited
	alone   bool        // the runtime cannot start
	relay   relay.Relay
	left    pid1.Adopted
	bare    process.Bare
	line    cmdline.Line
	found   []string        // those of variables
	moved   *unsafe.Pointer // a word that was changed, to what it is given back as
	was     unsafe.Pointer
	path    [longestPath]byte

	variables [mostVariables]string
	arguments [mostArguments]string
	environ   environ
	//lint:ignore U1000 used from assembly
	stackAlone [aloneSize]byte
	backlog    backlog
}

// memory is where it lies, from the beginning of a page on.
//
//lint:ignore U1000 used from assembly
var memory [pageSize + unsafe.Sizeof(nucleus{})]byte

// start is called by the entry point. When it returns, the Go runtime starts, with nothing
// changed, or with a command that pid1 goes on with.
//
//lint:ignore U1000 used from assembly
func start(n *nucleus) {
	if n.read() && n.covers() && n.prepare() && n.launch() {
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

// read reads the arguments and the environment, and reports whether they ask for an init that
// is not to use the Go runtime.
func (n *nucleus) read() bool {
	arguments := n.arguments[:0]
	for i := range n.argc() {
		if i == mostArguments {
			return false
		}
		n.arguments[i] = cString(*n.word(1 + i))
		arguments = n.arguments[:i+1]
	}
	index, args, ok := cmdline.Select(arguments)
	if !ok || !n.readEnvironment() {
		return false
	}
	n.options, n.pid = &n.line.Options, sys.PID()
	return n.line.Read(index, arguments[0], args, n.found)
}

// readEnvironment notes the variables that are of interest here.
func (n *nucleus) readEnvironment() bool {
	count := 0
	for i := n.argc() + 2; *n.word(i) != nil; i++ {
		switch *(*byte)(*n.word(i)) {
		default:
			continue
		case 'C', 'D', 'L', 'P', 'S', 'T', 'W': // CATATONIT_ DUMB_INIT_ LISTEN_ PATH SUPERVISE_ SYSTEMD_ TINI_ WATCHDOG_
		}
		entry := cString(*n.word(i))
		if !interesting(entry) {
			continue
		}
		if count == mostVariables || text.Equal(entry, "SUPERVISE_NUCLEUS=off") {
			return false
		}
		n.variables[count] = entry
		count++
	}
	n.found = n.variables[:count]
	return true
}

func interesting(entry string) bool {
	if begins(entry, "PATH=") || begins(entry, "SUPERVISE_NUCLEUS=") || cmdline.Concerns(entry) {
		return true
	}
	for i := range pid1.Addressees {
		if _, ok := valueOf(entry, pid1.Addressees[i]); ok {
			return true
		}
	}
	return false
}

func begins(entry, prefix string) bool {
	_, ok := text.CutPrefix(entry, prefix)
	return ok
}

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

// lookup returns the value of a variable, given its name.
func (n *nucleus) lookup(name string) (value string, ok bool) {
	for _, entry := range n.found {
		if value, ok = valueOf(entry, name); ok {
			return value, true
		}
	}
	return "", false
}

// covers reports whether the options ask for nothing but what is done here, or what there is
// time for to enter the runtime when it comes to it. The rest says something about every
// signal and orphan, has no command, or starts it in another way.
func (n *nucleus) covers() bool {
	o := n.options
	return !o.Pause && !o.ByKill && !o.Recorder && !o.WarnReaped && o.RestartOn == 0 && o.ReadyFD == 0 &&
		!o.CoreLimit.Given && !o.CoreFilter.Given && o.Log.Level >= pid1.Warn && sys.AllOpen()
}

// prepare finds the command and does what is to be done before it is started. It reports
// whether nothing is in the way. Whatever was done, pid1 does again, and says what went wrong.
func (n *nucleus) prepare() bool {
	o, b := n.options, &n.bare
	name := o.Command[0]
	if name == "" {
		return false
	}
	b.Path = unsafe.StringData(name)
	if _, _, slash := text.Cut(name, '/'); !slash {
		path, set := n.lookup("PATH")
		if _, errno := process.Find(n.path[:], name, path, set); errno != 0 {
			return false
		}
		b.Path = &n.path[0]
	}
	b.Argv, b.Env = n.argv(), n.environ.prepare(n, b)
	if b.Env == nil {
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
	first := n.word(1 + n.argc() - len(n.options.Command))
	name := unsafe.Pointer(unsafe.StringData(n.options.Command[0]))
	if *first != name {
		n.moved, n.was = first, *first
		*first = name
	}
	return (**byte)(unsafe.Pointer(first))
}

// launch starts the command, and reports whether it runs.
func (n *nucleus) launch() bool {
	o, b, left := n.options, &n.bare, &n.left
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
	o, left := n.options, &n.left
	if !o.KeepDirectory {
		sys.ChdirRoot() // so that we keep no mount busy
	}
	sys.CloseAbove(left.Command.PIDFD, left.Terminal.FD)
	n.relay.Init(pid1.Forwarded.With(signals.SIGCHLD), n.pid)
	n.dropped = o.Dropped()
	n.decided = o.Decided(n.pid, left.Terminal.FD >= 0)
	for s := range signals.Max + 1 {
		n.relay.Rewrite(s, o.Rewrite.Of(s))
	}
	n.forward(pid1.Forwarded &^ n.decided)
}

// forward has the relay forward the signals of a set.
func (n *nucleus) forward(set signals.Set) {
	if n.options.Group {
		n.relay.ToGroup(n.left.Command.PIDFD, set)
	} else {
		n.relay.To(n.left.Command.PID, set)
	}
}
