package config

import (
	"time"

	"supervise/coredump"
	"supervise/coredump/order"
	"supervise/signals"
)

// File is a configuration file, validated and with every default filled in. Nothing
// in it depends on the host that it was read on.
type File struct {
	Path       string // as given; it names the file in messages
	Supervisor Supervisor
	Control    Control
	Core       Collection                 `json:",omitzero"`
	Signals    map[signals.Signal]Rule    // what a signal to the supervisor itself does
	Commands   map[signals.Signal]Command // the signals that command; none of them is in Signals
	HangUp     bool                       // SIGHUP has no rule: closing the terminal is a shutdown
	Services   []Service                  // in the order of the file

	// Warnings are about what is allowed but does not do what it seems to say.
	Warnings []Problem
}

// Supervisor is the [supervisor] table.
type Supervisor struct {
	RuntimeDir      string        // "" for the host's default
	ShutdownTimeout time.Duration // all ladders together; then SIGKILL to every tree
	Journal         string        // absolute, the file that it is written to; "" for none
	ExitWith        string        // when it exits by itself: ExitWithAll, ExitWithAnyFailed, the name of a service, or "": never
	JournalSize     int64         // bytes that the file, and the one before it, may have; at least minJournal
	Recorder        Recorder      // of who sends signals to services
}

// The values of Supervisor.ExitWith that are no service.
const (
	ExitWithAll       = "all"        // when every service has done its work, or has failed
	ExitWithAnyFailed = "any-failed" // when one has failed
)

// Recorder says whether it is recorded who sends signals to services.
type Recorder uint8

// The values: where the kernel permits it, or not at all.
const (
	RecorderAuto Recorder = iota
	RecorderOff

	numRecorders = iota
)

// Control is the [control] table: who may command the supervisor, besides root.
type Control struct {
	Mode  uint32 // of FIFOs, queues and the board; within 0666, and always with 0600
	Group string // a name or a number; "" keeps the supervisor's
}

// Collect says how the cores of crashed processes are collected.
type Collect uint8

// The ways, of which CollectAuto is the best one that there is.
const (
	CollectOff Collect = iota
	CollectAuto
	CollectSocket
	CollectPipe
	CollectFiles

	numCollects = iota
)

// Collection is the [core] table: the cores of all services.
type Collection struct {
	Collect   Collect           `json:",omitzero"` // CollectOff without the table
	Install   bool              `json:",omitzero"` // set core_pattern
	Force     bool              `json:",omitzero"` // also if it is another program's
	Directory string            `json:",omitzero"` // absolute
	Capture   order.Capture     `json:",omitzero"`
	Compress  order.Compression `json:",omitzero"`
	MaxUse    int64             `json:",omitzero"` // bytes on the disk, 0 for no limit, as those below
	KeepFree  int64             `json:",omitzero"` // bytes
	MaxCore   int64             `json:",omitzero"` // bytes
	MaxAge    time.Duration     `json:",omitzero"`
	Timeout   time.Duration     `json:",omitzero"` // of a core that anything waits for; 0: nothing does
	OnCore    []string          `json:",omitzero"` // program and arguments
}

// Rule is what the supervisor does with a signal that it receives.
type Rule uint8

// The rules. The zero value, no rule, forwards the signal to the services that want it.
const (
	Forward     Rule = iota
	Shutdown         // stop every service by its ladder, then exit
	ShutdownNow      // the same with every ladder cut to its last rung, SIGKILL
	Ignore

	numRules = iota
)

// Verb says what a [Command] does.
type Verb uint8

// The verbs. The zero value is that of no command.
const (
	CommandStart Verb = iota + 1
	CommandStop
	CommandRestart
	CommandReload   // send each service its Reload signal
	CommandPause    // SIGSTOP
	CommandContinue // SIGCONT
	CommandUpdate   // read the configuration again, and apply what has changed
	CommandRun      // run a hook
	CommandReopen   // open log files anew that were moved away

	numVerbs = iota + 1
)

// Command is what a signal to the supervisor commands.
type Command struct {
	Verb Verb

	// With a verb that names services (see [Verb.NamesServices]): the services, at least
	// one, or with FromValue the one whose index, from 0 in the order of the file, is the
	// value of the signal. With CommandReopen, none are all.
	Services  []string
	FromValue bool

	File string // of CommandUpdate: absolute; "" for the last file that was read

	// Of CommandRun: the program, absolute or found in PATH, with its arguments, and the time
	// after which it is killed; more than 0.
	Argv    []string
	Timeout time.Duration
}

// Service is one [service.NAME] table.
type Service struct {
	Name    string
	Enabled bool     // startup = "enabled": started with the supervisor
	Command []string // argv; never empty

	Directory       string // "" keeps the supervisor's
	Environment     map[string]string
	EnvironmentFile string   // read when the service starts; "" for none
	PassEnvironment []string // names of variables of the supervisor's that are not withheld
	User, Group     string   // a name or a number; "" keeps the supervisor's
	Umask           Umask

	UpAfter time.Duration // the main process must have run for that long to be called up

	Type  Type  `json:",omitzero"`
	Order Order `json:",omitzero"`

	Restart Restart
	Stop    Stop
	Reload  signals.Signal `json:",omitzero"` // on which the service reads its own configuration again
	Signals Signals
	Core    Core
	Log     Log
}

// Type says when a service is up.
type Type uint8

// The types.
const (
	Run  Type = iota // while its main process runs
	Once             // when it has done its work: its main process has ended well
)

