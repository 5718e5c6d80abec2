package state

import (
	"strconv"

	"supervise/signals"
)

// Action is struct sigaction of one signal. The zero value is the default, as execve(2)
// leaves it.
type Action struct {
	Handler  uint64 // an address, or SIG_DFL or SIG_IGN
	Flags    Flags
	Restorer uint64      // where the handler returns to; 0 if there is none
	Mask     signals.Set // blocked while the handler runs, beside the signal itself
}

// The handlers that are none.
const (
	DefaultHandler = 0 // SIG_DFL
	IgnoreHandler  = 1 // SIG_IGN
)

// Caught reports whether there is a handler.
func (a *Action) Caught() bool { return a.Handler > IgnoreHandler }

// Plain reports whether the action is the default one, and as execve(2) leaves it.
func (a *Action) Plain() bool { return *a == Action{} }

// Origin is who has decided that a signal is ignored or caught.
type Origin uint8

// The origins.
const (
	// Unknown is that of the default action, and of what cannot be told.
	Unknown Origin = iota

	// Inherited is what was ignored when the program was executed: by the one that executed
	// it, or before.
	Inherited

	// Program is what the program has set.
	Program
)

// String returns inherited, program or nothing.
func (o Origin) String() string { return [...]string{"", "inherited", "program"}[o] }

// Origin tells an inherited ignore from one that the program has set. Execve(2) clears the
// flags, the mask and the restorer of all signals (flush_signal_handlers in the kernel's
// signal.c), and the C libraries set at least SA_RESTORER, where the architecture has that:
// whoever asks the kernel for an ignored signal without any flag cannot be told from one that
// inherits it. So on architectures without SA_RESTORER an ignore without flags is Unknown.
func (a *Action) Origin() Origin {
	switch {
	case a.Handler == DefaultHandler:
		return Unknown
	case a.Caught(), a.Flags != 0, a.Mask != 0:
		return Program
	case !hasRestorer:
		return Unknown
	}
	return Inherited
}

// Actions are those of all 64 signals, that of signal n at n-1.
type Actions [signals.Max]Action

// Of returns the action of a signal from 1 to 64.
func (a *Actions) Of(s signals.Signal) *Action { return &a[s-1] }

// Flags are sa_flags of sigaction(2).
type Flags uint64

// The flags: asm-generic/signal-defs.h, which all architectures of this project share.
const (
	NoChildStop    Flags = 1 << 0 // SA_NOCLDSTOP and so on
	NoChildWait    Flags = 1 << 1
	SigInfo        Flags = 1 << 2
	Unsupported    Flags = 1 << 10
	ExposeTagBits  Flags = 1 << 11
	Immutable      Flags = 1 << 23 // the kernel's own: the process is about to die by a fault
	RestorerGiven  Flags = 1 << 26
	OnStack        Flags = 1 << 27
	Restart        Flags = 1 << 28
	NoDefer        Flags = 1 << 30
	ResetHandler   Flags = 1 << 31
	remainingFlags       = ^(NoChildStop | NoChildWait | SigInfo | Unsupported | ExposeTagBits | Immutable | RestorerGiven | OnStack | Restart | NoDefer | ResetHandler)
)

var flagNames = [...]struct {
	flag Flags
	name string
}{
	{SigInfo, "SA_SIGINFO"},
	{Restart, "SA_RESTART"},
	{OnStack, "SA_ONSTACK"},
	{NoDefer, "SA_NODEFER"},
	{ResetHandler, "SA_RESETHAND"},
	{NoChildStop, "SA_NOCLDSTOP"},
	{NoChildWait, "SA_NOCLDWAIT"},
	{ExposeTagBits, "SA_EXPOSE_TAGBITS"},
	{Unsupported, "SA_UNSUPPORTED"},
	{Immutable, "SA_IMMUTABLE"},
	{RestorerGiven, "SA_RESTORER"},
}

// Names are the flags as in sigaction(2), what has no name in hexadecimal.
func (f Flags) Names() []string {
	names := []string{}
	for _, n := range flagNames {
		if f&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	if rest := f & remainingFlags; rest != 0 {
		names = append(names, "0x"+strconv.FormatUint(uint64(rest), 16))
	}
	return names
}

// String lists the names: "SA_RESTART SA_ONSTACK"; no flag is "none".
func (f Flags) String() string {
	if f == 0 {
		return "none"
	}
	var text []byte
	for i, name := range f.Names() {
		if i > 0 {
			text = append(text, ' ')
		}
		text = append(text, name...)
	}
	return string(text)
}
