package crasher

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Facts are what /proc says of a process beside whose it is. The process, or somebody with its
// rights, could choose all of it.
type Facts struct {
	Exe         string // path of its executable as the kernel knows it, with " (deleted)" if it is gone
	Directory   string // working directory
	Arguments   []string
	Environment []string
	Limits      map[string]string // soft limits by the names of /proc/PID/limits
}

// Facts reads them. What cannot be read is empty.
func (p *Process) Facts() (f Facts) {
	f.Exe, f.Directory = p.link("exe"), p.link("cwd")
	f.Arguments, f.Environment = p.words("cmdline"), p.words("environ")
	if text, err := readAt(p.dir, "limits"); err == nil {
		f.Limits = limits(string(text))
	}
	return f
}

func (p *Process) link(name string) string {
	var target [unix.PathMax]byte
	n, err := unix.Readlinkat(p.dir, name, target[:])
	if err != nil {
		return ""
	}
	return string(target[:n])
}

func (p *Process) words(name string) (list []string) {
	text, err := readAt(p.dir, name)
	if err != nil {
		return nil
	}
	for word := range bytes.SplitSeq(bytes.TrimSuffix(text, []byte{0}), []byte{0}) {
		list = append(list, string(word))
	}
	return list
}

// limits reads /proc/PID/limits, whose columns have a fixed width: proc_pid_limits in
// fs/proc/base.c.
func limits(text string) map[string]string {
	const name, soft = 26, 47
	found := map[string]string{}
	for i, line := range strings.Split(text, "\n") {
		if i > 0 && len(line) >= soft {
			found[strings.TrimSpace(line[:name])] = strings.TrimSpace(line[name:soft])
		}
	}
	return found
}

// Memory opens the memory of the process, whose offsets are addresses.
func (p *Process) Memory() (*os.File, error) { return p.open("mem") }

func (p *Process) open(name string) (*os.File, error) {
	path := "/proc/" + strconv.Itoa(p.PID) + "/" + name
	fd, err := unix.Openat(p.dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// Killed reports whether a SIGKILL is pending for the process or a thread that dumps its core,
// or it has ended: what ends a dump early.
func (p *Process) Killed() bool {
	status, err := readAt(p.dir, "status")
	if err != nil {
		return true
	}
	if state, _ := field(string(status), "State:"); strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X") {
		return true
	}
	for _, name := range []string{"SigPnd:", "ShdPnd:"} {
		value, _ := field(string(status), name)
		if set, err := strconv.ParseUint(value, 16, 64); err == nil && set&(1<<(unix.SIGKILL-1)) != 0 {
			return true
		}
	}
	return false
}

// Gone says that the process was reaped by now, if it was.
func (p *Process) Gone() error { return p.alive() }

// Descriptors lists the descriptors of the process, at most so many, that are sockets.
func (p *Process) Descriptors(most int) (numbers []int, err error) {
	dir, err := p.open("fd")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(most)
	for _, name := range names {
		if target := p.link("fd/" + name); !strings.HasPrefix(target, "socket:") {
			continue
		}
		if n, err := strconv.Atoi(name); err == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers, err
}
