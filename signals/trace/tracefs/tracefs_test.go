package tracefs

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/signals/trace"
)

func TestParseLine(t *testing.T) {
	tests := []struct {
		line, comm, name string
		tid              int
		time             uint64
	}{
		{"            bash-812     [000] d..1.  1234.567890: signal_generate: sig=15 errno=0 code=0 comm=sleep pid=900 grp=1 res=0", "bash", "signal_generate", 812, 1234567890000},
		{"          <idle>-0       [001] dNh2.    12.000001: signal_deliver: sig=2 errno=0 code=128 sa_handler=0 sa_flags=0", "<idle>", "signal_deliver", 0, 12000001000},
		{" a b-1 [0] d: 1.-7       [000] .....     1.500000: sys_kill(pid: 12d687, sig: 9)", "a b-1 [0] d: 1.", "sys_kill", 7, 1500000000},
		{"              sh-7       [000] .....     1.500000: sys_kill -> 0xfffffffffffffffd", "sh", "sys_kill", 7, 1500000000},
	}
	for _, test := range tests {
		e, ok := ParseLine(test.line)
		if !ok || e.Comm != test.comm || e.TID != test.tid || e.Time != test.time || e.Name != test.name {
			t.Errorf("%q: %+v, %v", test.line, e, ok)
		}
	}
	for _, line := range []string{"", "CPU:0 [LOST 123 EVENTS]", "# tracer: nop", "            bash-812", "            bash+812     [000] d..1.  1.0: a: b"} {
		if e, ok := ParseLine(line); ok {
			t.Errorf("%q is taken for %+v", line, e)
		}
	}
}

func TestFields(t *testing.T) {
	e, _ := ParseLine("            bash-812     [000] d..1.  1.5: signal_generate: sig=15 errno=0 code=-6 comm=x pid=1 res=4 pid=900 grp=1 res=0")
	sig, _ := e.Number("sig=")
	code, _ := e.Number("code=")
	pid, _ := e.Number("pid=")
	if sig != 15 || code != -6 || pid != 900 || e.TargetComm() != "x pid=1 res=4" {
		t.Errorf("sig %d code %d pid %d comm %q of %+v", sig, code, pid, e.TargetComm(), e)
	}
	e, _ = ParseLine("              sh-7       [000] .....     1.500000: sys_kill(pid: fffffffe, sig: f)")
	if n, ok := e.Hex("pid: "); !ok || int32(n) != -2 {
		t.Errorf("pid %x, %v", n, ok)
	}
	if n, ok := e.Hex("sig: "); !ok || n != 15 {
		t.Errorf("sig %x, %v", n, ok)
	}
}

// TestLineEnds reads events of threads whose names have line ends.
func TestLineEnds(t *testing.T) {
	const text = "      a\n) \"x\nCPU-812     [000] d..1.  1.5: signal_generate: sig=10 errno=0 code=0 comm=a\n) \"x\nCPU pid=812 grp=1 res=0\n" +
		"CPU:0 [LOST 123 EVENTS]\n" +
		"            bash-900     [001] d..1.  1.6: signal_deliver: sig=15 errno=0 code=0 sa_handler=0 sa_flags=0\n"
	b := &Backend{reader: newReader(trace.Filter{All: true})}
	var records []trace.Record
	if !b.lines([]byte(text), func(r *trace.Record) bool {
		records = append(records, *r)
		return true
	}) || len(b.partial) != 0 {
		t.Errorf("left over: %q", b.partial)
	}
	if len(records) != 2 || records[0].Kind != trace.Sent || records[0].Target.TID != 812 || records[0].Target.Comm.String() != "a\n) \"x\nCPU" ||
		records[1].Kind != trace.Delivered || records[1].Task.TID != 900 {
		t.Errorf("%+v", records)
	}
}

