package kernel

import (
	"time"

	"supervise/config"
	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/recorder"
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

	// Wait returns the next signal. ok is false when the timeout has passed, a child may
	// have ended, or Wake was called; it may also be false for no reason.
	Wait(timeout time.Duration) (info signals.Info, ok bool)
	// Wake makes Wait return. It may be called on any goroutine.
	Wake()
	// Hold leaves the signals of a set in the kernel's queue until Release.
	Hold(signals.Set)
	Release(signals.Set)

	// Start begins the start of several services at once. It waits for those that take no time.
	Start([]Start)
	// Reap reaps one child that has ended, or returns one that was stopped or continued by a
	// signal; ok is false when there is none.
	Reap() (child sys.Child, ok bool)

	// SignalState is what /proc/PID/status says: proc_pid_status(5).
	SignalState(pid int) (sys.SignalState, error)
	// Process describes the process that has a pid now: its uid and its comm. It is false
	// if there is none.
	Process(pid int) (machine.Asker, bool)
	// Recorded hands over what was recorded of signals to processes of services since the last
	// call, and returns how many were lost so far; nothing without a recorder. A signal is valid
	// until take returns. Its time is that of Now.
	Recorded(take func(*recorder.Signal)) (lost uint64)
	// Recording reports whether there is a recorder.
	Recording() bool
	// Obstacle says why a process survives SIGKILL, in words that follow its name; "" if
	// nothing is known, or it does not survive.
	Obstacle(pid int) string
	// TerminalGone reports whether a SIGHUP says that the supervisor's terminal was closed.
	TerminalGone(info signals.Info) bool

	// StartHook starts the program of a signal's rule, in a session of its own, and has the
	// loop call ended with the result.
	StartHook(command config.Command, info signals.Info, ended func(pid int, err error))
	// KillHook kills it and its process group.
	KillHook(pid int)

	// Load reads a configuration file, and does everything about it that may fail or take
	// time. It may wait, and is called beside the loop.
	Load(path string, how Loading) (Configuration, error)

	// KillAside kills a former main process that was set aside, whose core is cut short.
	KillAside(pid int)

	// Beside runs work on another goroutine, and then on the loop, unless it is nil, the
	// function that work has returned. It may be called from any goroutine.
	Beside(work func() (then func()))
	// Later runs f on the loop after a time, unless stop is called before.
	Later(after time.Duration, f func()) (stop func())
	// Posted returns the functions of Beside and Later that the loop is to call now, in
	// order.
	Posted() []func()
}

// Loading says how a configuration is read.
type Loading struct {
	Dry bool // it leaves nothing behind

	// Confined says that whoever named the file must not say what we do: it is refused if
	// others than root and we can change it.
	Confined bool
}

// Start asks for one generation of a service.
type Start struct {
	Service Service
	Gen     machine.Gen

	// Ended is called on the loop with the result, before Reap returns the process, maybe
	// before Start returns. Delayed is called there when it takes long, and says for what it waits.
	Ended   func(Started)
	Delayed func(reason string)
}

// Started is its result.
type Started struct {
	PID       int   // of the new main process, unless there is an error
	Err       error // why there is none
	Temporary bool  // with Err: the same start may succeed later
}

// Survey is what a main process that has ended leaves.
type Survey struct {
	Heir   int    // the process that it has handed over to, 0 if there is none
	Reason string // who that is, or else who is left and how to keep it in the foreground
}

// Crash is what is told of a process that has crashed, as its core is taken: [order.Progress].
// For each there are several, and one with the stage Stored is the last.
type Crash struct {
	Service string // "" if it is of none
	Gen     machine.Gen
	PID     int
	Name    string // comm, "" if it is not known
	Stage   order.Stage
	Report  *report.Report // with Released only id, signal and mini; may be nil then
}

// Configuration is one that was loaded and can be applied.
type Configuration interface {
	File() *config.File
	// Service applies the settings of File().Services[i] to a service; known is nil for a
	// new one.
	Service(i int, known Service) Service
	// Release frees what was prepared, if the configuration is not applied.
	Release()
}

// Service is one service on the system: its user, its processes, its output.
type Service interface {
	// Signal sends a signal of the supervisor's own to the processes of a generation. pid
	// is its main process, 0 when that is gone. It returns to how many it was sent: a
	// process group counts as one.
	Signal(pid int, scope config.Scope, signal signals.Signal) (sent int, err error)
	// Deliver passes a signal on to the main process, with its payload and sender.
	Deliver(pid int, info signals.Info) send.Result
	// GiveUpStart ends a start that has no result yet, which follows, unless the kernel holds
	// the process even then.
	GiveUpStart()
	// Kill sends SIGKILL to all of its processes. None escapes by forking meanwhile.
	Kill(pid int) error

	// SetAside says that a main process is no process of it any more, though it lives: the kernel
	// writes its core, and it will not run again. It fails where that cannot be done.
	SetAside(pid int) error

	// Empty reports whether it has no processes. Zombies do not count.
	Empty() (bool, error)
	// Members are its living processes.
	Members() ([]tree.Member, error)
	// MemoryEvents is the path of its cgroup's memory.events, "" without one.
	MemoryEvents() string

	// Retire says that nothing of it will be started any more: what the kernel keeps for it may go
	// as soon as it is empty.
	Retire()

	// Survey says what is left when the main process has ended, and who took over from it.
	Survey() Survey
	// Follow makes another process the main process.
	Follow(pid int)

	// Ended says that the main process has been reaped: its output is read to the end, and
	// then read is called on the loop with its last lines, none if it wrote to the
	// supervisor's own output.
	Ended(read func(lines []string))
	// ReportTail logs the last lines of its output, unless they are in the log already;
	// with final even then.
	ReportTail(final bool)
	// ReopenLog opens its log files anew, if they were moved away, and has the loop call done
	// then. It returns false, and done is not called, if it has none.
	ReopenLog(done func(error)) bool
	// Close releases what is held for it.
	Close() error
}

// ResultOf is what the machine is told of a signal that was passed on.
func ResultOf(result send.Result) machine.Result {
	switch result {
	case send.OK:
		return machine.OK
	case send.Again:
		return machine.Again
	case send.Gone:
		return machine.Gone
	case send.Refused:
		return machine.Refused
	}
	return machine.Refused
}

// Signalled is what the machine is told of a signal that somebody asked for.
func Signalled(action *machine.Action, count int, err error) machine.Event {
	event := machine.Event{
		Kind: machine.Signalled, Service: action.Service, Gen: action.Gen, Ticket: action.Ticket, Count: count,
	}
	if err != nil {
		event.Reason = err.Error()
	}
	return event
}
