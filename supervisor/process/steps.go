//go:build linux && (amd64 || arm64)

package process

import (
	"slices"
	"strconv"
	"syscall"
	"unsafe"

	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/signals"
)

// step is one system call of the child. vfork_*.s knows the layout.
type step struct {
	number uintptr
	args   [6]uintptr
	// result receives the call's result, a machine word; or nil.
	result *uintptr
	// optional steps may fail.
	optional uintptr
}

// plan is the child's list of system calls and the memory that it points into. That stays
// reachable and does not move, because plan is on the heap and holds it.
type plan struct {
	program     program
	clone       cloneArgs
	pidfd       int32
	born        int32   // the child's pid, as soon as there is one
	shares      int32   // 1 until a child beside us has left our memory
	firstResult uintptr // the result of the first step

	steps []step
	names []string

	ignore, initial sigaction
	mask            signals.Set
	pid             uintptr
	limits          []Limit
	groups          []uint32
	path, dir       *byte
	argv, env       []*byte
	text            []byte // what path, dir, argv and env point into
	digit           [1]byte
	passed          [2]byte  // what the gate let through, a C string
	procSelf        *byte    // "/proc/self"
	pidEntries      [][]byte // the environment entries of Spec.PIDVariables
}

// clear empties a plan but keeps the memory of its lists.
func (p *plan) clear() {
	*p = plan{
		steps: p.steps[:0], names: p.names[:0], limits: p.limits[:0], groups: p.groups[:0],
		argv: p.argv[:0], env: p.env[:0], text: p.text[:0],
	}
}

// sigaction is the kernel's struct sigaction: rt_sigaction(2).
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     signals.Set
}

const (
	sigIgn     = 1
	sigSetmask = 2
	sigsetSize = 8
)

func (p *plan) add(name string, number uintptr, args ...uintptr) *step {
	p.steps = append(p.steps, step{number: number})
	p.names = append(p.names, name)
	last := &p.steps[len(p.steps)-1]
	copy(last.args[:], args)
	return last
}

// prepare turns the spec into system calls. procs is cgroup.procs of the child's cgroup if
// the child must join it itself, else -1.
func (p *plan) prepare(spec *Spec, mode cloneMode, procs int) error {
	p.clear()
	p.ignore, p.mask = sigaction{handler: sigIgn}, spec.Mask
	if err := p.strings(spec); err != nil {
		return err
	}
	if spec.HasGate {
		p.gate(spec.Gate)
	}
	if procs >= 0 {
		p.digit[0] = '0' // the writer itself: cgroups(7)
		p.add("write cgroup.procs", syscall.SYS_WRITE, uintptr(procs), uintptr(unsafe.Pointer(&p.digit)), 1)
	}
	if err := p.placement(spec); err != nil {
		return err
	}
	p.limit(spec)
	p.dispositions(spec.Ignore, mode)
	p.unshare(spec)
	if err := p.files(spec.Files); err != nil {
		return err
	}
	p.closeRest(spec)
	p.identity(spec)
	for _, variable := range spec.PIDVariables {
		p.pidVariable(variable)
	}
	if spec.Dir != "" {
		p.add("chdir "+spec.Dir, syscall.SYS_CHDIR, uintptr(unsafe.Pointer(p.dir)))
	}
	p.add("rt_sigprocmask", syscall.SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&p.mask)), 0, sigsetSize)
	p.add(stepExecve+spec.Path, syscall.SYS_EXECVE, uintptr(unsafe.Pointer(p.path)),
		uintptr(unsafe.Pointer(&p.argv[0])), uintptr(unsafe.Pointer(&p.env[0])))
	return nil
}

// gate waits for a byte. Meanwhile the child ends with whoever is to write it, who may be killed, by
// PR_SET_PDEATHSIG(2const). If that has happened already, there is nothing to read, as the child has
// closed its own other end; and a file without a name there is not.
func (p *plan) gate(gate [2]int) {
	p.add("close of the gate's other end", syscall.SYS_CLOSE, uintptr(gate[1]))
	p.add("prctl PR_SET_PDEATHSIG", syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL))
	p.add("read from the gate", syscall.SYS_READ, uintptr(gate[0]), uintptr(unsafe.Pointer(&p.passed)), 1)
	p.add("the gate, which was closed", syscall.SYS_FACCESSAT, atFDCWD, uintptr(unsafe.Pointer(&p.passed)), 0)
	p.add("prctl PR_SET_PDEATHSIG", syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, 0)
}

