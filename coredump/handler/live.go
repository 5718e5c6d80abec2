package handler

import (
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/coredump/explain"
	"supervise/coredump/explain/apart"
	"supervise/coredump/mini"
	"supervise/coredump/symbols"
)

// noMemory is what is read of a process that cannot be looked at.
type noMemory struct{}

func (noMemory) ReadAt([]byte, int64) (int, error) { return 0, errors.New("no memory") }

// memory opens the memory of the process, and what else goes with it: the names of its threads,
// and the files that it has mapped.
func (j *job) memory() io.ReaderAt {
	none := func(err error) io.ReaderAt {
		j.report.Problems = append(j.report.Problems, "the memory of the process could not be read: "+err.Error())
		return noMemory{}
	}
	if j.process == nil {
		return none(errors.New("it is not known which it is"))
	}
	memory, err := j.process.Memory()
	if err != nil {
		return none(err)
	}
	j.opened = append(j.opened, memory)
	mini.Name(j.head, j.process.PID)
	j.openModules()
	if j.process.Gone() != nil { // by now the names may be another process's
		for i := range j.head.Notes.Threads {
			j.head.Notes.Threads[i].Name = ""
		}
	}
	return memory
}

// maxOpened is how many files of a process are kept open: of the limit of descriptors, which is
// 1,024 in most places.
const maxOpened = 512

// openModules opens the programs and libraries that the process has mapped, which may be gone
// from their paths, or be others there, when they are asked for.
func (j *job) openModules() {
	live := apart.Living(j.process.PID)
	known := map[string]symbols.Input{}
	for _, m := range j.head.Notes.Files {
		// The kernel says so behind the path. d_path in fs/d_path.c.
		path, deleted := strings.CutSuffix(m.Path, " (deleted)")
		if _, ok := known[path]; ok {
			continue
		}
		if len(known) == maxOpened {
			break
		}
		file, err := live(explain.Request{Path: path, Start: m.Start, End: m.End, Deleted: deleted})
		if err != nil {
			file = nil
		} else {
			j.opened = append(j.opened, file)
		}
		known[path] = file
	}
	j.opener = func(q explain.Request) (symbols.Input, error) {
		if file := known[q.Path]; file != nil {
			fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
			if err != nil {
				return nil, os.NewSyscallError("fcntl", err)
			}
			return os.NewFile(uintptr(fd), q.Path), nil
		}
		return explain.Files(q)
	}
}
