package signals

import (
	"strconv"

	"supervise/internal/text"
)

// Signal is a signal number. The zero value is no signal; with it, kill(2) only checks that a
// process exists.
type Signal uint8

// The standard signals: signal(7).
const (
	SIGHUP Signal = 1 + iota
	SIGINT
	SIGQUIT
	SIGILL
	SIGTRAP
	SIGABRT
	SIGBUS
	SIGFPE
	SIGKILL
	SIGUSR1
	SIGSEGV
	SIGUSR2
	SIGPIPE
	SIGALRM
	SIGTERM
	SIGSTKFLT
	SIGCHLD
	SIGCONT
	SIGSTOP
	SIGTSTP
	SIGTTIN
	SIGTTOU
	SIGURG
	SIGXCPU
	SIGXFSZ
	SIGVTALRM
	SIGPROF
	SIGWINCH
	SIGIO
	SIGPWR
	SIGSYS
)

// The bounds of the numbers. Signals 32 and 33 belong to the C library's threads
// (nptl(7)), so that the real-time signals a program may use begin at 34, in
// glibc and in musl.
const (
	SIGRTMIN Signal = 34
	SIGRTMAX Signal = 64

	// KernelRTMin is where the kernel's own real-time signals begin: from here on
	// signals queue instead of coalescing.
	KernelRTMin Signal = 32

	// Max is the highest signal number (_NSIG in the kernel's asm/signal.h).
	Max Signal = 64
)

// Action is the effect of a signal on a process that neither catches, blocks nor ignores it:
// signal(7), "Signal dispositions".
type Action uint8

// The five default actions. The zero value is Terminate, the action of every
// signal that signal(7) does not say otherwise of.
const (
	Terminate Action = iota
	Core             // terminate and dump core
	Ignore
	Stop
	Continue
)

// String returns the action's name in signal(7).
func (a Action) String() string {
	names := [...]string{"Term", "Core", "Ign", "Stop", "Cont"}
	if int(a) < len(names) {
		return names[a]
	}
	return "Action(" + strconv.Itoa(int(a)) + ")"
}

// A row of signal(7)'s table: the name, another one without "SIG", and the default action.
type row struct {
	name    string
	alias   string
	initial Action
}

var table = [KernelRTMin]row{
	SIGHUP:    {name: "SIGHUP"},
	SIGINT:    {name: "SIGINT"},
	SIGQUIT:   {name: "SIGQUIT", initial: Core},
	SIGILL:    {name: "SIGILL", initial: Core},
	SIGTRAP:   {name: "SIGTRAP", initial: Core},
	SIGABRT:   {name: "SIGABRT", alias: "IOT", initial: Core},
	SIGBUS:    {name: "SIGBUS", initial: Core},
	SIGFPE:    {name: "SIGFPE", initial: Core},
	SIGKILL:   {name: "SIGKILL"},
	SIGUSR1:   {name: "SIGUSR1"},
	SIGSEGV:   {name: "SIGSEGV", initial: Core},
	SIGUSR2:   {name: "SIGUSR2"},
	SIGPIPE:   {name: "SIGPIPE"},
	SIGALRM:   {name: "SIGALRM"},
	SIGTERM:   {name: "SIGTERM"},
	SIGSTKFLT: {name: "SIGSTKFLT"},
	SIGCHLD:   {name: "SIGCHLD", alias: "CLD", initial: Ignore},
	SIGCONT:   {name: "SIGCONT", initial: Continue},
	SIGSTOP:   {name: "SIGSTOP", initial: Stop},
	SIGTSTP:   {name: "SIGTSTP", initial: Stop},
	SIGTTIN:   {name: "SIGTTIN", initial: Stop},
	SIGTTOU:   {name: "SIGTTOU", initial: Stop},
	SIGURG:    {name: "SIGURG", initial: Ignore},
	SIGXCPU:   {name: "SIGXCPU", initial: Core},
	SIGXFSZ:   {name: "SIGXFSZ", initial: Core},
	SIGVTALRM: {name: "SIGVTALRM"},
	SIGPROF:   {name: "SIGPROF"},
	SIGWINCH:  {name: "SIGWINCH", initial: Ignore},
	SIGIO:     {name: "SIGIO", alias: "POLL"},
	SIGPWR:    {name: "SIGPWR"},
	SIGSYS:    {name: "SIGSYS", alias: "UNUSED", initial: Core},
}

// Name is [Signal.String] for the standard signals, without allocation; "" for all others.
func (s Signal) Name() string {
	if s >= 1 && s < KernelRTMin {
		return table[s].name
	}
	return ""
}

// Valid reports whether s is a number that the kernel accepts: 1 to 64.
func (s Signal) Valid() bool { return s >= 1 && s <= Max }

// RealTime reports whether the kernel queues s, each with its own payload, instead of keeping
// at most one pending: 32 to 64.
func (s Signal) RealTime() bool { return s >= KernelRTMin && s <= Max }

