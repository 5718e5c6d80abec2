package report

import "time"

// Report is what is known about one crash. Members that are not known are zero, and left out
// of the JSON where that says no less.
type Report struct {
	ID      string    `json:"id"` // of the store; "" for a core that is in none
	Time    time.Time `json:"time,omitzero"`
	Service string    `json:"service"` // "" for a process of none
	PID     int       `json:"pid"`     // in the namespace of whoever collected it, else as the core has it
	Exe     string    `json:"exe"`
	Command string    `json:"command"` // the command line, at most as long as the core has it
	Signal  string    `json:"signal"`  // "SIGSEGV"

	Code     int    `json:"code"`      // si_code
	CodeName string `json:"code_name"` // "SEGV_MAPERR"; "" if it has none
	Address  Addr   `json:"address"`   // si_addr of a fault; 0 for other signals
	Sender   Sender `json:"sender,omitzero"`

	UID         int               `json:"uid"`
	GID         int               `json:"gid"`
	Hostname    string            `json:"hostname,omitempty"`
	Directory   string            `json:"directory,omitempty"`   // working directory
	Cgroup      string            `json:"cgroup,omitempty"`      // as in /proc/PID/cgroup
	Environment []string          `json:"environment,omitempty"` // NAME=value, values of secrets masked
	Limits      map[string]string `json:"limits,omitempty"`      // by the names of /proc/PID/limits, soft limit

	Threads []Thread `json:"threads"` // the crashed one first
	Modules []Module `json:"modules"` // in the order of their addresses

	Core Core   `json:"core"`
	Mini Stored `json:"mini,omitzero"` // the small core that was taken first, if any

	// Problems are why the report is less than it could be: a module that is missing or was
	// rebuilt, a note that is cut.
	Problems []string `json:"problems,omitempty"`
}

// Sender is the process that sent the signal, as siginfo has it. It is zero for a fault.
type Sender struct {
	PID  int    `json:"pid"`
	UID  int    `json:"uid"`
	Name string `json:"name,omitempty"` // its comm, if it still lived
	Self bool   `json:"self,omitempty"` // it is the process itself, as with abort(3)
}

// Thread is one thread at the time of the crash.
type Thread struct {
	TID       int             `json:"tid"`
	Name      string          `json:"name,omitempty"` // its comm; cores do not have it, live processes do
	Crashed   bool            `json:"crashed"`
	Registers map[string]Addr `json:"registers,omitempty"` // by the names of the architecture: "rip", "pc"
	Frames    []Frame         `json:"frames"`              // innermost first
	Stopped   string          `json:"stopped,omitempty"`   // why the frames end early: "no unwind information for 0x7f..."
}

// Frame is one function call on a stack.
type Frame struct {
	Function string `json:"function"`               // demangled; "" if it is not known
	Offset   uint64 `json:"offset"`                 // of the address from the function's beginning
	Module   string `json:"module"`                 // path of the file that the code is from; "" if there is none
	Address  Addr   `json:"address"`                // of the next instruction
	Source   string `json:"source,omitempty"`       // "server.c:42", of gdb or Go's own tables
	Handler  bool   `json:"signal_frame,omitempty"` // the kernel called the frame before this one to handle a signal
}

// Module is one file whose code was mapped.
type Module struct {
	Path    string `json:"path"`
	BuildID string `json:"build_id"` // hexadecimal; "" for none
	Start   Addr   `json:"start"`
	End     Addr   `json:"end"`
	Problem string `json:"problem,omitempty"` // why its symbols are not used: "missing", "was rebuilt: build id ..."
}

// State says what there is of a core.
type State string

// The states.
const (
	Taking    State = "taking"    // it is being written
	Complete  State = "complete"  // all of it
	Truncated State = "truncated" // cut short, for Core.Reason
	MiniOnly  State = "mini"      // only the small one, as asked for, or for Core.Reason
	Refused   State = "refused"   // nothing was kept, for Core.Reason
)

// Core is what became of the core of a crash.
type Core struct {
	State  State  `json:"state"`
	Reason string `json:"reason,omitempty"`
	Stored
}

// Stored is a core file in the store.
type Stored struct {
	Size   int64  `json:"size"`   // bytes of the core, as if it were not compressed and had no holes
	Stored int64  `json:"stored"` // bytes that it takes on the disk
	Path   string `json:"path,omitempty"`
}
