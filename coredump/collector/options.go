package collector

import (
	"time"

	"supervise/coredump/order"
)

// Way is how cores are collected, in the words of the configuration.
type Way string

// The ways. Auto is the best one that needs no change of core_pattern; with Options.Install,
// the best one there is.
const (
	Auto   Way = "auto"
	Socket Way = "socket"
	Pipe   Way = "pipe"
	Files  Way = "files"
	Off    Way = "off"
)

// Options say how to collect, and what for.
type Options struct {
	Want    Way
	Install bool // set core_pattern while the collector is open
	Force   bool // also if it belongs to another program
	// SetID sets fs.suid_dumpable with Install, so that processes that have changed their ids
	// dump core, too: for root alone.
	SetID bool

	// Directory is where the sockets are, and where the settings of the kernel are kept that
	// Install has changed. It must be root's, with nobody else who may write in it or in
	// those above it.
	Directory string

	// Store is the directory in which the handlers of Pipe keep cores if this collector is gone,
	// but core_pattern still leads to it; "" if they shall keep none then.
	Store string

	// Decide says what to do with a core; whose it is (Order.Service) and where it goes. The
	// collector sets the members that it knows itself: PID, TID, HasPIDFD, Requests and File;
	// and Private, which it never clears. An Order with Refuse lets the process go at once.
	// It is called on a goroutine of the crash, whose process waits meanwhile.
	Decide func(Crash) order.Order

	// Progress takes what a handler says, with the order that it has; in turn for each crash,
	// but on several goroutines for several.
	Progress func(order.Order, order.Progress)

	// Log takes what an operator should know: a crash that cannot be decided on, a handler that
	// fails. nil drops it.
	Log func(Message)

	// Handlers is how many handlers may run at once; 0 for 8.
	Handlers int
	// Handler is the program and the arguments of a handler; nil for this program's own. For
	// Pipe the program must be a path from the root.
	Handler []string

	// Without names what is not to be used though the kernel has it, so that tests get to the
	// ways behind it.
	Without Without
}

// Without names what is not to be used.
type Without struct{ Requests, Socket, Pipe, Files, Identity bool }

// Message is one for the log.
type Message struct {
	Severity Severity
	PID      int // of the process that crashed, 0 if it is about none
	Text     string
}

// Severity says how much a message matters.
type Severity int

// The severities.
const (
	Info Severity = iota
	Warning
)

// Crash is a process that crashes, as it is known before anything of its core was read.
type Crash struct {
	PID     int    // in our PID namespace; 0 if it is not known
	TID     int    // of the thread that crashed, 0 if it is not known
	PIDFD   int    // of the process, open until Decide returns; -1 for none
	UID     int    // real user; -1 if it is not known
	Signal  int    // 0 if it is not known
	Name    string // its comm
	Cgroup  string // its path below the mount of cgroup2, "" if it is not known
	Private string // why its core is for root alone; "" if it is not
}

// Ended is a process that has ended with WCOREDUMP, for [Collector.Adopt]: what its core_pattern
// may have named the file by.
type Ended struct {
	PID       int
	UID, GID  int
	Signal    int
	Name      string // comm; "" if it is not known
	Exe       string // path of its executable; "" if it is not known
	Directory string // its working directory; "" if it is not known
	Root      string // its root directory, as we see it; "" for ours
	Time      time.Time
}

// Held says which way holds, and why not a better one.
type Held struct {
	Way      Way
	Requests bool   // of Socket: the kernel asks first
	Pattern  string // core_pattern as it is
	Better   []NotHeld
}

// NotHeld is a way that is not used.
type NotHeld struct {
	Way    string // "@@ socket", "@ socket", "pipe", "files"
	Reason string // and what to do about it
}