// Order says which other services a service needs, and which are to be up before it. Each is
// the name of a service of the file, and in no circle.
type Order struct {
	Requires  []Need   `json:",omitempty"`
	Wants     []string `json:",omitempty"` // started with it; it waits until they are ready, or have failed
	Milestone []string `json:",omitempty"` // it does not start before they have been ready for the first time
	After     []string `json:",omitempty"` // where both start it is the second, where both stop the first
	Before    []string `json:",omitempty"` // the other way round
}

// Need is a service that another one cannot do without.
type Need struct {
	Service string
	Until   Until  `json:",omitzero"`
	OnLoss  OnLoss `json:",omitzero"`
}

// Until says how far a service must have come for those that require it.
type Until uint8

// The values. A service of type once has come so far when it has done its work.
const (
	UntilReady   Until = iota // it has run for up-after
	UntilStarted              // its main process runs
)

// OnLoss says what becomes of a service when one that it requires ends and is started again. If
// that is not started again, it stops in any case.
type OnLoss uint8

// The values.
const (
	KeepIt    OnLoss = iota // it keeps running
	RestartIt               // it is restarted once the other one is ready again
	StopIt                  // it is stopped until the other one is ready again
)

// Umask is a file mode creation mask, if one was given.
type Umask struct {
	Set  bool
	Mask uint32 // 0 to 0777
}

// Policy says after which exits a service is started again.
type Policy uint8

// The restart policies.
const (
	OnFailure Policy = iota // unless it ended in one of Restart.Success
	Always
	Never

	numPolicies = iota
)

// Restart is [service.NAME.restart].
type Restart struct {
	Policy     Policy
	Delay      time.Duration // before the first restart; 0 restarts at once
	Factor     float64       // each further delay is the previous one times this; at least 1
	MaxDelay   time.Duration
	Jitter     float64       // a share of the delay, 0 to 1, added or subtracted at random
	ResetAfter time.Duration // up for this long, a service starts with the first delay again
	Limit      int           // restarts in a row before it fails; 0 is unlimited
	Success    []Outcome
}

// Outcome is one way for a process to end: by exit code, or by a signal if Signal is not
// zero.
type Outcome struct {
	Code   int            // 0 to 255
	Signal signals.Signal `json:",omitzero"`
}

// Scope says which processes a signal is for.
type Scope uint8

// The scopes.
const (
	Main  Scope = iota // the main process
	Group              // its process group
	Tree               // all its descendants, too

	numScopes = iota
)

// Rung is one step of a ladder: send Signal, and wait up to Timeout for the end.
type Rung struct {
	Signal  signals.Signal
	Scope   Scope
	Timeout time.Duration
}

// Stop is [service.NAME.stop]: the rungs in order. It does not include SIGKILL of the tree,
// which always ends a ladder.
type Stop struct {
	Ladder []Rung
}

// Signals is [service.NAME.signals].
type Signals struct {
	Block   signals.Set // the mask at exec, exactly
	Ignore  signals.Set // the signals ignored at exec, exactly
	Forward map[signals.Signal]signals.Signal
	Queue   Queue
}

// WhenFull says what to do with a real-time signal for which the queue has no room.
type WhenFull uint8

// Signals that are dropped are counted and logged.
const (
	Wait       WhenFull = iota // leave it in the kernel's queue, with all later ones
	DropOldest                 // drop the one that has waited longest
	DropNewest                 // drop it

	numWhenFulls = iota
)

// Queue bounds the real-time signals that wait for a service.
type Queue struct {
	Limit    int // at least 1
	WhenFull WhenFull
}

// Core is [service.NAME.core].
type Core struct {
	Limit    *uint64          // RLIMIT_CORE in bytes, coredump.Unlimited for none; nil keeps it
	Filter   *coredump.Filter // nil keeps the inherited one
	Dumpable *bool            // true: also of processes that have changed their ids; false: nothing is kept; nil: as the kernel has it
	Rate     Rate             // how often cores are kept
	MaxUse   int64            // bytes of its cores on the disk; 0 for no limit of its own
}

// Rate is how many there may be within a time. The zero Rate is no limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// LogMode says where a service's output goes.
type LogMode uint8

// The modes.
const (
	Prefix  LogMode = iota // to the supervisor's own, each line after the service's name
	Inherit                // directly to the supervisor's descriptors
	ToFile
	Discard // nowhere

	numLogModes = iota
)

// LogFormat is the format of output lines.
type LogFormat uint8

// The formats, of mode "file". AutoFormat, which is Text there, is that of the supervisor's
// own log in mode "prefix".
const (
	AutoFormat LogFormat = iota
	Text
	JSON // an object with time, service, stream and line

	numLogFormats = iota
)

// Compression is what becomes of rotated log files.
type Compression uint8

// The compressions.
const (
	NoCompression Compression = iota
	Gzip
)

// WhenStuck says what becomes of lines when their destination takes nothing.
type WhenStuck uint8

// Lines that are dropped are counted and logged.
const (
	WaitForRoom WhenStuck = iota // they wait in the pipe, and so does who writes them
	DropLines                    // those for which there is no room in memory are dropped
)

// Log is [service.NAME.log].
type Log struct {
	Mode     LogMode
	Format   LogFormat
	WhenFull WhenStuck

	// All of the following with Mode ToFile.
	File        string // absolute
	Stderr      string // absolute, for standard error; "" for File
	MaxSize     int64  // bytes at which a file is rotated; 0 never
	Keep        int    // how many rotated files are kept
	Compress    Compression
	MaxAge      time.Duration // of the last line of a rotated file that is kept; 0 for any
	Owner       string        // a name or a number; "" keeps the supervisor's
	Group       string        // the same
	Permissions uint32        // 0600 to 0777; 0 is 0640 less the umask
}
