package procfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/state"
)

// ErrGone is the error for a process that does not exist, or not any more.
var ErrGone = errors.New("there is no such process")

// gone makes an ErrGone of what a vanished process gives.
func gone(pid int, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("pid %d: %w", pid, ErrGone)
	}
	return fmt.Errorf("pid %d: %w", pid, err)
}

// Read reads the state of a process, given its pid. A thread's id is an error: it names the
// process.
func Read(pid int) (*state.Process, error) {
	before, err := sys.ReadStat(pid)
	if err != nil {
		return nil, gone(pid, err)
	}
	p := &state.Process{PID: pid, Started: before.Started, NoExec: before.NoExec}
	dir := "/proc/" + strconv.Itoa(pid)
	if p.Status, err = readStatus(dir + "/status"); err != nil {
		return nil, gone(pid, err)
	}
	if p.Process != pid {
		return nil, fmt.Errorf("%d is a thread of process %d: give the pid of that", pid, p.Process)
	}
	p.Command = command(dir)
	for tid := range sys.ThreadsOf(pid) {
		if t, err := readThread(dir, tid); err == nil && t.State != 'Z' && t.State != 'X' {
			p.Threads = append(p.Threads, t)
		}
	}
	slices.SortFunc(p.Threads, func(a, b state.Thread) int {
		if (a.TID == pid) != (b.TID == pid) {
			return b2i(b.TID == pid) - b2i(a.TID == pid)
		}
		return a.TID - b.TID
	})
	p.Descriptors, p.HiddenFiles = descriptors(dir)
	if after, err := sys.ReadStat(pid); err != nil || after.Started != before.Started {
		return nil, gone(pid, syscall.ESRCH)
	}
	return p, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// readStatus reads a status file. Its text is not kept.
func readStatus(path string) (s state.Status, err error) {
	err = sys.ReadProc(path, func(text string) (err error) {
		s, err = state.Parse(text)
		s.Comm = strings.Clone(s.Comm)
		return err
	})
	return s, err
}

func readThread(dir string, tid int) (t state.Thread, err error) {
	dir += "/task/" + strconv.Itoa(tid)
	s, err := readStatus(dir + "/status")
	if err != nil {
		return t, err
	}
	t = state.Thread{TID: tid, Comm: s.Comm, State: s.State, Pending: s.Pending, Blocked: s.Blocked}
	if s.State == 'S' {
		t.Waiting = waiting(dir)
	}
	return t, nil
}

// command returns a process's arguments.
func command(dir string) []string {
	text, err := sys.ReadFile(dir + "/cmdline")
	if err != nil || text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\x00"), "\x00")
}

// waiting returns what a thread waits for in sigwait(3): its system call has the address of
// the set.
func waiting(dir string) signals.Set {
	var at int64
	err := sys.ReadProc(dir+"/syscall", func(text string) error {
		call, rest, _ := strings.Cut(text, " ")
		address, _, _ := strings.Cut(rest, " ")
		if call != strconv.Itoa(syscall.SYS_RT_SIGTIMEDWAIT) {
			return syscall.ENODATA
		}
		n, err := strconv.ParseInt(address, 0, 64)
		at = n
		return err
	})
	if err != nil {
		return 0
	}
	memory, err := os.Open(dir + "/mem")
	if err != nil {
		return 0
	}
	defer memory.Close()
	var set [8]byte
	if _, err := memory.ReadAt(set[:], at); err != nil {
		return 0
	}
	return signals.Set(binary.NativeEndian.Uint64(set[:]))
}

// descriptors returns the descriptors of signalfd(2), by number.
func descriptors(dir string) (found []state.Descriptor, hidden bool) {
	files, err := os.Open(dir + "/fd")
	if err != nil {
		return nil, true
	}
	defer files.Close()
	names, err := files.Readdirnames(-1)
	if err != nil {
		return nil, true
	}
	for _, name := range names {
		if target, err := os.Readlink(dir + "/fd/" + name); err != nil || target != "anon_inode:[signalfd]" {
			continue
		}
		fd, _ := strconv.Atoi(name)
		_ = sys.ReadProc(dir+"/fdinfo/"+name, func(text string) error {
			if set, ok := signalfd(text); ok {
				found = append(found, state.Descriptor{FD: fd, Set: set})
			}
			return nil
		})
	}
	slices.SortFunc(found, func(a, b state.Descriptor) int { return a.FD - b.FD })
	return found, false
}

// signalfd finds the mask in the text of /proc/PID/fdinfo/FD: proc_pid_fdinfo(5).
func signalfd(text string) (signals.Set, bool) {
	for line := range strings.Lines(text) {
		if mask, ok := strings.CutPrefix(line, "sigmask:\t"); ok {
			set, err := signals.ParseMask(strings.TrimSpace(mask))
			return set, err == nil
		}
	}
	return 0, false
}
