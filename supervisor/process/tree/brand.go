package tree

import (
	"hash/fnv"
	"os"
	"strconv"
	"strings"
)

// A mark in the environment does not last: what sets its own title in ps(1) writes over it,
// and does so above all when it becomes a daemon: nginx, redis, postgres. A brand does. It is
// a number in a resource limit that has had no effect since Linux 2.4.25, but is still passed
// on by fork(2) and execve(2) and can be read of anybody: RLIMIT_LOCKS of getrlimit(2).

// Brand returns the number by which the processes of a service are known: no other service
// has it, nor one of another supervisor.
func (r *Root) Brand(service string) uint64 { return brand(r.mark, service) }

func brand(mark, service string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(mark + "\x00" + service))
	const bits, high = 62, 1 << 61 // nobody would set a limit as high by hand, but for infinity
	return h.Sum64()&(1<<bits-1) | high
}

// branded reports whether a process has the brand of this service.
func (a *ancestry) branded(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/limits")
	if err != nil {
		return false
	}
	_, line, _ := strings.Cut(string(text), "\nMax file locks ") // proc_pid_limits(5)
	fields := strings.Fields(line)
	return len(fields) > 0 && fields[0] == strconv.FormatUint(brand(a.mark, a.service), 10)
}
