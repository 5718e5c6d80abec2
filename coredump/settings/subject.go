package settings

import (
	"supervise/coredump"
	"supervise/signals"
)

// Subject is all that decides about the core of one process, as [Look] has found it. What
// could not be read is left zero, and named in Unknown.
type Subject struct {
	Kernel  Kernel
	NoCores bool // the kernel has no core_pattern
	Pattern coredump.Pattern

	Process Process
	Target  Target

	// ReadOnly says that the settings cannot be changed from here.
	ReadOnly bool
	// Inside says that we are in a container: what the pattern names is not what we would
	// find by that name.
	Inside bool

	Unknown []string // "its working directory"
}

// Process is what the kernel knows of the process.
type Process struct {
	PID        int
	Self       bool   // it is this program, as an example of what would be started from here
	Name       string // comm of its main thread
	Executable string // path, as the process sees it
	Memoryless bool   // a zombie, or a kernel thread

	UIDs, GIDs  [4]uint32 // real, effective, saved, of the file system
	Groups      []uint32
	Effective   uint64 // capabilities
	SameUsers   bool   // it is in our user namespace
	SameMounts  bool   // and our mount namespace
	Private     bool   // its dumpable is not 1, so that its files in /proc are root's
	Umask       uint32
	Strict      bool // seccomp(2) mode 1
	Threads     int
	Tracer      int // pid of its debugger
	InnermostID int // its pid in its own PID namespace
	Confined    string

	Caught, Ignored signals.Set
	Filter          coredump.Filter
	HasFilter       bool
	LimitsRead      bool
	Limit, HardCore uint64 // RLIMIT_CORE
	FileSize        uint64 // RLIMIT_FSIZE
	Resident        uint64 // bytes of memory that a core would have about, at most
	Facts           coredump.Facts
}

// Changed reports whether the ids of the process differ: it runs a set-user-ID or set-group-ID
// program, or has changed a part of them.
func (p *Process) Changed() bool {
	for i := range p.UIDs {
		if p.UIDs[i] != p.UIDs[0] || p.GIDs[i] != p.GIDs[0] {
			return true
		}
	}
	return false
}

// Target is what the pattern leads to, looked at as the kernel would.
type Target struct {
	Seen bool   // it could be looked at
	Path string // of the file, with what is not known as a pattern of path.Match; the program, or the socket

	// Of a file.
	Exact      bool  // Path is the name that it would have, not a pattern
	Directory  error // the directory cannot be opened or searched, or is none
	Write      error // nothing can be made in it
	Taken      string
	Loses      bool   // it has no room for owners or permissions
	Free       uint64 // bytes on its file system
	NoFiles    bool   // no inode is left there
	Overwrites bool   // there is a core of this name, which would be replaced

	// Of a program.
	Program error // why it cannot be executed
	Running int   // how many of it handle cores now

	// Of a socket.
	Socket  error // why nobody can be reached at it
	Full    bool  // its backlog is
	Waiting int   // connections in its backlog
}
