package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/supervisor/machine"
)

// TestVerdict goes through what there may be to tell an OOM kill by: the machine's count,
// the kernel's log, and the count of the service's own cgroup.
func TestVerdict(t *testing.T) {
	const (
		pid      = 21536
		named    = "3,1,1,-;Memory cgroup out of memory: Killed process 21536 (tail) total-vm:1kB\n"
		another  = "3,1,1,-;Memory cgroup out of memory: Killed process 7 (tail) total-vm:1kB\n"
		sure     = "sent by the kernel's OOM killer: its memory cgroup was full"
		probably = "probably sent by the kernel's OOM killer, which has killed in its cgroup"
		perhaps  = "perhaps sent by the kernel's OOM killer, which has killed something on this machine meanwhile"
	)
	none := [2]int{-1, -1} // there is no such file
	for name, test := range map[string]struct {
		machine, cgroup [2]int   // the counts before and after
		log             []string // nil: not readable
		missed          bool     // the log has lost some
		before          bool     // the machine's count grew before the process began
		want            string
	}{
		"the log names it":                    {machine: [2]int{3, 4}, cgroup: none, log: []string{another, named}, want: sure},
		"the log names another":               {machine: [2]int{3, 4}, cgroup: none, log: []string{another}},
		"the log says nothing":                {machine: [2]int{3, 4}, cgroup: [2]int{0, 1}, log: []string{""}},
		"the log has lost some":               {machine: [2]int{3, 4}, cgroup: none, log: []string{another}, missed: true, want: perhaps},
		"the log has lost it":                 {machine: [2]int{3, 4}, cgroup: [2]int{0, 1}, log: []string{another}, missed: true, want: probably},
		"no log, its cgroup counts":           {machine: [2]int{3, 4}, cgroup: [2]int{0, 1}, want: probably},
		"no log, its cgroup counts no more":   {machine: [2]int{3, 4}, cgroup: [2]int{1, 1}},
		"no log, no cgroup":                   {machine: [2]int{3, 4}, cgroup: none, want: perhaps},
		"nothing has grown":                   {machine: [2]int{3, 3}, cgroup: none},
		"nothing has grown, whatever the log": {machine: [2]int{3, 3}, cgroup: none, log: []string{named}},
		"it was before":                       {machine: [2]int{3, 4}, cgroup: none, before: true},
		"old kernel, the log names it":        {machine: none, cgroup: none, log: []string{named}, want: sure},
		"old kernel, its cgroup counts":       {machine: none, cgroup: [2]int{0, 2}, want: probably},
		"old kernel, nothing to tell by":      {machine: none, cgroup: none},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			vmstat, events := filepath.Join(dir, "vmstat"), filepath.Join(dir, "memory.events")
			w := &oomWatch{began: time.Now(), vmstat: vmstat, cgroups: map[string]uint64{}, grown: -1, missed: test.missed}
			if test.log != nil {
				w.log = loggedAs(t, test.log)
				defer w.close()
			}
			writeCounter(t, vmstat, test.machine[0])
			writeCounter(t, events, test.cgroup[0])
			w.count, _ = readCounter(vmstat, "oom_kill")
			w.cgroups[events], _ = readCounter(events, "oom_kill")
			writeCounter(t, vmstat, test.machine[1])
			writeCounter(t, events, test.cgroup[1])
			began := time.Duration(0)
			if test.before {
				w.recount()
				began = time.Since(w.began)
			}
			got := w.look(pid, began, events)
			if got.words != test.want || got.likely != (test.want == sure || test.want == probably) {
				t.Errorf("%+v, want %q", got, test.want)
			}
		})
	}
}

func writeCounter(t *testing.T, file string, count int) {
	t.Helper()
	if count < 0 {
		return
	}
	if err := os.WriteFile(file, fmt.Appendf(nil, "oom 9\noom_kill %d\n", count), 0o600); err != nil {
		t.Fatal(err)
	}
}

// loggedAs is a kernel's log with these records. A pipe keeps packets apart as /dev/kmsg
// does records. pipe(2), O_DIRECT.
func loggedAs(t *testing.T, records []string) *kernelLog {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_DIRECT|unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Skip("no pipe of packets:", err)
	}
	t.Cleanup(func() { _ = unix.Close(fds[1]) }) // the other end is the log's
	for _, record := range records {
		if record == "" {
			continue
		}
		if _, err := unix.Write(fds[1], []byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	return &kernelLog{fd: fds[0]}
}

// TestConvict has status, board and journal tell of a verdict, but not of the end of
// another generation. Only what is likely is named as the sender.
func TestConvict(t *testing.T) {
	const at = 5 * time.Second
	for name, test := range map[string]struct {
		found    verdict
		at       time.Duration // when that one ended
		want, by string
	}{
		"sure":    {verdict{"sent by it", true}, at, "killed by SIGKILL, sent by it", oomKiller},
		"perhaps": {verdict{"perhaps sent by it", false}, at, "killed by SIGKILL, perhaps sent by it", ""},
		"earlier": {verdict{"sent by it", true}, at - 1, "killed by SIGKILL, from nobody", ""},
	} {
		s := newFleet(t, 1)
		is := s.services[0]
		is.blamed = ", from nobody"
		s.machine.Step(at, machine.Event{Kind: machine.Exited, Service: is.id, Gen: is.gen, Exit: signals.Exit{Signal: signals.SIGKILL}})
		s.convict(is, test.at, test.found, 1)
		exit, by := s.describe(is).Exit, ""
		if exit.By != nil {
			by = exit.By.Name
		}
		if exit.Text != test.want || by != test.by || s.slot(is).Sender != test.by {
			t.Errorf("%s: %q by %q, on the board %q; want %q by %q", name, exit.Text, by, s.slot(is).Sender, test.want, test.by)
		}
		told := s.journal.Last(nil, 1)
		if len(told) != 1 || !strings.HasSuffix(told[0].Text, "it was "+test.found.words) || (told[0].By != nil) != test.found.likely {
			t.Errorf("%s: the journal has %+v", name, told)
		}
	}
}
