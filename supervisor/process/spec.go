package process

import "supervise/signals"

// Spec says what to start and how. The zero value of every field but Path and Argv is
// useful: it keeps what the caller has.
type Spec struct {
	Path string   // the file to execute, as [Lookup] finds it
	Argv []string // with the name in front
	Env  []string // NAME=value
	Dir  string   // working directory, "" for the caller's

	Mask   signals.Set // the signal mask at exec, exactly
	Ignore signals.Set // the ignored signals at exec, exactly; all others are at SIG_DFL

	// Files become the program's descriptors 0, 1, 2 and so on, one after the other: one
	// that is to become a later descriptor must not lie in the place of an earlier. A
	// number equal to its own place is passed on as it is, a negative one is left alone.
	Files []int
	// OnlyFiles keeps every other descriptor from the program, also those that are not
	// close-on-exec. The start then takes no longer the more of them the caller has, as
	// long as Files themselves have low numbers. Before Linux 5.9 it changes nothing.
	OnlyFiles bool

	// NoPIDFD is for a caller that has no use for Process.PIDFD.
	NoPIDFD bool

	// PIDVariable is the name of an environment variable that is set to the child's own
	// pid, as LISTEN_PID has to be (sd_listen_fds(3)); "" for none. It takes a /proc of
	// our own PID namespace; without, the variable is empty.
	PIDVariable string

	Placement Placement
	// Terminal is the descriptor of a terminal, 0 or more, if HasTerminal. With Placement
	// OwnGroup the child's new group becomes its foreground process group, with OwnSession
	// it becomes the new session's controlling terminal, if it is no other session's.
	Terminal    int
	HasTerminal bool

	Limits     []Limit
	Credential *Credential
	Umask      int // 0 to 0777, if HasUmask
	HasUmask   bool

	// CgroupFD is a descriptor of a cgroup2 directory that the child starts in, if
	// HasCgroup.
	CgroupFD  int
	HasCgroup bool
}

// Placement is the process group and session that a child starts in.
type Placement uint8

// The placements.
const (
	SameGroup  Placement = iota // the caller's
	OwnGroup                    // leader of a new process group: setpgid(2)
	OwnSession                  // leader of a new session: setsid(2)
)

// Limit is one resource limit: setrlimit(2).
type Limit struct {
	Resource   int
	Soft, Hard uint64

	// Optional has the program start all the same where the kernel, or a seccomp filter,
	// refuses the limit.
	Optional bool
}

// Credential is whom a child runs as. All three are set, groups first.
type Credential struct {
	UID, GID uint32
	Groups   []uint32
}

// Process is a started child. It keeps its pid until the caller reaps it.
type Process struct {
	PID   int
	PIDFD int // close-on-exec, or -1 where there is none; the caller closes it
}
