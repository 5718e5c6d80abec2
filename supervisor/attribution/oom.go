package attribution

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"supervise/internal/sys"
)

// OOM finds out whether a SIGKILL came from the kernel's OOM killer. Mostly it did not: then
// the count of its kills on the whole machine, which anyone may read, has not grown. If it
// has, /dev/kmsg names the process, where it may be read. Otherwise the count of the
// service's cgroup says more, where the memory controller is enabled. Without either it is
// only possible.
type OOM struct {
	began  time.Time
	vmstat string        // the file with the machine's count
	wait   time.Duration // between two reads of the log
	closed chan struct{}

	mu      sync.Mutex        // held by Look, which may wait
	log     *kernelLog        // nil: not readable
	count   uint64            // of the machine, when it was last read
	grown   time.Duration     // when count was last seen to have grown; negative: never
	kills   []loggedKill      // the last ones, the oldest first
	lost    bool              // records of the log were overwritten before we read them
	cgroups map[string]uint64 // the counts of cgroups, by the path of memory.events
}

type loggedKill struct {
	oomKill
	read time.Duration // when it was read
}

// maxKills is how many kills are remembered. Most are of processes that belong to no service.
const maxKills = 64

// The kernel logs a kill shortly after it.
const (
	logTries = 5
	logWait  = 10 * time.Millisecond
)

// NewOOM reads what the kernel has counted so far. Times count from began.
func NewOOM(began time.Time) *OOM {
	o := &OOM{
		began: began, vmstat: "/proc/vmstat", wait: logWait, closed: make(chan struct{}),
		log: openKernelLog(), cgroups: map[string]uint64{}, grown: -1,
	}
	o.count, _ = readCounter(o.vmstat, "oom_kill")
	return o
}

// Close makes calls of Look return early, and closes the log when they have. It does not
// wait for that. It is called once, when Look will not be called any more.
func (o *OOM) Close() {
	close(o.closed)
	go o.free()
}

// free closes the log when no Look uses it.
func (o *OOM) free() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.log != nil {
		o.log.close()
		o.log = nil
	}
}

// Look finds out about the end, by SIGKILL, of a process that was started at the time began.
// events is the memory.events file of its cgroup, "" for none. Look reads files, may take
// 50 ms, and waits for other calls of it: do not call it on the loop.
func (o *OOM) Look(pid int, began time.Duration, events string) Finding {
	o.mu.Lock()
	defer o.mu.Unlock()
	counted := o.recount()
	local, grown := o.recountCgroup(events)
	if counted && o.grown < began {
		return Finding{}
	}
	if reason, found := o.awaitLogged(pid, began); found {
		return Finding{KernelLog, reason}
	}
	switch {
	case o.log != nil && !o.lost: // the log would have named it
	case local && grown:
		return Finding{Evidence: CgroupCount}
	case !local && counted:
		return Finding{Evidence: MachineCount}
	}
	return Finding{}
}

// recount records when the machine's count has grown. It returns false if the kernel does
// not count, before Linux 4.13.
func (o *OOM) recount() bool {
	count, ok := readCounter(o.vmstat, "oom_kill")
	if count != o.count {
		o.count, o.grown = count, time.Since(o.began)
	}
	return ok
}

// recountCgroup reports whether a cgroup's count has grown since the last call.
func (o *OOM) recountCgroup(events string) (counted, grown bool) {
	count, counted := readCounter(events, "oom_kill")
	grown = count > o.cgroups[events]
	if counted {
		o.cgroups[events] = count
	}
	return counted, grown
}

// awaitLogged waits a little until the log names a process.
func (o *OOM) awaitLogged(pid int, began time.Duration) (reason string, found bool) {
	for try := 0; o.log != nil && try < logTries; try++ {
		if reason, found = o.logged(pid, began); found {
			return reason, true
		}
		select {
		case <-o.closed:
			return "", false
		case <-time.After(o.wait):
		}
	}
	return "", false
}

// logged looks for a process in the kernel's log, going by the kills that were read since it
// was started: earlier ones are of another process with the same pid.
func (o *OOM) logged(pid int, began time.Duration) (reason string, found bool) {
	o.readLog()
	for _, kill := range o.kills {
		if kill.pid != pid || kill.read < began {
			continue
		}
		found = true
		if reason == "" || strings.Contains(kill.reason, "/") { // that one names the cgroup
			reason = kill.reason
		}
	}
	if reason == "" {
		reason = machineFull
	}
	return reason, found
}

// readLog adds the kills that were logged since the last call.
func (o *OOM) readLog() {
	now := time.Since(o.began)
	whole := o.log.drain(func(kill oomKill) { o.kills = append(o.kills, loggedKill{kill, now}) })
	o.lost = o.lost || !whole
	if extra := len(o.kills) - maxKills; extra > 0 {
		o.kills = append(o.kills[:0], o.kills[extra:]...)
	}
}

// readCounter reads one number of a file of lines "name number".
func readCounter(path, name string) (n uint64, ok bool) {
	text, err := sys.ReadFile(path)
	if path == "" || err != nil {
		return 0, false
	}
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			n, err = strconv.ParseUint(strings.TrimSpace(value), 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