// Default returns the effect of s on a process that leaves it at SIG_DFL.
func (s Signal) Default() Action {
	if s < KernelRTMin {
		return table[s].initial
	}
	return Terminate
}

// Catchable reports whether a process can block, catch or ignore s: all but
// SIGKILL and SIGSTOP.
func (s Signal) Catchable() bool { return s.Valid() && s != SIGKILL && s != SIGSTOP }

// String returns the name as in kill -l, with "SIG": SIGTERM, SIGRTMIN+3, SIGRTMAX. The two
// that the C library reserves are SIG32 and SIG33. [Parse] parses every result.
func (s Signal) String() string {
	if name := s.Name(); name != "" {
		return name
	}
	var memory [16]byte
	b := text.NewBuffer(memory[:])
	s.AddTo(&b)
	return string(b.Bytes())
}

// AddTo adds to a text what String returns.
func (s Signal) AddTo(b *text.Buffer) {
	switch {
	case s >= 1 && s < KernelRTMin:
		b.Add(s.Name())
	case s == SIGRTMIN:
		b.Add("SIGRTMIN")
	case s == SIGRTMAX:
		b.Add("SIGRTMAX")
	case s > SIGRTMIN && s < SIGRTMAX:
		b.Add("SIGRTMIN+")
		b.AddUint(uint64(s-SIGRTMIN), 1)
	default:
		b.Add("SIG")
		b.AddUint(uint64(s), 1)
	}
}

// MarshalText returns the name of s.
func (s Signal) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText parses what [Parse] does.
func (s *Signal) UnmarshalText(name []byte) error {
	parsed, err := Parse(string(name))
	if err == nil {
		*s = parsed
	}
	return err
}

// UnknownError says that a text does not name a signal.
type UnknownError struct {
	Text string // what was given
	Near string // the most similar known name, or ""
}

func (e *UnknownError) Error() string {
	if e.Near != "" {
		return "unknown signal " + strconv.Quote(e.Text) + ", did you mean " + e.Near + "?"
	}
	return "unknown signal " + strconv.Quote(e.Text) + ": give a name such as SIGTERM or SIGRTMIN+3, or a number from 1 to 64"
}

// Parse parses a signal's name or number: "SIGTERM", "term", "15", "RTMIN+3", "SIGRTMAX-1",
// "SIG32", and the aliases CLD, IOT, POLL and UNUSED. Case does not matter. Zero and
// everything above 64 is an [UnknownError].
func Parse(given string) (Signal, error) {
	if s, ok := Lookup(given); ok {
		return s, nil
	}
	name, _ := text.CutPrefix(text.Upper(text.Trim(given)), "SIG")
	return 0, &UnknownError{Text: given, Near: nearest(name)}
}

// Lookup is [Parse] for callers that may not allocate.
func Lookup(given string) (Signal, bool) {
	name := text.Trim(given)
	if rest, ok := cutFold(name, "SIG"); ok {
		name = rest
	}
	if n, ok := text.Uint(name, uint64(Max)); ok {
		return Signal(n), n > 0
	}
	if s, ok := parseRealTime(name); ok {
		return s, true
	}
	for s := SIGHUP; s < KernelRTMin; s++ {
		if text.EqualFold(name, table[s].name[len("SIG"):]) || name != "" && text.EqualFold(name, table[s].alias) {
			return s, true
		}
	}
	return 0, false
}

// cutFold is [text.CutPrefix] in upper or lower case.
func cutFold(s, prefix string) (rest string, found bool) {
	if len(s) < len(prefix) || !text.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// parseRealTime parses RTMIN, RTMIN+n, RTMAX and RTMAX-n.
func parseRealTime(name string) (Signal, bool) {
	base, sign := SIGRTMIN, byte('+')
	rest, ok := cutFold(name, "RTMIN")
	if !ok {
		base, sign = SIGRTMAX, '-'
		if rest, ok = cutFold(name, "RTMAX"); !ok {
			return 0, false
		}
	}
	if rest == "" {
		return base, true
	}
	n, ok := text.Uint(rest[1:], uint64(SIGRTMAX-SIGRTMIN))
	switch {
	case !ok || rest[0] != sign:
		return 0, false
	case sign == '+':
		return base + Signal(n), true
	}
	return base - Signal(n), true
}

// nearest returns the full name of the signal whose name differs in one letter (or has one
// missing, one extra, or two swapped), or "".
func nearest(name string) string {
	for s := SIGHUP; s < KernelRTMin; s++ {
		if oneEdit(name, table[s].name[len("SIG"):]) {
			return s.String()
		}
	}
	return ""
}

// oneEdit reports whether a becomes b by one insertion, deletion, replacement or
// swap of neighbours.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || len(a) == 0 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) != len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) {
		return true
	}
	swapped := i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
	return swapped || a[i+1:] == b[i+1:]
}
