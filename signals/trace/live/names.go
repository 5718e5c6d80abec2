package live

import (
	"encoding/binary"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/handlers"
)

// names finds out what records have only numbers for.
type names struct {
	mount   string // of the cgroup2 hierarchy, or ""
	root    int    // its descriptor
	cgroups map[int64]string
	symbols map[int]map[uint64]string // by pid and address
	known   int                       // how many symbols there are

	programs map[int]*handlers.Snapshot // of living processes, by pid
}

func newNames() *names {
	n := &names{root: -1, cgroups: map[int64]string{}, symbols: map[int]map[uint64]string{}, programs: map[int]*handlers.Snapshot{}}
	mounts, _ := os.ReadFile("/proc/self/mounts")
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[2] == "cgroup2" {
			if fd, err := unix.Open(fields[1], unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err == nil {
				n.mount, n.root = fields[1], fd
				break
			}
		}
	}
	return n
}

func (n *names) close() {
	for pid := range n.programs {
		n.ended(pid)
	}
	if n.root >= 0 {
		unix.Close(n.root)
	}
}

// cgroup is the path of a cgroup below the mount, "" if it is gone or cannot be known: its id
// is a file handle of the kernel's, name_to_handle_at(2).
func (n *names) cgroup(id int64) string {
	path, known := n.cgroups[id]
	if known || n.root < 0 || id == 0 {
		return path
	}
	const kernfs = 0xfe // FILEID_KERNFS
	handle := unix.NewFileHandle(kernfs, binary.NativeEndian.AppendUint64(nil, uint64(id)))
	if fd, err := unix.OpenByHandleAt(n.root, handle, unix.O_PATH|unix.O_CLOEXEC); err == nil {
		path, _ = os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		unix.Close(fd)
		if path = strings.TrimPrefix(path, n.mount); path == "" {
			path = "/"
		}
	}
	n.cgroups[id] = path
	return path
}

// mostSymbols is how many names are remembered.
const mostSymbols = 10_000

// symbol is the function at an address of a process, "" if it has no name, or is gone already.
func (n *names) symbol(pid int, address uint64) string {
	name, known := n.symbols[pid][address]
	if known {
		return name
	}
	var h handlers.Handler
	if found, err := handlers.Look(pid, []uint64{address}); err == nil {
		h = found.At(address) // nothing, of a zombie
	}
	if program := n.programs[pid]; h.Module == "" && program != nil {
		h = program.At(address)
	}
	if h.Module != "" {
		name = h.String()
	}
	if n.known >= mostSymbols {
		clear(n.symbols)
		n.known = 0
	}
	if n.symbols[pid] == nil {
		n.symbols[pid] = map[uint64]string{}
	}
	n.symbols[pid][address] = name
	n.known++
	return name
}

// mostPrograms is how many files are kept open.
const mostPrograms = 200

// executed keeps the program of a process in reach, for handlers that end it: it is gone before
// their record is read.
func (n *names) executed(pid int) {
	n.ended(pid)
	if len(n.programs) < mostPrograms {
		if program, err := handlers.Take(pid); err == nil {
			n.programs[pid] = program
		}
	}
}

// ended forgets a process, or the program that it had: another may have other functions at the same
// addresses.
func (n *names) ended(pid int) {
	n.known -= len(n.symbols[pid])
	delete(n.symbols, pid)
	if program := n.programs[pid]; program != nil {
		program.Close()
		delete(n.programs, pid)
	}
}

// pending says which signals wait for a thread or its process, and which it ignores.
func pending(pid, tid int) (waiting, ignored signals.Set, ok bool) {
	state, err := sys.ReadSignalState(strconv.Itoa(pid) + "/task/" + strconv.Itoa(tid))
	return state.Pending | state.Shared, state.Ignored, err == nil
}
