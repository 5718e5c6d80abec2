package process

import "supervise/signals"

// Passed is the byte that lets a child through its Gate: a path that there is, if it was read.
const Passed = '/'

// Spec says what to start and how. The zero value of every field but Path and Argv is useful:
// it keeps what the caller has.
type Spec struct {
	Path string   // the file to execute, as [Lookup] finds it
	Argv []string // including argv[0]
	Env  []string // NAME=value
	Dir  string   // working directory, "" for the caller's

	Mask   signals.Set // the signal mask at exec, exactly
	Ignore signals.Set // the ignored signals at exec, exactly; all others are SIG_DFL

	// Files become the program's descriptors 0, 1, 2 and so on, in this order: a descriptor
	// that is to become a later one must not have the number of an earlier one. A number
	// equal to its index is passed on as it is; a negative one is skipped.
	Files []int
	// OnlyFiles withholds every other descriptor from the program, including those that are
	// not close-on-exec. The time of the start then does not grow with the caller's
	// descriptors, as long as Files have low numbers. It has no effect before Linux 5.9.
	OnlyFiles bool

	// NoPIDFD is for callers that do not need Process.PIDFD.
	NoPIDFD bool

	// PIDVariables are the names of environment variables that are set to the child's own
	// pid, as LISTEN_PID must be (sd_listen_fds(3)). It needs a /proc of our own PID
	// namespace; without one the variables are empty.
	PIDVariables []string

	// Progress, unless it is nil, shows and can end a start that takes long. Other goroutines
	// go on meanwhile.
	Progress *Progress

	Placement Placement
	// Terminal is the descriptor of a terminal, 0 or more, if HasTerminal. With OwnGroup the
	// child's new group becomes its foreground process group; with OwnSession it becomes the
	// controlling terminal of the new session, unless it is another session's.
	Terminal    int
	HasTerminal bool

	Limits     []Limit
	Credential *Credential
	Umask      int // 0 to 0777, if HasUmask
	HasUmask   bool

	// CgroupFD is a descriptor of the cgroup2 directory that the child starts in, if
	// HasCgroup.
	CgroupFD  int
	HasCgroup bool

	// Gate are the ends of a pipe, if HasGate, from which the child reads before it does anything
	// else: it waits for [Passed], so that somebody can attach to it. Only
	// [Begin] returns before. While it waits, it ends with the thread that has begun it, and when
	// nobody else has the second end any more.
	Gate    [2]int
	HasGate bool
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

	// Optional starts the program even if the kernel, or a seccomp filter, refuses the limit.
	Optional bool
}

// Credential is the identity that a child runs with. All three are set, groups first.
type Credential struct {
	UID, GID uint32
	Groups   []uint32
	// KeepGroups leaves the child the caller's supplementary groups, for a caller that may
	// not change them: setgroups(2).
	KeepGroups bool
}

// Process is a started child. It keeps its pid until the caller reaps it.
type Process struct {
	PID   int
	PIDFD int // close-on-exec, or -1 if there is none; the caller closes it
}
