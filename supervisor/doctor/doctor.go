package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals/intake"
	"supervise/signals/recorder"
	"supervise/supervisor/process/tree"
	"supervise/supervisor/rundir"
)

// Status is the rating of a finding.
type Status string

// The ratings.
const (
	Good Status = "ok"      // as it should be
	Note Status = "note"    // works, but in a way worth knowing
	Bad  Status = "warning" // something will not work as expected
)

// Finding is the result of one check.
type Finding struct {
	Name    string `json:"name"`
	Status  Status `json:"status"`
	Value   string `json:"value"`   // what was found
	Meaning string `json:"meaning"` // what it means for the user
}

// Subject is what only the running program knows about itself.
type Subject struct {
	Mode       intake.Mode      // the one that run and init will use
	Inherited  intake.Inherited // as far as it is known
	RuntimeDir string           // where run would keep its files
}

// Examine makes all checks, in a fixed order.
func Examine(s Subject) []Finding {
	findings := []Finding{
		intakeMode(s.Mode), inherited(s.Inherited), place(), subreaper(), descendants(), recording(recorder.Permitted()),
		spawning(), pidfds(), procfs(), zombies(sys.Processes()), corePattern(), coreCollection(s.RuntimeDir), runtimeDir(s.RuntimeDir),
	}
	return append(findings, limits(s.Inherited)...)
}

func intakeMode(mode intake.Mode) Finding {
	f := Finding{Name: "signal intake", Value: mode.String()}
	switch mode {
	case intake.Entry:
		f.Status, f.Meaning = Good, "signals are blocked before the Go runtime starts; every one arrives with sender and payload"
	case intake.Reexec:
		f.Status = Note
		f.Meaning = "run and init execute themselves once more to block signals, and a signal may end them before that; build with 'make build'"
	case intake.Portable:
		f.Status = Bad
		f.Meaning = "on this architecture signals arrive by number alone, without sender and payload, and may coalesce"
	}
	return f
}

func inherited(found intake.Inherited) Finding {
	f := Finding{Name: "inherited signals", Status: Good, Value: "none blocked, none ignored"}
	f.Meaning = "init passes exactly this on to its command; run gives every service an empty mask and default dispositions"
	if found.Mask != 0 || found.Ignored != 0 {
		f.Status = Note
		f.Value = "blocked: " + found.Mask.String() + "; ignored: " + found.Ignored.String()
	}
	if !found.Exact {
		f.Meaning += "; but some of it cannot be known here: build with 'make build', or at least without -ldflags=-s, which go run adds"
	}
	return f
}

// initialPIDNamespace is the inode of the first PID namespace: PROC_PID_INIT_INO in the
// kernel's linux/proc_ns.h.
const initialPIDNamespace = 0xEFFFFFFC

func place() Finding {
	f := Finding{Name: "place", Value: "pid " + strconv.Itoa(os.Getpid())}
	var st unix.Stat_t
	err := unix.Stat("/proc/self/ns/pid", &st)
	switch {
	case err != nil:
		f.Value += ", PID namespace unknown"
	case st.Ino == initialPIDNamespace:
		f.Value += " in the initial PID namespace"
	default:
		f.Value += " in a PID namespace of its own"
	}
	f.Status, f.Meaning = Good, "not PID 1: becomes child subreaper, so that orphans below it are reaped all the same"
	if os.Getpid() == 1 {
		f.Meaning = "PID 1: reaps every orphan of the namespace; when it exits, everything in it is killed"
	}
	return f
}

func subreaper() Finding {
	f := Finding{Name: "child subreaper", Status: Good, Value: "available", Meaning: "orphaned descendants become children of supervise and are reaped"}
	// The getter is enough: both came with Linux 3.4.
	if _, err := sys.IsSubreaper(); err != nil {
		f.Status, f.Value = Bad, "not available: "+err.Error()
		f.Meaning = "unless it is PID 1, supervise cannot see or reap what its services leave behind"
	}
	return f
}

func descendants() Finding {
	root := tree.Open("supervise-doctor-"+strconv.Itoa(os.Getpid()), "", tree.NoChildren{})
	defer root.Close()
	f := Finding{Name: "descendants", Status: Good, Value: root.Method().String()}
	f.Meaning = "each service gets a cgroup; stopping one leaves nothing behind, whatever it forked"
	if root.Method() == tree.ByAncestry {
		f.Status = Note
		f.Value += ": " + root.Reason().Error()
		f.Meaning = "a service's processes are known by parent, session and a mark in their environment; one that clears its environment, calls setsid and forks twice is only ended with supervise itself"
	}
	return f
}

