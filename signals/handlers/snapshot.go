package handlers

import (
	"errors"
	"os"
	"strconv"

	"supervise/coredump/explain"
	"supervise/coredump/symbols"
)

// Snapshot is where the program of a process is mapped, and its file, for when the process has
// ended.
type Snapshot struct {
	maps    []mapping
	program string
	file    *os.File
}

// Take takes a snapshot of a process. Close closes the file.
func Take(pid int) (*Snapshot, error) {
	proc := "/proc/" + strconv.Itoa(pid)
	file, err := os.Open(proc + "/exe")
	if err != nil {
		return nil, err
	}
	s := &Snapshot{file: file}
	s.program, _ = os.Readlink(proc + "/exe")
	if s.maps, err = readMaps(pid); err != nil {
		file.Close()
		return nil, err
	}
	return s, nil
}

var errNotProgram = errors.New("not the file of the program")

// At names the function at an address of the program; another address has no name.
func (s *Snapshot) At(address uint64) Handler {
	found := &Found{handlers: map[uint64]Handler{}}
	l := looker{found, func(q explain.Request) (symbols.Input, error) {
		if q.Path != s.program {
			return nil, errNotProgram
		}
		return os.Open("/proc/self/fd/" + strconv.Itoa(int(s.file.Fd())))
	}, s.program}
	if m := at(s.maps, address); m != nil && l.isProgram(m) {
		l.in(m, []uint64{address})
	}
	return found.At(address)
}

// Close closes the file.
func (s *Snapshot) Close() error { return s.file.Close() }
