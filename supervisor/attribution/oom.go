package attribution

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"supervise/internal/sys"
)

// OOM finds out whether a SIGKILL came from the kernel's OOM killer. The count of its kills
// on the whole machine, which anyone may read, says most of the time that it did not. If it
// has grown, /dev/kmsg names who was killed, where it may be read; else the count of the
// service's own cgroup tells, where the memory controller is at work there; else there is
// no more than a suspicion.
type OOM struct {
	began  time.Time
	vmstat string        // the file with the machine's count
	wait   time.Duration // between two looks into the log
	closed chan struct{}

	mu      sync.Mutex // of one look at a time, which may wait
	log     *kernelLog // nil: not readable
	count   uint64     // of the machine, when it was last read
	grown   time.Duration
	kills   []loggedKill // the last ones, the oldest first
	lost    bool         // the log has lost some
	cgroups map[string]uint64
}

type loggedKill struct {
	oomKill
	read time.Duration // when
}

// maxKills is how many kills are remembered that were not asked for: most are of processes
// that no service has to do with.
const maxKills = 64

// The log's line of a kill comes just after the kill itself.
const (
	logTries = 5
	logWait  = 10 * time.Millisecond
)

// NewOOM notes what the kernel has counted and logged so far. Times count from began.
func NewOOM(began time.Time) *OOM {
	o := &OOM{
		began: began, vmstat: "/proc/vmstat", wait: logWait, closed: make(chan struct{}),
		log: openKernelLog(), cgroups: map[string]uint64{}, grown: -1,
	}
	o.count, _ = readCounter(o.vmstat, "oom_kill")
	return o
}

// Close cuts short the looks that wait, and frees the log when they are over. It does not
// wait for that. It is called once, after the last look has begun.
func (o *OOM) Close() {
	close(o.closed)
	go o.free()
}

// free closes the log when the looks are over.
func (o *OOM) free() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.log != nil {
		o.log.close()
		o.log = nil
	}
}

// Look looks into the end, by SIGKILL, of a process that began at a time. events is the
// memory.events file of its cgroup, "" for none. It reads files and may take 50 ms, and
// only one look at a time is under way: do not call it on the loop.
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
	case o.log != nil && !o.lost: // it would have been there
	case local && grown:
		return Finding{Evidence: CgroupCount}
	case !local && counted:
		return Finding{Evidence: MachineCount}
	}
	return Finding{}
}

// recount notes whether the OOM killer has killed anything on the machine since the last
// time. It reports false where the kernel does not count, before Linux 4.13.
func (o *OOM) recount() bool {
	count, ok := readCounter(o.vmstat, "oom_kill")
	if count != o.count {
		o.count, o.grown = count, time.Since(o.began)
	}
	return ok
}

// recountCgroup does the same for a cgroup.
func (o *OOM) recountCgroup(events string) (counted, grown bool) {
	count, counted := readCounter(events, "oom_kill")
	grown = count > o.cgroups[events]
	if counted {
		o.cgroups[events] = count
	}
	return counted, grown
}

// awaitLogged waits a little for the log to name a process.
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

// logged looks for a kill in the kernel's log that was not there before the process began:
// pids are given to others.
func (o *OOM) logged(pid int, began time.Duration) (reason string, found bool) {
	o.readLog()
	for _, kill := range o.kills {
		if kill.pid != pid || kill.read < began {
			continue
		}
		found = true
		if reason == "" || strings.Contains(kill.reason, "/") { // the one that names the cgroup
			reason = kill.reason
		}
	}
	if reason == "" {
		reason = machineFull
	}
	return reason, found
}

// readLog adds the kills that have been logged since the last time.
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
