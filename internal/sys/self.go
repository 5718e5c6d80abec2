package sys

import (
	"iter"
	"slices"
	"strconv"
	"syscall"
	"unsafe"

	"supervise/signals"
	"supervise/signals/state"
)

// Mask returns the calling thread's signal mask.
func Mask() signals.Set {
	before := SetMask(signals.Full)
	SetMask(before)
	return before
}

// Threads yields the ids of the calling process's threads, from /proc/self/task; none if
// there is no /proc.
func Threads() iter.Seq[int] { return numbered("/proc/self/task") }

// ThreadsOf is [Threads] for another process.
func ThreadsOf(pid int) iter.Seq[int] { return numbered("/proc/" + strconv.Itoa(pid) + "/task") }

// numbered yields the entries of a directory whose names are numbers.
func numbered(path string) iter.Seq[int] {
	return func(yield func(int) bool) {
		dir, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return
		}
		defer syscall.Close(dir)
		var buffer [1024]byte // small: at program start so is the stack
		for {
			n, err := syscall.ReadDirent(dir, buffer[:])
			if n <= 0 || err != nil {
				return
			}
			for entries := buffer[:n]; len(entries) > 0; {
				// struct linux_dirent64: getdents64(2).
				const lengthAt, nameAt = 16, 19
				length := *(*uint16)(unsafe.Pointer(&entries[lengthAt]))
				if number, ok := decimal(entries[nameAt:length]); ok && !yield(number) {
					return
				}
				entries = entries[length:]
			}
		}
	}
}

// decimal is strconv.Atoi for a name that ends with a zero byte, without making it a string.
func decimal(name []byte) (number int, ok bool) {
	for _, c := range name {
		if c == 0 {
			break
		}
		if c < '0' || c > '9' {
			return 0, false
		}
		number, ok = number*10+int(c-'0'), true
	}
	return number, ok
}

// SignalState is the signal state of a process as in /proc/PID/status: proc_pid_status(5).
type SignalState struct {
	Pending, Shared, Blocked, Ignored, Caught signals.Set

	// Queued is the number of queued signals of the process's real user, Limit that user's
	// RLIMIT_SIGPENDING.
	Queued, Limit uint64

	Parent  int  // the pid of the process's parent
	Stopped bool // the thread is stopped by a signal; under ptrace(2) it is not
	Ended   bool // it is a zombie or dead
	Dumping bool // the kernel writes its core
}

// ReadSignalState reads the state of a process's main thread; "self" is the calling process.
func ReadSignalState(pid string) (state SignalState, err error) {
	err = ReadProc("/proc/"+pid+"/status", func(status string) (err error) {
		state, err = ParseSignalState(status)
		return err
	})
	return state, err
}

// ParseSignalState parses the text of a /proc/PID/status.
func ParseSignalState(status string) (SignalState, error) {
	s, ok := parseSignalState(status)
	if !ok {
		_, err := state.Parse(status)
		return s, err
	}
	return s, nil
}

func parseSignalState(status string) (SignalState, bool) {
	s, ok := state.Lookup(status)
	if !ok {
		return SignalState{}, false
	}
	return SignalState{
		Pending: s.Pending, Shared: s.Shared, Blocked: s.Blocked, Ignored: s.Ignored, Caught: s.Caught,
		Queued: s.Queued, Limit: s.Limit, Parent: s.Parent, Stopped: s.Stopped(), Ended: s.Ended(), Dumping: s.Dumping,
	}, true
}

// ReadFile reads a whole file of /proc or /sys, or of a runtime directory, in which there
// can be a FIFO or what has no end: it does not wait for a writer, and of more than [MostRead]
// bytes it returns no more.
func ReadFile(path string) (string, error) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return "", err
	}
	defer syscall.Close(fd)
	return ReadAll(fd), nil
}

// MostRead is how many bytes are read of a file at the most, which is more than /proc has in
// one: the environment of a process, with its arguments, has 6 MiB (execve(2)).
const MostRead = 16 << 20

// ReadAll reads from a descriptor up to its end, the first error, or [MostRead] bytes.
func ReadAll(fd int) string {
	const short, long = 512, 4096
	all := make([]byte, 0, short) // small: at program start so is the stack
	for {
		if len(all) == cap(all) {
			all = slices.Grow(all, long)
		}
		n, err := syscall.Read(fd, all[len(all):cap(all)])
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return string(all)
		}
		if all = all[:len(all)+n]; len(all) >= MostRead {
			return string(all[:MostRead])
		}
	}
}