// strings turns Go's strings into C strings.
func (p *plan) strings(spec *Spec) error {
	env := spec.Env
	if len(spec.PIDVariables) > 0 {
		env = without(env, spec.PIDVariables)
	}
	size := len(spec.Path) + len(spec.Dir) + 2
	for _, s := range spec.Argv {
		size += len(s) + 1
	}
	for _, s := range env {
		size += len(s) + 1
	}
	p.text = slices.Grow(p.text, size) // so that it does not move from here on
	var path, dir, argv, environ bool
	p.path, path = p.pointer(spec.Path)
	p.dir, dir = p.pointer(spec.Dir)
	p.argv, argv = p.pointers(p.argv, spec.Argv)
	p.env, environ = p.pointers(p.env, env)
	var wrong string
	switch {
	case !path:
		wrong = stepExecve + strconv.Quote(spec.Path)
	case !dir:
		wrong = "chdir " + strconv.Quote(spec.Dir)
	case !argv:
		wrong = "execve: an argument has a zero byte in it"
	case !environ:
		wrong = "execve: the environment has a zero byte in it"
	default:
		return nil
	}
	return &StartError{Step: wrong, Errno: syscall.EINVAL}
}

// pointer appends a string and a terminating zero byte to the text. ok is false if the string
// contains one.
func (p *plan) pointer(s string) (at *byte, ok bool) {
	_, _, zero := text.Cut(s, 0)
	start := len(p.text)
	p.text = append(append(p.text, s...), 0)
	return &p.text[start], !zero
}

// pointers is pointer for a list, which it ends with nil.
func (p *plan) pointers(list []*byte, of []string) (all []*byte, ok bool) {
	list, ok = slices.Grow(list, len(of)+1), true
	for _, s := range of {
		at, fine := p.pointer(s)
		list, ok = append(list, at), ok && fine
	}
	return append(list, nil), ok
}

func (p *plan) placement(spec *Spec) error {
	switch spec.Placement {
	case SameGroup:
	case OwnSession:
		p.add("setsid", syscall.SYS_SETSID)
		if spec.HasTerminal {
			p.add("take the terminal", syscall.SYS_IOCTL, uintptr(spec.Terminal), syscall.TIOCSCTTY, 0).optional = 1
		}
	case OwnGroup:
		p.add("setpgid", syscall.SYS_SETPGID)
		if spec.HasTerminal {
			// Optional, as the caller may be in the background or the terminal gone.
			p.add("getpid", syscall.SYS_GETPID).result = &p.pid
			p.add("tcsetpgrp", syscall.SYS_IOCTL, uintptr(spec.Terminal), syscall.TIOCSPGRP,
				uintptr(unsafe.Pointer(&p.pid))).optional = 1
		}
	default:
		return unknownPlacement(spec.Placement)
	}
	return nil
}

// pidVariable adds an environment variable with the child's pid. The kernel itself writes
// that pid in decimal, as the target of /proc/self: proc(5).
func (p *plan) pidVariable(variable string) {
	const longest, atFDCWD = 20, -100
	entry := append([]byte(variable+"="), make([]byte, longest+1)...) // zero bytes to end it
	p.pidEntries = append(p.pidEntries, entry)
	p.env = append(p.env[:len(p.env)-1], &entry[0], nil)
	p.procSelf, _ = syscall.BytePtrFromString("/proc/self")
	at := atFDCWD
	p.add("readlink /proc/self", syscall.SYS_READLINKAT, uintptr(at), uintptr(unsafe.Pointer(p.procSelf)),
		uintptr(unsafe.Pointer(&entry[len(variable)+1])), longest).optional = 1
}

// without returns an environment without some variables.
func without(env, variables []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := text.Cut(entry, '=')
		return slices.Contains(variables, name)
	})
}

func (p *plan) limit(spec *Spec) {
	p.limits = append(p.limits, spec.Limits...)
	for i := range p.limits { // they do not move from here on: the kernel reads them
		limit := &p.limits[i]
		set := p.add("setrlimit "+limitName(limit.Resource), syscall.SYS_PRLIMIT64, 0, uintptr(limit.Resource),
			uintptr(unsafe.Pointer(&limit.Soft)), 0)
		if limit.Optional {
			set.optional = 1
		}
	}
	if spec.HasUmask {
		p.add("umask", syscall.SYS_UMASK, uintptr(spec.Umask))
	}
}

