package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
)

var freeze = Experiment{
	Name:  "freeze",
	Title: "a process in a frozen cgroup handles nothing, but can be killed",
	Teaches: "Freezing looks like stopping to signals, except that nobody is told, and SIGCONT does not\n" +
		"help: what is caught stays pending until the cgroup is thawed. SIGKILL ends a frozen process.",
	Man:   `cgroups(7), "Cgroups version 2"; the kernel's cgroup-v2.rst, cgroup.freeze`,
	Trace: []Traced{{signals.SIGUSR1, "handled", 1}, {signals.SIGKILL, "terminated", 2}},
	run:   freezeGroup,
}

func freezeGroup(s *stage) {
	dir := s.cgroup()
	a, b := s.actor(), s.actor()
	a.handle(signals.SIGUSR1, actor.Note, 0)
	s.do("two processes are in a cgroup, which is frozen; the first catches SIGUSR1")
	for _, p := range []*player{a, b} {
		s.write(dir, "cgroup.procs", strconv.Itoa(p.PID))
	}
	s.frozen(dir, true)
	s.kill(a, signals.SIGUSR1)
	s.kill(a, signals.SIGCONT)
	s.expect("sent SIGUSR1 and SIGCONT, pending for the first", a.pending(), signals.SetOf(signals.SIGUSR1))
	s.expect("the handler has run", !s.theatre.NotHandled(), false)
	s.expect("its state is that of a stopped process", a.status().Stopped(), false)
	s.kill(b, signals.SIGKILL)
	s.expect("sent SIGKILL, the second was", b.ended(), signals.Exit{Signal: signals.SIGKILL})
	s.do("the cgroup is thawed")
	s.frozen(dir, false)
	s.expect("the first handles", s.handled().Info.Signal, signals.SIGUSR1)
	s.kill(a, signals.SIGKILL)
	a.ended()
}

// cgroupPrefix begins the name of the cgroup of an experiment, which ends with the pid of the
// process that waits for it and removes the cgroup: see sweep.
const cgroupPrefix = "supervise-lab-"

// cgroupVariable has that name, in the environment of a stage.
const cgroupVariable = "SUPERVISE_LAB_CGROUP"

// cgroup makes a cgroup.
func (s *stage) cgroup() (dir string) {
	root := cgroupRoot()
	if root == "" {
		s.impossible("no cgroup2 file system is mounted")
	}
	dir = filepath.Join(root, os.Getenv(cgroupVariable))
	if err := os.Mkdir(dir, 0o755); err != nil {
		s.impossible("cannot make a cgroup: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "cgroup.freeze")); err != nil {
		s.impossible("this kernel cannot freeze cgroups: %v", err)
	}
	return dir
}

// cgroupRoot is where the cgroup2 file system is mounted, or empty: proc_pid_mountinfo(5).
func cgroupRoot() string {
	text, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(text)) {
		mount, fs, _ := strings.Cut(line, " - ")
		if fields := strings.Fields(mount); len(fields) > 4 && strings.HasPrefix(fs, "cgroup2 ") {
			return fields[4]
		}
	}
	return ""
}

func (s *stage) write(dir, file, text string) {
	if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0); err != nil {
		s.impossible("cannot use a cgroup: %v", err)
	}
}

// frozen freezes or thaws a cgroup, and waits until it is.
func (s *stage) frozen(dir string, on bool) {
	digit := map[bool]string{true: "1", false: "0"}[on]
	s.write(dir, "cgroup.freeze", digit)
	s.poll("cgroup.events tells it", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "cgroup.events"))
		s.must(err)
		return strings.Contains(string(text), "frozen "+digit+"\n")
	})
}

// sweep removes the cgroup that this process's experiment has made, and those of processes
// that were killed before they could. All are empty.
func sweep() {
	root := cgroupRoot()
	if root == "" {
		return
	}
	left, _ := filepath.Glob(filepath.Join(root, cgroupPrefix+"*"))
	for _, dir := range left {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(dir), cgroupPrefix))
		if err == nil && (pid == os.Getpid() || errors.Is(unix.Kill(pid, 0), unix.ESRCH)) {
			_ = os.Remove(dir)
		}
	}
}

// cgroupName is the name for an experiment of this process.
func cgroupName() string { return fmt.Sprintf("%s%d", cgroupPrefix, os.Getpid()) }
