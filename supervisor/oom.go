package supervisor

import (
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// oomKiller is whom status and board name when it was the kernel: a process without a pid.
const oomKiller = "OOM killer"

// oomWatch finds out whether a SIGKILL that did not come through us came from the kernel's
// OOM killer. That reads files, so that it is done beside the loop, one after the other.
// The count of kills of the whole machine, which anyone may read, says most of the time
// that it was not; then /dev/kmsg names who was killed, where it may be read; else the
// count of the service's own cgroup tells, where the memory controller is at work there;
// else there is but a suspicion.
type oomWatch struct {
	began  time.Time
	vmstat string // the file with the count of the machine

	mu      sync.Mutex
	log     *kernelLog // nil: not readable
	count   uint64     // of the machine, when it was last read
	grown   time.Duration
	kills   []loggedKill // the last ones, the oldest first
	missed  bool         // the log has lost some
	cgroups map[string]uint64
}

type loggedKill struct {
	oomKill
	read time.Duration // when
}

// maxKills is how many kills are remembered that were not asked for, most of them being of
// processes that are none of ours.
const maxKills = 64

func newOOMWatch(began time.Time) *oomWatch {
	w := &oomWatch{began: began, vmstat: "/proc/vmstat", log: openKernelLog(), cgroups: map[string]uint64{}, grown: -1}
	w.count, _ = readCounter(w.vmstat, "oom_kill")
	return w
}

func (w *oomWatch) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.log != nil {
		w.log.close()
		w.log = nil
	}
}

// suspect looks into the end of a main process by a SIGKILL that nobody sent through us.
func (s *Supervisor) suspect(service *service, exit signals.Exit, cause machine.EventID) {
	if _, ours := service.blows[signals.SIGKILL]; ours || exit.Signal != signals.SIGKILL {
		return
	}
	view := s.machine.View(service.id)
	events := ""
	if dir := s.root.Dir(); dir != "" {
		events = filepath.Join(dir, service.name(), "memory.events")
	}
	pid, began := service.last, view.ExitedAt-view.Up
	go func() {
		if found := s.oom.look(pid, began, events); found.words != "" {
			s.mailbox.post(func() { s.convict(service, view.ExitedAt, found, cause) })
		}
	}()
}

// convict has everything that tells of an end say that it was the kernel. at is when the
// process ended: there may be a later end by now, of which nothing is known.
func (s *Supervisor) convict(service *service, at time.Duration, found verdict, cause machine.EventID) {
	var kernel *request.Process
	if found.likely {
		kernel = &request.Process{Name: oomKiller}
	}
	if view := s.machine.View(service.id); view.ExitedAt == at {
		service.blamed, service.killer = ", "+found.words, kernel
		s.touch(service.id)
	}
	entry := s.journal.Of(uint64(cause))
	number := s.journal.Add(journal.Entry{
		Time: s.now(), Step: uint64(s.machine.Steps()), Cause: entry, Origin: entry,
		Service: service.name(), Kind: "oom-kill", By: kernel, Text: "it was " + found.words,
	})
	s.log.Warn().Str(serviceField, service.name()).Uint64(eventField, number).Msg("it was " + found.words)
}

// The log's line of a kill comes just after the kill itself.
const (
	kernelLogTries = 5
	kernelLogDelay = 10 * time.Millisecond
)

// verdict is how the OOM killer has to do with the end of a process.
type verdict struct {
	words  string // "" when it has not, as far as can be known
	likely bool   // enough to name it as the sender
}

// look passes a verdict on the end of a process that began at a time.
func (w *oomWatch) look(pid int, began time.Duration, events string) verdict {
	w.mu.Lock()
	defer w.mu.Unlock()
	counted := w.recount()
	inside, local := readCounter(events, "oom_kill")
	grown := inside > w.cgroups[events]
	if local {
		w.cgroups[events] = inside
	}
	if counted && w.grown < began {
		return verdict{}
	}
	if w.log != nil {
		for range kernelLogTries {
			if why, found := w.find(pid, began); found {
				return verdict{"sent by the kernel's OOM killer: " + why, true}
			}
			time.Sleep(kernelLogDelay)
		}
	}
	switch {
	case w.log != nil && !w.missed:
	case local && grown:
		return verdict{"probably sent by the kernel's OOM killer, which has killed in its cgroup", true}
	case !local && counted:
		return verdict{"perhaps sent by the kernel's OOM killer, which has killed something on this machine meanwhile", false}
	}
	return verdict{}
}

// recount takes note of whether the OOM killer has killed anything on the machine since
// the last time. It reports false where the kernel does not count, before Linux 4.13.
func (w *oomWatch) recount() bool {
	count, ok := readCounter(w.vmstat, "oom_kill")
	if count != w.count {
		w.count, w.grown = count, time.Since(w.began)
	}
	return ok
}

// find looks for a kill in the kernel's log that was not there before the process began:
// pids are given to others.
func (w *oomWatch) find(pid int, began time.Duration) (why string, found bool) {
	now := time.Since(w.began)
	w.missed = !w.log.drain(func(kill oomKill) { w.kills = append(w.kills, loggedKill{kill, now}) }) || w.missed
	if extra := len(w.kills) - maxKills; extra > 0 {
		w.kills = append(w.kills[:0], w.kills[extra:]...)
	}
	for _, kill := range w.kills {
		if kill.pid == pid && kill.read >= began {
			found = true
			if why == "" || strings.Contains(kill.why, "/") { // the one that names the cgroup
				why = kill.why
			}
		}
	}
	if why == "" {
		why = "the machine was out of memory"
	}
	return why, found
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
