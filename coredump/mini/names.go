package mini

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"supervise/coredump/elfcore"
)

// Name gives the threads of a head their names, from the /proc of their process, whose pid is
// in our PID namespace. The process may be dying.
func Name(head *elfcore.Head, pid int) {
	tasks := "/proc/" + strconv.Itoa(pid) + "/task"
	inside := map[int]string{}
	for i, t := range head.Notes.Threads {
		if i == defaultThreads {
			return
		}
		tid := strconv.Itoa(t.TID)
		// In a PID namespace of its own the process has other numbers than we see.
		if head.Notes.Process.PID != pid {
			if i == 0 {
				inside = innermost(tasks)
			}
			tid = inside[t.TID]
		}
		if comm, err := os.ReadFile(tasks + "/" + tid + "/comm"); tid != "" && err == nil {
			head.Notes.Threads[i].Name = string(bytes.TrimSuffix(comm, []byte("\n")))
		}
	}
}

// innermost returns our TIDs of the threads by those that they have themselves.
func innermost(tasks string) map[int]string {
	const max = 4 * defaultThreads
	found := map[int]string{}
	dir, err := os.Open(tasks)
	if err != nil {
		return found
	}
	defer dir.Close()
	tids, _ := dir.Readdirnames(max)
	for _, tid := range tids {
		status, _ := os.ReadFile(tasks + "/" + tid + "/status")
		_, line, _ := strings.Cut(string(status), "\nNSpid:")
		line, _, _ = strings.Cut(line, "\n")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if n, err := strconv.Atoi(fields[len(fields)-1]); err == nil {
			found[n] = tid
		}
	}
	return found
}
