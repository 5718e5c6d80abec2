package attribution

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLook goes through what there may be to tell an OOM kill by: the machine's count,
// the kernel's log, and the count of the service's own cgroup.
func TestLook(t *testing.T) {
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
		lost            bool     // the log has lost some
		before          bool     // the machine's count grew before the process began
		want            string
	}{
		"the log names it":                    {machine: [2]int{3, 4}, cgroup: none, log: []string{another, named}, want: sure},
		"the log names another":               {machine: [2]int{3, 4}, cgroup: none, log: []string{another}},
		"the log says nothing":                {machine: [2]int{3, 4}, cgroup: [2]int{0, 1}, log: []string{""}},
		"the log has lost some":               {machine: [2]int{3, 4}, cgroup: none, log: []string{another}, lost: true, want: perhaps},
		"the log has lost it":                 {machine: [2]int{3, 4}, cgroup: [2]int{0, 1}, log: []string{another}, lost: true, want: probably},
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
			o := newTestOOM(t, test.log)
			o.vmstat, o.lost = vmstat, test.lost
			writeCounter(t, vmstat, test.machine[0])
			writeCounter(t, events, test.cgroup[0])
			o.count, _ = readCounter(vmstat, "oom_kill")
			o.cgroups[events], _ = readCounter(events, "oom_kill")
			writeCounter(t, vmstat, test.machine[1])
			writeCounter(t, events, test.cgroup[1])
			began := time.Duration(0)
			if test.before {
				o.recount()
				began = time.Since(o.began)
			}
			got := o.Look(pid, began, events)
			if got.String() != test.want || got.Likely() != (test.want == sure || test.want == probably) {
				t.Errorf("%v, likely %v, want %q", got, got.Likely(), test.want)
			}
		})
	}
}

// newTestOOM has these records in the kernel's log; nil: it is not readable.
func newTestOOM(t *testing.T, records []string) *OOM {
	t.Helper()
	o := &OOM{began: time.Now(), wait: time.Millisecond, closed: make(chan struct{}), cgroups: map[string]uint64{}, grown: -1}
	if records != nil {
		o.log = loggedAs(t, records)
	}
	t.Cleanup(o.free)
	return o
}

// TestClose closes while a look waits for the log, which it would do for ever, and while
// another one waits for its turn.
func TestClose(t *testing.T) {
	o := newTestOOM(t, []string{""})
	o.vmstat, o.wait = "", time.Duration(1<<63-1)
	found := make(chan Finding)
	for range 2 {
		go func() { found <- o.Look(7, 0, "") }()
	}
	for o.mu.TryLock() { // until a look is under way
		o.mu.Unlock()
		runtime.Gosched()
	}
	o.Close()
	for range 2 {
		if got := <-found; got != (Finding{}) {
			t.Errorf("a look that was cut short found %v", got)
		}
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

// TestReusedPID has the log name a pid that was somebody else's at the time.
func TestReusedPID(t *testing.T) {
	o := newTestOOM(t, []string{})
	o.kills = append(o.kills, loggedKill{oomKill{pid: 7, reason: "early"}, 0}, loggedKill{oomKill{pid: 8, reason: "late"}, time.Hour})
	if reason, found := o.logged(7, time.Minute); found {
		t.Errorf("pid 7: %q", reason)
	}
	if reason, found := o.logged(8, time.Minute); !found || reason != "late" {
		t.Errorf("pid 8: %q, %v", reason, found)
	}
}

// TestManyKills has more kills in the log than are remembered, the last two of one process.
func TestManyKills(t *testing.T) {
	const (
		other  = "3,1,1,-;Out of memory: Killed process 7 (x) total-vm:1kB\n"
		choice = "6,1,1,-;oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task_memcg=/a,task=x,pid=8,uid=0\n"
		killed = "3,1,1,-;Memory cgroup out of memory: Killed process 8 (x) total-vm:1kB\n"
	)
	// A pipe has room for only 16 packets.
	records := append(slices.Repeat([]string{other}, 10), choice, killed)
	o := newTestOOM(t, records)
	o.kills = make([]loggedKill, maxKills-5)
	if reason, found := o.logged(8, 0); !found || reason != "memory cgroup /a was full" {
		t.Errorf("%q, %v: want the one that names the cgroup", reason, found)
	}
	if len(o.kills) != maxKills || o.lost {
		t.Errorf("%d kills are remembered, lost %v", len(o.kills), o.lost)
	}
}

func TestCounter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "memory.events")
	for text, want := range map[string]uint64{
		"low 0\noom 7\noom_kill 3\noom_group_kill 1\n": 3,
		"oom_kill 18446744073709551615":                1<<64 - 1,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if n, ok := readCounter(file, "oom_kill"); !ok || n != want {
			t.Errorf("%q: %d, %v", text, n, ok)
		}
	}
	for _, text := range []string{"", "oom 7\n", "oom_kill\n", "oom_kill x\n", "oom_kill -1\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if n, ok := readCounter(file, "oom_kill"); ok {
			t.Errorf("%q: %d", text, n)
		}
	}
	if _, ok := readCounter("", "oom_kill"); ok {
		t.Error("a counter of no file")
	}
}