// TestSweep removes what a tracer left behind that was killed, and nothing else.
func TestSweep(t *testing.T) {
	if err := Permitted(); err != nil {
		t.Skip(err)
	}
	dir, _ := root()
	dead := filepath.Join(dir, "instances", prefix+strconv.Itoa(os.Getpid())+"-1") // not our start time
	other := filepath.Join(dir, "instances", "supervise-test-"+strconv.Itoa(os.Getpid()))
	for _, d := range []string{dead, other} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
		defer unix.Rmdir(d)
	}
	b, err := Open(Options{Buffer: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dead); err == nil {
		t.Error("the instance of a dead process is still there")
	}
	if _, err := os.Stat(other); err != nil {
		t.Error("somebody else's instance is gone")
	}
	if n, err := Sweep(); n != 0 || err != nil {
		t.Errorf("a second look removed %d, %v", n, err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(b.instance.dir); err == nil {
		t.Error("our own instance is still there")
	}
}

func FuzzLine(f *testing.F) {
	f.Add("            bash-812     [000] d..1.  1234.567890: signal_generate: sig=15 errno=0 code=0 comm=sleep pid=900 grp=1 res=0")
	f.Add("              sh-7       [000] .....     1.500000: sys_kill(pid: 12d687, sig: 9)")
	f.Add("              sh-7       [000] .....     1.500000: sys_kill -> 0xfffffffffffffffd")
	f.Add("              sh-7       [000] .....     1.500000: sched_process_exit: comm=sh pid=7 prio=120 group_dead=true")
	f.Fuzz(func(t *testing.T, line string) {
		e, ok := ParseLine(line)
		if !ok {
			return
		}
		if e.TID < 0 || e.Name == "" {
			t.Errorf("%q: %+v", line, e)
		}
		r := newReader(traceAll)
		var out record
		r.record(&e, &out)
	})
}

type record = trace.Record

var traceAll = trace.Filter{All: true, Context: true}

// TestDescribe reads the status of a thread in a namespace, and of one that is reaped meanwhile,
// which has no pids any more.
func TestDescribe(t *testing.T) {
	unknown := trace.Thread{PID: 9, TID: 9, NSPID: -1, UID: -1}
	for status, want := range map[string]trace.Thread{
		"Name:\ta b\nTgid:\t7\nPid:\t9\nUid:\t5\t6\t6\t6\nNStgid:\t7\t2\n": {PID: 7, TID: 9, NSPID: 2, UID: 5, Comm: trace.Name{'a', ' ', 'b'}},
		"Name:\tx\nTgid:\t0\nPid:\t0\nUid:\t5\t5\t5\t5\nNStgid:\t0\n":      {PID: 9, TID: 9, NSPID: -1, UID: 5, Comm: trace.Name{'x'}},
		"": unknown,
	} {
		got := unknown
		if describe(status, &got); got != want {
			t.Errorf("%q: %+v, want %+v", status, got, want)
		}
	}
}

// TestNewTask tells threads from processes, by lines of the kernel's.
func TestNewTask(t *testing.T) {
	r := newReader(trace.Filter{PIDs: []int{1 << 22}})
	maker := trace.Thread{PID: 1 << 22, TID: 1 << 22, NSPID: 3, UID: 5}
	r.threads[1<<22] = &maker
	for line, want := range map[string]int32{
		"           maker-4194304 [001] ..... 1.000000: task_newtask: pid=4194305 comm=x pid=7 clone_flags=3d0f00 oom_score_adj=0":         1 << 22,
		"           maker-4194304 [001] ..... 1.000000: task_newtask: pid=4194305 comm=x clone_flags=3d0f00 clone_flags=0 oom_score_adj=0": 1<<22 + 1,
	} {
		e, ok := ParseLine(line)
		var out trace.Record
		if !ok || r.record(&e, &out) {
			t.Errorf("%s: %v", line, ok)
		}
		if got := r.thread(1<<22+1, ""); got.PID != want || got.TID != 1<<22+1 {
			t.Errorf("%s: %+v, want process %d", line, got, want)
		}
	}
}
