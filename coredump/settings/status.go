package settings

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/coredump"
	"supervise/signals"
)

// procDir is the directory of a process in /proc: once it is open, another process that gets
// the pid is not mistaken for this one.
type procDir struct {
	fd  int
	pid int
}

func openProc(pid int) (*procDir, error) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("there is no process %d: %w", pid, err)
	}
	return &procDir{fd, pid}, nil
}

func (d *procDir) close() { _ = unix.Close(d.fd) }

func (d *procDir) read(name string) (string, error) {
	fd, err := unix.Openat(d.fd, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	file := os.NewFile(uintptr(fd), name)
	defer file.Close()
	text := make([]byte, 64<<10)
	n, err := file.Read(text)
	if n == 0 && err != nil {
		return "", err
	}
	return string(text[:n]), nil
}

func (d *procDir) link(name string) (string, error) {
	text := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(d.fd, name, text)
	return string(text[:max(n, 0)]), err
}

// process reads what the kernel knows of the process, and notes what it could not read.
func (d *procDir) process(s *Subject) error {
	text, err := d.read("status")
	if err != nil {
		return fmt.Errorf("cannot read the status of pid %d: %w", d.pid, err)
	}
	p := &s.Process
	p.status(text)
	p.Confined = d.confined()
	if text, err := d.read("limits"); s.readable("its limits", err) {
		p.limits(text)
	}
	if text, err := d.read("coredump_filter"); s.readable("its core filter", err) && !p.Memoryless {
		mask, err := strconv.ParseUint(strings.TrimSpace(text), 16, 32)
		p.Filter, p.HasFilter = coredump.Filter(mask), err == nil
	}
	if exe, err := d.link("exe"); !p.Memoryless && s.readable("its executable", err) {
		p.Executable = d.inside(exe)
	}
	p.SameUsers = d.sameNamespace("ns/user")
	p.SameMounts = d.sameNamespace("ns/mnt")
	private, known := d.private(p)
	p.Private = private
	if !known && !p.Memoryless {
		s.Unknown = append(s.Unknown, "whether it is dumpable")
	}
	return nil
}

// readable notes what could not be read.
func (s *Subject) readable(what string, err error) bool {
	if err != nil {
		s.Unknown = append(s.Unknown, what)
	}
	return err == nil
}

// inside is a path as the process sees it, whose root may be another directory.
func (d *procDir) inside(path string) string {
	root, err := d.link("root")
	if rest, ok := strings.CutPrefix(path, root); err == nil && ok && root != "/" && strings.HasPrefix(rest, "/") {
		return rest
	}
	return path
}

// sameNamespace reports whether we are in the same one; where that may not be read it is taken
// for granted.
func (d *procDir) sameNamespace(name string) bool {
	theirs, err := d.link(name)
	ours, err2 := os.Readlink("/proc/self/" + name)
	return err != nil || err2 != nil || theirs == ours
}

// confined is the profile of a security module that may forbid to write the core: AppArmor's
// or SELinux's, "" for none.
func (d *procDir) confined() string {
	text, err := d.read("attr/current")
	profile := strings.Trim(text, "\x00\n ")
	if err != nil || profile == "unconfined" || strings.HasPrefix(profile, "unconfined_u:") || strings.HasPrefix(profile, "kernel") {
		return ""
	}
	return profile
}

// status takes what it needs from /proc/PID/status: proc_pid_status(5).
func (p *Process) status(text string) {
	p.Memoryless = true // without memory these lines are missing: VmRSS, and others
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch key {
		case "Name":
			p.Name = unescapeName(value)
		case "Umask":
			mask, _ := strconv.ParseUint(value, 8, 32)
			p.Umask = uint32(mask)
		case "Threads":
			p.Threads, _ = strconv.Atoi(value)
		case "TracerPid":
			p.Tracer, _ = strconv.Atoi(value)
		case "Uid":
			copy(p.UIDs[:], numbers(value))
		case "Gid":
			copy(p.GIDs[:], numbers(value))
		case "Groups":
			p.Groups = numbers(value)
		case "NSpid":
			if ids := numbers(value); len(ids) > 0 {
				p.InnermostID = int(ids[len(ids)-1])
			}
		case "VmRSS":
			kilobytes, _ := strconv.ParseUint(strings.TrimSuffix(value, " kB"), 10, 64)
			p.Resident, p.Memoryless = kilobytes<<10, false
		case "CapEff":
			p.Effective = hexadecimal(value)
		case "SigIgn":
			p.Ignored = signals.Set(hexadecimal(value))
		case "SigCgt":
			p.Caught = signals.Set(hexadecimal(value))
		case "Seccomp":
			p.Strict = value == "1"
		}
	}
}

func hexadecimal(text string) uint64 {
	n, _ := strconv.ParseUint(text, 16, 64)
	return n
}

func numbers(text string) (list []uint32) {
	for field := range strings.FieldsSeq(text) {
		n, err := strconv.ParseUint(field, 10, 32)
		if err != nil {
			return list
		}
		list = append(list, uint32(n))
	}
	return list
}

// unescapeName takes back what the kernel writes for a line break and a backslash in a name.
func unescapeName(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(text)
}

// limits takes what it needs from /proc/PID/limits.
func (p *Process) limits(text string) {
	p.LimitsRead = true
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "Max core file size"); ok {
			p.Limit, p.HardCore = limitPair(rest)
		}
		if rest, ok := strings.CutPrefix(line, "Max file size"); ok {
			p.FileSize, _ = limitPair(rest)
		}
	}
}

func limitPair(text string) (soft, hard uint64) {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return 0, 0
	}
	return limitOf(fields[0]), limitOf(fields[1])
}

func limitOf(text string) uint64 {
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return n
	}
	return coredump.Unlimited
}