// dispositions has the child ignore some signals, and no others. clone3 resets those that have a
// handler (CLONE_CLEAR_SIGHAND), but none that this process ignores; clone resets none.
func (p *plan) dispositions(ignore signals.Set, mode cloneMode) {
	differ := signals.Full
	if mode != cloneJoin {
		differ = ignore ^ plans.ignored
	}
	for s := range differ.All() {
		if !s.Catchable() {
			continue
		}
		to := &p.initial
		if ignore.Has(s) {
			to = &p.ignore
		}
		p.add("rt_sigaction", syscall.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(to)), 0, sigsetSize)
	}
}

// sharesFiles reports whether the child starts with the caller's own descriptor table instead
// of a copy. Copying a thousand descriptors, and closing each on exec, would take longer than
// the rest of a start.
func (s *Spec) sharesFiles() bool {
	return s.OnlyFiles && !s.HasGate && sys.FeatureCloseRange.Available()
}

const (
	unshareRange = 2 // CLOSE_RANGE_UNSHARE
	lastFD       = uintptr(^uint32(0))
)

// unshare gives a child that shares its caller's descriptors its own table, without any above
// those that it needs. No earlier step may change a descriptor.
func (p *plan) unshare(spec *Spec) {
	if spec.sharesFiles() {
		p.add(stepUnshare, sys.NrCloseRange, uintptr(spec.firstFree()), lastFD, unshareRange)
	}
}

// firstFree is the first descriptor above all of Files and their places.
func (s *Spec) firstFree() int {
	past := len(s.Files)
	for _, fd := range s.Files {
		past = max(past, fd+1)
	}
	return past
}

// closeRest closes the descriptors between the program's own and those that unshare has left
// out.
func (p *plan) closeRest(spec *Spec) {
	if first, past := len(spec.Files), spec.firstFree(); spec.sharesFiles() && first < past {
		p.add("close_range", sys.NrCloseRange, uintptr(first), uintptr(past-1), 0)
	}
}

// files moves the descriptors to their places, one after the other.
func (p *plan) files(files []int) error {
	for place, fd := range files {
		switch {
		case fd < 0:
		case fd == place:
			p.add("fcntl F_SETFD "+strconv.Itoa(fd), syscall.SYS_FCNTL, uintptr(fd), syscall.F_SETFD, 0)
		case fd < place && files[fd] >= 0 && files[fd] != fd:
			return &StartError{Step: "descriptor " + strconv.Itoa(fd) + " is replaced before it can become " + strconv.Itoa(place), Errno: syscall.EINVAL}
		default:
			p.add("dup3 "+strconv.Itoa(fd)+" to "+strconv.Itoa(place), syscall.SYS_DUP3, uintptr(fd), uintptr(place), 0)
		}
	}
	return nil
}

func (p *plan) identity(spec *Spec) {
	who := spec.Credential
	if who == nil {
		return
	}
	if !who.KeepGroups {
		p.groups = append(p.groups, who.Groups...)
		var groups *uint32
		if len(p.groups) > 0 {
			groups = &p.groups[0]
		}
		p.add(stepSetgroups, syscall.SYS_SETGROUPS, uintptr(len(p.groups)), uintptr(unsafe.Pointer(groups)))
	}
	gid, uid := uintptr(who.GID), uintptr(who.UID)
	p.add(stepSetresgid+strconv.Itoa(int(who.GID)), syscall.SYS_SETRESGID, gid, gid, gid)
	p.add(stepSetresuid+strconv.Itoa(int(who.UID)), syscall.SYS_SETRESUID, uid, uid, uid)
}

// limitName is the resource's name in setrlimit(2), for those that this project sets.
func limitName(resource int) string {
	switch resource {
	case syscall.RLIMIT_CORE:
		return "RLIMIT_CORE"
	case syscall.RLIMIT_NOFILE:
		return "RLIMIT_NOFILE"
	case 10:
		return "RLIMIT_LOCKS"
	case 11:
		return "RLIMIT_SIGPENDING"
	default:
		return strconv.Itoa(resource)
	}
}
