package tree

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strconv"
)

// Left is what a main process that has ended leaves.
type Left struct {
	// Orphans were its children, or those of others that have ended, and are ours now. None
	// is a zombie.
	Orphans []Member
	// Heir is the one of them to which it has handed over, if that can be told.
	Heir Member
}

// Look says what is left of a service when its main process has ended, which led the given
// session.
//
// A server that replaces its own program while it runs executes the new one in a child, which
// begins to serve with children of its own, and then ends: nginx, gunicorn and unicorn at
// SIGUSR2. The child is told from a worker that is left over by having workers, and from a
// daemon by being in the session that the service was started in. A worker is a fork of its
// parent: no other program was executed in it.
func Look(t Tree, session int) (Left, error) {
	members, err := t.Members()
	if err != nil {
		return Left{}, err
	}
	self := os.Getpid()
	var left Left
	var heirs []Member
	all := make([]entry, 0, len(members))
	for _, m := range members {
		if p, ok := readStat(strconv.Itoa(m.PID)); ok && !p.zombie {
			all = append(all, p)
		}
	}
	for _, p := range all {
		if p.ppid != self {
			continue
		}
		m := Member{PID: p.pid, Name: p.name}
		left.Orphans = append(left.Orphans, m)
		if p.session == session && hasWorker(p, all) {
			heirs = append(heirs, m)
		}
	}
	if len(heirs) == 1 {
		left.Heir = heirs[0]
	}
	return left, nil
}

// hasWorker reports whether a process has a child that is a fork of it.
func hasWorker(master entry, all []entry) bool {
	for _, p := range all {
		if p.ppid == master.pid && sameProgram(master, p) {
			return true
		}
	}
	return false
}

// sameProgram reports whether no program was executed since two processes were one. Each
// execve(2) puts stack and code at addresses of its own, and fork(2) keeps them. Where these
// may not be seen (ptrace(2)), the names have to do.
func sameProgram(a, b entry) bool {
	one, err := addresses(a.pid)
	if err != nil {
		return false
	}
	other, err := addresses(b.pid)
	switch {
	case err != nil:
		return false
	case one.stack == "0" || other.stack == "0":
		return a.name == b.name
	}
	return one == other
}

// placement is where the kernel has put a program in memory.
type placement struct{ code, stack string }

// addresses reads startcode and startstack of /proc/PID/stat: proc_pid_stat(5).
func addresses(pid int) (placement, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return placement{}, err
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const codeField, stackField = 26 - 3, 28 - 3 // counted from the state, the third
	if len(fields) <= stackField {
		return placement{}, errors.New(strconv.Itoa(pid) + ": " + fs.ErrInvalid.Error())
	}
	return placement{string(fields[codeField]), string(fields[stackField])}, nil
}
