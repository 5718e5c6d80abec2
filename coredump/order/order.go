package order

import (
	"time"

	"supervise/coredump/report"
)

// The descriptors of a handler beside its standard ones.
const (
	PIDFD  = 3 // pidfd of the process, if Order.HasPIDFD
	Socket = 4
)

// Capture says what is kept of a process that crashes.
type Capture string

// The captures, as the configuration has them.
const (
	MiniAndFull Capture = "mini+full"
	Mini        Capture = "mini"
	Full        Capture = "full"
	Nothing     Capture = "none" // a report all the same
)

// Compression says when a full core is compressed.
type Compression string

// The compressions, as the configuration has them.
const (
	Zstd          Compression = "zstd"   // once it is stored, at low priority
	Inline        Compression = "inline" // while it is written
	NoCompression Compression = "none"
)

// Order says what to do with one core.
type Order struct {
	PID      int    `json:"pid"` // of the process, in our PID namespace; 0 if it is not known
	HasPIDFD bool   `json:"has_pidfd"`
	TID      int    `json:"tid,omitempty"` // of the thread that crashed, 0 if it is not known
	Service  string `json:"service,omitempty"`
	Gen      uint32 `json:"gen,omitempty"` // of the service

	// Requests says that the kernel waits on standard input for an acknowledgement
	// (core_pattern "@@", Linux 6.17).
	Requests bool `json:"requests,omitempty"`
	// File is the path of a core that the kernel has written; it is removed once taken over. It
	// must belong to the user UID, or to root.
	File string `json:"file,omitempty"`
	UID  int    `json:"uid,omitempty"`

	Directory string        `json:"directory"` // of the store, absolute
	Capture   Capture       `json:"capture"`
	Compress  Compression   `json:"compress"`
	Limits    Limits        `json:"limits"`
	OnCore    []string      `json:"on_core,omitempty"` // program and arguments: see package handler
	Timeout   time.Duration `json:"timeout"`           // after which the full core is cut short; 0 for none

	// FreePorts closes the TCP sockets of the process before it is released, though it stays for
	// its full core: a replacement can listen where it has listened. It is for a process whose
	// sockets no other still uses.
	FreePorts bool `json:"free_ports,omitempty"`

	// Private makes all that is stored readable by root alone, though the process belongs to
	// another user.
	Private bool `json:"private,omitempty"`
	// Refuse, unless it is "", is why nothing may be stored: the service's rate, for example.
	// The process is released at once, and the refusal is reported.
	Refuse string `json:"refuse,omitempty"`
}

// Limits bound the store. Zero is no limit.
type Limits struct {
	MaxCore    int64         `json:"max_core,omitempty"`    // bytes of one core
	MaxUse     int64         `json:"max_use,omitempty"`     // bytes of all on the disk
	MaxService int64         `json:"max_service,omitempty"` // bytes of those of the service
	KeepFree   int64         `json:"keep_free,omitempty"`   // bytes that stay free on the file system
	MaxAge     time.Duration `json:"max_age,omitempty"`
}

// Stage says how far a handler has come.
type Stage string

// The stages, in their order. One that does not apply is left out.
const (
	// Released says that nothing of the process's memory is needed any more, or that it is
	// only needed for the full core: a replacement may be started.
	Released Stage = "released"
	// Explained comes with a report whose core may still be in the state Taking.
	Explained Stage = "explained"
	// Stored comes last, with the final report.
	Stored Stage = "stored"

	// Note has a Text for the log. It may come at any time, also after Stored.
	Note Stage = "note"
)

// Progress is what a handler says.
type Progress struct {
	Stage  Stage          `json:"stage"`
	PID    int            `json:"pid"`
	Report *report.Report `json:"report,omitempty"` // with Released: id, signal and mini only
	Text   string         `json:"text,omitempty"`   // of a Note
	Failed bool           `json:"failed,omitempty"` // a Note: something has failed
}

// Directory is that of the store, unless the configuration has another one.
const Directory = "/var/lib/supervise/cores"

// Default is an order with the defaults of the configuration, but without a store.
func Default() Order {
	return Order{
		Capture: MiniAndFull, Compress: Zstd, Timeout: time.Minute,
		Limits: Limits{MaxCore: 8e9, MaxUse: 2e9, KeepFree: 1e9, MaxAge: 30 * 24 * time.Hour},
	}
}

// Hello is what a handler says that the kernel has started, to the collector that it asks for
// an Order. The pidfd comes with it, if there is one.
type Hello struct {
	PID      int    `json:"pid"` // as the kernel has put it into the arguments
	TID      int    `json:"tid"`
	Signal   int    `json:"signal"`
	Dumpable string `json:"dumpable"` // %d of core_pattern
	HasPIDFD bool   `json:"has_pidfd"`
}
