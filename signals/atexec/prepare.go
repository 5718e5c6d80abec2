package atexec

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/coredump/settings"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake"
)

// Handover is a process that is about to execute another program.
type Handover struct {
	in      *intake.Intake
	found   intake.Inherited
	mask    signals.Set
	ignored signals.Set
	pending []signals.Info

	// pendingLimit is set last of all limits, as the pending signals need room until then.
	pendingLimit *unix.Rlimit
}

// rlimitPending is RLIMIT_SIGPENDING: getrlimit(2).
const rlimitPending = 11

// Prepare takes over what was inherited, and changes all of it that the Go runtime does not mind.
// parent is the parent's pid at the start of the program. The intake was started and not used
// yet. The error says what could not be set; others may be set by then.
func Prepare(in *intake.Intake, c *Change, parent int) (*Handover, error) {
	h := &Handover{in: in, found: in.Inherited(), pending: in.Collect(0)}
	h.mask, h.ignored = c.Apply(h.found.Mask, h.found.Ignored)
	switch {
	case c.NewSession:
		if err := newSession(); err != nil {
			return nil, err
		}
	case c.NewGroup:
		if err := newGroup(); err != nil {
			return nil, err
		}
	}
	if c.PendingLimit != nil {
		limit, err := c.PendingLimit.of(rlimitPending)
		if err != nil {
			return nil, err
		}
		h.pendingLimit = &limit
	}
	if c.CoreLimit != nil {
		limit, err := c.CoreLimit.of(unix.RLIMIT_CORE)
		if err == nil {
			err = setLimit(unix.RLIMIT_CORE, &limit)
		}
		if err != nil {
			return nil, err
		}
	}
	if c.CoreFilter != nil {
		if err := settings.WriteFilter(os.Getpid(), *c.CoreFilter); err != nil {
			return nil, err
		}
	}
	return h, h.attributes(c, parent)
}

// attributes sets what prctl(2) does.
func (h *Handover) attributes(c *Change, parent int) error {
	if c.Subreaper != nil {
		on := uintptr(0)
		if *c.Subreaper {
			on = 1
		}
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, on, 0, 0, 0); err != nil {
			return fmt.Errorf("cannot set the subreaper attribute: %w", err)
		}
	}
	if c.ParentDeath == nil {
		return nil
	}
	if err := sys.ParentDeath(*c.ParentDeath); err != nil {
		return fmt.Errorf("cannot set the parent-death signal: %w", err)
	}
	if *c.ParentDeath != 0 && os.Getppid() != parent {
		return fmt.Errorf("the parent, pid %d, has ended before its death could be watched: nothing is executed", parent)
	}
	return nil
}

// newSession makes the process the leader of a new session. That is refused to the leader of a
// group, which a shell makes of every command (setsid(2)): it moves into its parent's group
// first, where that is in the same session.
func newSession() error {
	if _, err := unix.Setsid(); err == nil {
		return nil
	}
	if group, err := unix.Getpgid(os.Getppid()); err == nil && group > 0 {
		_ = unix.Setpgid(0, group)
	}
	if _, err := unix.Setsid(); err != nil {
		return fmt.Errorf("cannot make a new session: %w: others are in the process group that this process leads, or its parent is of another session; 'setsid --fork supervise exec ...' makes one in another process", err)
	}
	return nil
}

// newGroup makes the process the leader of a new process group; that of a session leads one
// anyway.
func newGroup() error {
	if group, err := unix.Getpgid(0); err == nil && group == os.Getpid() {
		return nil
	}
	if err := unix.Setpgid(0, 0); err != nil {
		return fmt.Errorf("cannot make a new process group: %w", err)
	}
	return nil
}

