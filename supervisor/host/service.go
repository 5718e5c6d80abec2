package host

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/internal/programs"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/kernel"
	"supervise/supervisor/launch"
	"supervise/supervisor/machine"
	"supervise/supervisor/output"
	"supervise/supervisor/process"
	"supervise/supervisor/process/tree"
)

// service is one service on the system. It implements [kernel.Service].
type service struct {
	host     *Host
	spec     *config.Service
	identity launch.Identity
	tree     tree.Tree
	route    *output.Route
	session  int // of the generation: the pid that its first main process had
	gen      machine.Gen
	warning  sync.Mutex
	warned   []string // what was told of its starts
	hunting  func()   // ends what is to go on with a kill; nil: nothing is
}

// warn tells what is not as the configuration has it, once and not at each start. It may be
// called on any goroutine.
func (s *service) warn(text string) {
	s.warning.Lock()
	defer s.warning.Unlock()
	if slices.Contains(s.warned, text) {
		return
	}
	if len(s.warned) == maxWarned {
		s.warned = nil
	}
	s.warned = append(s.warned, text)
	s.host.warn(s.spec.Name, text)
}

// maxWarned is how many warnings about a service are remembered, where a file changes all
// the time.
const maxWarned = 64

// Signal is part of [kernel.Service], as all of the following.
func (s *service) Signal(pid int, scope config.Scope, signal signals.Signal) (sent int, err error) {
	result := send.Gone
	switch scope {
	case config.Tree:
		return s.tree.Signal(signal)
	case config.Group:
		if pid != 0 {
			result = send.Group(s.group(pid), signal)
		}
	case config.Main:
		if pid != 0 {
			result = send.Process(pid, signal)
		}
	}
	switch result {
	case send.OK:
		return 1, nil
	case send.Gone:
		return 0, nil
	case send.Again, send.Refused:
	}
	return 0, &sendError{signal, result}
}

// group is the process group of the main process: its own, unless another has led it, which
// handed over.
func (s *service) group(pid int) int {
	if pid != s.session {
		if group, err := unix.Getpgid(pid); err == nil && group != unix.Getpgrp() {
			return group
		}
	}
	return pid
}

// sendError says why a signal could not be sent.
type sendError struct {
	signal signals.Signal
	result send.Result
}

func (e *sendError) Error() string { return e.result.String() }

// Deliver passes a signal on to the main process.
func (s *service) Deliver(pid int, info signals.Info) send.Result {
	if pid == 0 {
		return send.Gone
	}
	return send.Info(pid, info)
}

// Kill sends SIGKILL to everything. Where processes fork all the time that takes its time, and
// goes on until there are none.
func (s *service) Kill(pid int) error {
	if pid != 0 {
		send.Process(pid, signals.SIGKILL)
	}
	return s.hunt(huntPause)
}

// The pause between two slices of a kill, in which the loop has time for others. It grows while
// nothing comes of it.
const (
	huntPause    = 2 * time.Millisecond
	maxHuntPause = 100 * time.Millisecond
)

func (s *service) hunt(pause time.Duration) error {
	s.endHunt()
	done, err := s.tree.Kill()
	if !done {
		ended := false
		stop := s.host.Later(pause, func() {
			if !ended { // it may have been posted before it was stopped
				_ = s.hunt(min(pause*5/4, maxHuntPause))
			}
		})
		s.hunting = func() { ended = true; stop() }
	}
	return err
}

// endHunt ends a kill that goes on: nothing is left, or something new has been started.
func (s *service) endHunt() {
	if s.hunting != nil {
		s.hunting()
		s.hunting = nil
	}
}

// Empty reports whether nothing is left.
func (s *service) Empty() (bool, error) {
	empty, err := s.tree.Empty()
	if empty {
		s.endHunt()
	}
	return empty, err
}

// Retire lets the cgroup be removed.
func (s *service) Retire() { s.tree.Retire() }

// Members are the living processes.
func (s *service) Members() ([]tree.Member, error) { return s.tree.Members() }

// MemoryEvents is the path of a file in the service's cgroup:
// Documentation/admin-guide/cgroup-v2.rst.
func (s *service) MemoryEvents() string { return s.cgroupFile("memory.events") }

// cgroupFile is the path of a file of the service's cgroup, "" without cgroups.
func (s *service) cgroupFile(name string) string {
	if dir := s.host.root.Dir(); dir != "" {
		return filepath.Join(dir, s.spec.Name, name)
	}
	return ""
}

// started takes note of the main process of a new generation.
func (s *service) started(pid int, gen machine.Gen) {
	s.tree.Started(pid)
	s.session, s.gen = pid, gen
	s.host.cores.started(pid, s.main())
}

// delay says why a start takes long.
func (s *service) delay(progress *process.Progress) string {
	text := progress.String()
	pid := progress.PID()
	switch {
	case pid == 0:
	case s.frozen():
		return text + " (its cgroup is frozen)"
	default:
		if obstacle := s.host.Obstacle(pid); obstacle != "" {
			return text + " (" + obstacle + ")"
		}
	}
	return text
}

// frozen reports whether the service's cgroup is, or one that it is in:
// Documentation/admin-guide/cgroup-v2.rst, cgroup.freeze.
func (s *service) frozen() bool {
	events, _ := os.ReadFile(s.cgroupFile("cgroup.events"))
	return bytes.Contains(events, []byte("frozen 1"))
}

// Survey looks for who took over from the main process.
func (s *service) Survey() kernel.Survey {
	left, err := tree.Look(s.tree, s.session)
	switch {
	case err != nil:
		return kernel.Survey{Reason: err.Error()}
	case left.Heir.PID != 0:
		return kernel.Survey{Heir: left.Heir.PID, Reason: named(left.Heir)}
	case len(left.Orphans) == 0:
		return kernel.Survey{Reason: "others; " + programs.Foreground(s.spec.Command, "")}
	}
	first := left.Orphans[0]
	return kernel.Survey{Reason: named(first) + "; " + programs.Foreground(s.spec.Command, first.Name)}
}

func named(m tree.Member) string { return "pid " + strconv.Itoa(m.PID) + " (" + m.Name + ")" }

// Follow makes another process the main process.
func (s *service) Follow(pid int) {
	s.tree.Follow(pid)
	s.host.await(pid)
	s.host.cores.started(pid, s.main())
	s.route.Resume()
}

// SetAside takes a main process out of what is the service's.
func (s *service) SetAside(pid int) error { return s.tree.SetAside(pid) }

// Ended has the output of the main process read to the end.
func (s *service) Ended(read func(lines []string)) { s.route.Drain(read) }

// ReportTail logs the last lines of its output.
func (s *service) ReportTail(final bool) { s.route.ReportTail(final) }

// ReopenLog opens its log files anew.
func (s *service) ReopenLog(done func(error)) bool { return s.route.Reopen(done) }

// Close removes the cgroup and closes the log.
func (s *service) Close() error {
	s.endHunt()
	s.host.cores.forget(s)
	s.route.Close()
	return s.tree.Close()
}
