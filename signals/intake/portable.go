//go:build !(linux && (amd64 || arm64))

package intake

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"supervise/signals"
)

// Intake is the process's stream of signals. There is one, made by [Start].
//
// This is the portable version, for architectures without assembly here: os/signal passes on
// numbers only, coalesces real-time signals, and withholds some.
type Intake struct {
	signals chan os.Signal
	child   chan os.Signal
	wake    chan struct{}
	held    signals.Set
	waiting []signals.Signal // arrived while held
}

// Start takes over the process's signals.
func Start([]string) (*Intake, error) {
	in := &Intake{
		signals: make(chan os.Signal, 4096),
		child:   make(chan os.Signal, 1),
		wake:    make(chan struct{}, 1),
	}
	for s := range (catchable &^ signals.SetOf(signals.SIGCHLD, signals.SIGURG)).All() {
		signal.Notify(in.signals, syscall.Signal(s))
	}
	signal.Notify(in.child, syscall.SIGCHLD)
	return in, nil
}

// RestoreRuntimeSignals does nothing here: nothing was taken before Start.
func RestoreRuntimeSignals() {}

// Observe is not possible here.
func Observe(signals.Set) bool { return false }

// Observed returns nothing here.
func Observed() (signals.Signal, signals.Code) { return 0, 0 }

// Built returns Portable.
func Built() Mode { return Portable }

// Arguments returns the program's arguments, argv[0] first.
func Arguments() []string { return readArguments() }

// StartInInit is [Start].
func StartInInit(argv []string) (*Intake, error) { return Start(argv) }

// Getenv returns the value of an environment variable, "" for none.
func Getenv(name string) string { return os.Getenv(name) }

// LookupEnv returns the value of an environment variable, and whether it is set.
func LookupEnv(name string) (value string, ok bool) { return syscall.Getenv(name) }

// Environ returns the environment.
func Environ() []string { return syscall.Environ() }

// RestoreVariables does nothing here.
func RestoreVariables(int) {}

// ReadInherited returns nothing: it cannot be known here.
func ReadInherited() Inherited { return Inherited{} }

// Mode returns Portable.
func (in *Intake) Mode() Mode { return Portable }

// Inherited returns nothing: it cannot be known here.
func (in *Intake) Inherited() Inherited { return Inherited{} }

// Lost returns 0: os/signal does not tell.
func (in *Intake) Lost() uint64 { return 0 }

// Wait returns the next signal, by number only, or ok = false as the other implementation
// does. The timeout is in nanoseconds.
func (in *Intake) Wait(timeout int64) (info signals.Info, ok bool) {
	for i, s := range in.waiting {
		if !in.held.Has(s) {
			in.waiting = append(in.waiting[:i], in.waiting[i+1:]...)
			return signals.Info{Signal: s}, true
		}
	}
	var expired <-chan time.Time
	if timeout >= 0 {
		timer := time.NewTimer(time.Duration(timeout))
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case s := <-in.signals:
		number := signals.Signal(s.(syscall.Signal))
		if in.held.Has(number) {
			in.waiting = append(in.waiting, number)
			return signals.Info{}, false
		}
		return signals.Info{Signal: number}, true
	case <-in.child:
	case <-in.wake:
	case <-expired:
	}
	return signals.Info{}, false
}

// Wake makes the current Wait return, or else the next one.
func (in *Intake) Wake() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

// Hold keeps signals back until Release and returns those on hold.
func (in *Intake) Hold(set signals.Set) signals.Set {
	in.held |= set
	return in.held
}

// Release ends Hold for the given signals.
func (in *Intake) Release(set signals.Set) { in.held &^= set }

// Relay is not available here: Wait returns every signal.
func (in *Intake) Relay(int, signals.Set) {}

// RelayGroup is not available here, as [Intake.Relay].
func (in *Intake) RelayGroup(int, signals.Set) {}

// RelayRewrite is not available here, as [Intake.Relay].
func (in *Intake) RelayRewrite(_, _ signals.Signal) {}

// Relayed returns nothing: Wait returns every signal.
func (in *Intake) Relayed() (count uint64, last signals.Info) { return 0, signals.Info{} }

// MaskThreads does nothing here.
func (in *Intake) MaskThreads() {}

// MaskThreadsAsync does nothing here.
func (in *Intake) MaskThreadsAsync() {}

// Collect returns nothing: os/signal has taken what it can.
func (in *Intake) Collect(signals.Set) []signals.Info { return nil }

// Seal does nothing here.
func (in *Intake) Seal(signals.Set) []signals.Info { return nil }

// Return does nothing here.
func (in *Intake) Return([]signals.Info) []signals.Info { return nil }