// of is the limit of this process with the change.
func (l *Limit) of(resource int) (limit unix.Rlimit, err error) {
	if limit, err = limitOf(resource); err != nil {
		return limit, fmt.Errorf("cannot read %s: %w", limitNames[resource], err)
	}
	if l.Soft != nil {
		limit.Cur = *l.Soft
	}
	if l.Hard != nil {
		limit.Max = *l.Hard
		if l.Soft == nil {
			limit.Cur = min(limit.Cur, limit.Max)
		}
	}
	return limit, nil
}

var limitNames = map[int]string{rlimitPending: "RLIMIT_SIGPENDING", unix.RLIMIT_CORE: "RLIMIT_CORE"}

func setLimit(resource int, to *unix.Rlimit) error {
	if err := unix.Prlimit(0, resource, to, nil); err != nil {
		return fmt.Errorf("cannot set %s to %s:%s: %w: to raise the hard limit takes CAP_SYS_RESOURCE, and the soft one is not above it",
			limitNames[resource], limitText(to.Cur), limitText(to.Max), err)
	}
	return nil
}

func limitOf(resource int) (limit unix.Rlimit, err error) {
	err = unix.Prlimit(0, resource, nil, &limit)
	return limit, err
}

func limitText(n uint64) string {
	if n == math.MaxUint64 {
		return "unlimited"
	}
	return fmt.Sprint(n)
}

// Exec executes a program in the place of this one. If it returns, with an error that tells why
// execve(2) failed, or that pending signals could not be kept, this process has lost its own
// signal handlers and is to exit.
func (h *Handover) Exec(path string, argv, env []string) error {
	name, err := syscall.BytePtrFromString(path)
	if err != nil {
		return err
	}
	args, err := syscall.SlicePtrFromStrings(argv)
	if err != nil {
		return fmt.Errorf("an argument has a zero byte in it: %w", err)
	}
	environ, err := syscall.SlicePtrFromStrings(env)
	if err != nil {
		return fmt.Errorf("the environment has a zero byte in it: %w", err)
	}
	debug.SetGCPercent(-1) // the collector would start threads
	// To ignore a signal, or to set one to a default that ignores it, discards it where it is
	// pending; the rest stays in the kernel, and keeps the handlers of package intake until no
	// signal is under way.
	discarding := h.ignored | ignoredByDefault
	h.pending = append(h.pending, h.in.Seal(discarding)...)
	sys.SetMask(signals.Full) // the faults, too, of which some may be pending
	setDispositions(discarding, h.ignored)
	if lost := h.in.Return(h.pending); len(lost) > 0 {
		return fmt.Errorf("%d pending signals cannot be kept, such as %v: the queue of the user is full (RLIMIT_SIGPENDING)", len(lost), lost[0])
	}
	setDispositions(catchable&^discarding, 0)
	if h.pendingLimit != nil {
		if err := setLimit(rlimitPending, h.pendingLimit); err != nil {
			return err
		}
	}
	if file := h.found.NoFile; file.Hard != 0 {
		limit := [2]uint64{file.Soft, file.Hard}
		_, _, _ = syscall.RawSyscall6(syscall.SYS_PRLIMIT64, 0, syscall.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	}
	sys.SetMask(h.mask)
	_, _, errno := syscall.RawSyscall(syscall.SYS_EXECVE, uintptr(unsafe.Pointer(name)),
		uintptr(unsafe.Pointer(&args[0])), uintptr(unsafe.Pointer(&environ[0])))
	sys.SetMask(signals.Full)
	return errno
}

// ignoredByDefault are the signals that do nothing by default.
var ignoredByDefault = signals.SetOf(signals.SIGCHLD, signals.SIGCONT, signals.SIGURG, signals.SIGWINCH)

// setDispositions sets those of some signals to what the program is to have. Handlers would
// become SIG_DFL by themselves, but must not run any more when the mask is set.
func setDispositions(of, ignored signals.Set) {
	for s := range of.All() {
		if ignored.Has(s) {
			_ = sys.SetIgnored(s)
		} else {
			_ = sys.SetDefault(s)
		}
	}
}