func recording(err error) Finding {
	f := Finding{Name: "signal recorder", Status: Good, Value: "available"}
	f.Meaning = "why, status and the log name who killed a service, and how; supervisor.recorder = \"off\" does without, init needs --recorder"
	if err != nil {
		f.Status, f.Value = Note, "not available: "+err.Error()
		f.Meaning = "who sends a SIGKILL, and much else that ends a service, is not known; nothing else depends on it"
	}
	return f
}

func spawning() Finding {
	f := Finding{Name: "clone3", Status: Good, Value: "available", Meaning: "services start inside their cgroup with exact signal dispositions, in one system call"}
	if err := sys.FeatureClone3.Probe(); err != nil {
		f.Status, f.Value = Note, "not available: "+err.Error()
		f.Meaning = "an old kernel or a seccomp filter; plain clone is used, with the same result"
	}
	return f
}

func pidfds() Finding {
	f := Finding{Name: "pidfd", Status: Good, Value: "available", Meaning: "a signal can never reach another process that has got the pid"}
	fd, err := sys.OpenPID(os.Getpid())
	if err != nil {
		f.Status, f.Value = Note, "not available: "+err.Error()
		f.Meaning = "descendants that are not children are signalled by pid, which another process could have got since"
		return f
	}
	_ = unix.Close(fd)
	return f
}

func procfs() Finding {
	f := Finding{Name: "/proc", Status: Good, Value: "mounted", Meaning: "senders and survivors can be named"}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		f.Status, f.Value = Bad, err.Error()
		f.Meaning = "without /proc, descendants cannot be found by descent and senders have no names"
	}
	return f
}

func runtimeDir(dir string) Finding {
	f := Finding{Name: "runtime directory", Status: Good, Value: dir, Meaning: "run keeps its lock here; one supervisor for each directory"}
	err := unix.Access(dir, unix.W_OK)
	if errors.Is(err, unix.ENOENT) {
		f.Value += " (will be made)"
		for parent := filepath.Dir(dir); errors.Is(err, unix.ENOENT) && parent != dir; parent = filepath.Dir(parent) {
			err = unix.Access(parent, unix.W_OK)
		}
	}
	if obstacle := rundir.Obstacle(dir); obstacle != nil {
		f.Status, f.Value, f.Meaning = Bad, dir, "run cannot start here: "+obstacle.Error()
		return f
	}
	if err != nil {
		f.Status, f.Value = Bad, dir+": "+err.Error()
		f.Meaning = "run cannot start here; set supervisor.runtime-dir to a directory that you may write"
	}
	return f
}

func limits(found intake.Inherited) []Finding {
	return []Finding{
		limit("open files", syscall.RLIMIT_NOFILE, found, 1024,
			"each service takes about five descriptors; supervise raises its own limit to the hard one and gives services the soft one"),
		limit("pending signals", unix.RLIMIT_SIGPENDING, found, 1024,
			"for all processes of this user; real-time signals beyond it wait in supervise until a service takes some"),
		limit("core size", unix.RLIMIT_CORE, found, 0,
			"what services get unless core.limit says otherwise; 0 writes no core files"),
		limit("processes", unix.RLIMIT_NPROC, found, 1024,
			"for all processes of this user, root excepted; a service that cannot be started because of it is tried again"),
	}
}

func limit(name string, resource int, found intake.Inherited, least uint64, meaning string) Finding {
	f := Finding{Name: "limit: " + name, Status: Good, Meaning: meaning}
	var l unix.Rlimit
	if err := unix.Getrlimit(resource, &l); err != nil {
		f.Status, f.Value = Bad, err.Error()
		return f
	}
	if resource == syscall.RLIMIT_NOFILE && found.NoFile.Hard != 0 {
		l.Cur, l.Max = found.NoFile.Soft, found.NoFile.Hard // before package os raised it
	}
	f.Value = fmt.Sprintf("%s soft, %s hard", amount(l.Cur), amount(l.Max))
	if l.Max < least {
		f.Status = Bad
	}
	return f
}

func amount(n uint64) string {
	if n == unix.RLIM_INFINITY {
		return "unlimited"
	}
	return strconv.FormatUint(n, 10)
}

// Worst returns the worst status of the findings.
func Worst(findings []Finding) Status {
	worst := Good
	for _, f := range findings {
		if f.Status == Bad || worst == Good {
			worst = f.Status
		}
		if worst == Bad {
			break
		}
	}
	return worst
}
