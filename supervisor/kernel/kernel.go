package kernel

import (
	"time"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/machine"
	"supervise/supervisor/process/tree"
)

// Forever is the timeout of a Wait that ends only by an event.
const Forever time.Duration = -1

// Kernel is the system as a whole.
type Kernel interface {
	// Now is the monotonic time since the supervisor began.
	Now() time.Duration

	// Wait returns the next signal; false when the timeout has passed, a child may have
	// ended, or somebody called Wake, which may be a false alarm.
	Wait(timeout time.Duration) (info signals.Info, ok bool)
	// Wake has Wait return. It may be called from any goroutine.
	Wake()
	// Hold leaves the signals of a set in the kernel's queue until Release.
	Hold(signals.Set)
	Release(signals.Set)

	// Start starts several services at once and waits for the results, in the same order.
	Start([]Start) []Started
	// Reap takes one child that has ended out of the kernel; false when there is none.
	Reap() (child sys.Child, ok bool)

	// SignalState is what /proc/PID/status says: proc_pid_status(5).
	SignalState(pid int) (sys.SignalState, error)
	// Process is who has a pid now: its real user and its comm. False when nobody has.
	Process(pid int) (machine.Asker, bool)
	// TerminalGone reports whether a SIGHUP says that the supervisor's terminal was closed.
	TerminalGone(info signals.Info) bool

	// StartHook starts a program that the rules have for a signal, in a session of its own.
	StartHook(command config.Command, info signals.Info) (pid int, err error)
	// KillHook kills it and its process group.
	KillHook(pid int)

	// Load reads a configuration file and prepares all that could go wrong with it, or
	// take its time. It may wait, and is called beside the loop. With dry it leaves
	// nothing behind.
	Load(path string, dry bool) (Configuration, error)

	// Beside runs work on another goroutine and has the loop run what it returns.
	Beside(work func() (then func()))
	// Later has the loop run f after a time. The function that it returns prevents that.
	Later(after time.Duration, f func()) (stop func())
	// Posted returns what Beside and Later have for the loop to run, in order.
	Posted() []func()
}

// Start asks for one generation of a service.
type Start struct {
	Service Service
	Gen     machine.Gen
}

// Started is what came of it.
type Started struct {
	PID       int   // of the new main process, unless there is an error
	Err       error // why there is none
	Temporary bool  // with Err: it was for want of something that may be there later
}

// Survey is what a main process that has ended leaves.
type Survey struct {
	Heir   int    // the process that it has handed over to, 0 if there is none
	Reason string // who that is, or else who is left and how to keep it in the foreground
}

// Configuration is one that was loaded and can be put in force.
type Configuration interface {
	File() *config.File
	// Service gives a service the settings of File().Services[i]; known is nil for one
	// that is new.
	Service(i int, known Service) Service
	// Release gives up what was prepared, when it is not put in force.
	Release()
}

// Service is one service on the system: its user, its processes, its output.
type Service interface {
	// Signal sends a signal to the processes of a generation whose main process is pid, 0
	// when that is gone, in the supervisor's name. It returns how many took it.
	Signal(pid int, scope config.Scope, signal signals.Signal) (sent int, err error)
	// Deliver passes a signal on to the main process, with its payload and sender.
	Deliver(pid int, info signals.Info) send.Result
	// Kill sends SIGKILL to everything, in a way that what forks meanwhile does not get
	// away.
	Kill(pid int) error

	// Empty reports whether nothing is left of it. Zombies do not count.
	Empty() (bool, error)
	// Members are its living processes.
	Members() ([]tree.Member, error)
	// MemoryEvents is the path of its cgroup's memory.events, "" without one.
	MemoryEvents() string

	// Survey says what is left when the main process has ended, and who took over from it.
	Survey() Survey
	// Follow makes another process the main process.
	Follow(pid int)

	// Ended says that the main process is gone: what it wrote is read to the end.
	Ended()
	// ReportTail has the last lines told that it wrote, if they do not stand in the log
	// already, or in any case with final.
	ReportTail(final bool)
	// Close gives up what is held for it.
	Close() error
}
