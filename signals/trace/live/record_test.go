package live

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/trace"
)

// recorded is one line of testdata/record.c, by a process.
type recorded struct {
	what        string // "got", "ended", "failed", "inside"
	pid, nspid  int
	signal      signals.Signal
	code        signals.Code
	peer        int // who sent it, or was to be sent it
	value       uint64
	status      unix.WaitStatus
	call, error string
}

// parseRecord reads what the program printed.
func parseRecord(t *testing.T, text string) (lines []recorded) {
	t.Helper()
	for line := range strings.Lines(text) {
		r := recorded{what: strings.Fields(line)[0]}
		var err error
		var errno syscall.Errno
		switch r.what {
		case "got":
			_, err = fmt.Sscanf(line, "got %d %d %d %d %d %d", &r.pid, &r.nspid, &r.signal, &r.code, &r.peer, &r.value)
		case "ended":
			_, err = fmt.Sscanf(line, "ended %d %d", &r.pid, &r.status)
		case "failed":
			_, err = fmt.Sscanf(line, "failed %d %s %d %d %d", &r.pid, &r.call, &r.peer, &r.signal, &errno)
			r.error = unix.ErrnoName(errno)
		case "inside":
			_, err = fmt.Sscanf(line, "inside %d %d", &r.pid, &r.nspid)
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		lines = append(lines, r)
	}
	return lines
}

// fits reports whether a life is what the process saw of that signal.
func (r *recorded) fits(l *trace.Life, backend string) bool {
	if l.Signal != r.signal || l.Code != r.code {
		return false
	}
	// Tracefs knows the pid in a namespace of those that live when it looks.
	late := func(nspid int) bool { return backend == "tracefs" && nspid < 0 }
	if l.Target.NSPID != r.nspid && !late(l.Target.NSPID) && backend != "ptrace" {
		return false
	}
	switch {
	case l.FromKernel():
	case r.nspid == r.pid: // no namespace
		if l.Sender.PID != r.peer {
			return false
		}
	case r.peer == 0: // from outside; the value is the sender
		if l.Sender.PID != int(r.value) || l.Sender.NSPID != int(r.value) && !late(l.Sender.NSPID) {
			return false
		}
	case l.Sender.NSPID != r.peer && !late(l.Sender.NSPID) || r.code == signals.CodeQueue && l.Sender.PID != int(r.value):
		return false
	}
	valued := r.code == signals.CodeQueue || r.code == signals.CodeTimer
	return !valued || backend == "tracefs" || l.Value != nil && *l.Value == r.value
}

// checkGot has the signals that each process handled be what it saw, one by one and in order.
func checkGot(t *testing.T, backend string, record []recorded, k *kept) {
	t.Helper()
	handled := map[int][]*trace.Life{}
	for _, l := range k.lives {
		if l.Verdict == trace.Handled && l.Target.PID != os.Getpid() { // whose child the program is

			handled[l.Target.PID] = append(handled[l.Target.PID], l)
		}
	}
	for _, lives := range handled {
		slices.SortStableFunc(lives, func(a, b *trace.Life) int {
			return cmp.Compare(a.Time.Add(a.Latency).UnixNano(), b.Time.Add(b.Latency).UnixNano())
		})
	}
	for _, r := range record {
		if r.what != "got" {
			continue
		}
		if len(handled[r.pid]) == 0 || !r.fits(handled[r.pid][0], backend) {
			t.Errorf("the process saw %+v; traced as the next that it handled: %+v", r, handled[r.pid][:min(1, len(handled[r.pid]))])
			return
		}
		handled[r.pid] = handled[r.pid][1:]
	}
	for pid, lives := range handled {
		if len(lives) > 0 {
			t.Errorf("process %d did not see %v, code %d", pid, lives[0].Signal, lives[0].Code)
		}
	}
}

// checkRest has the ends of processes and the calls that failed be traced.
func checkRest(t *testing.T, backend string, record []recorded, k *kept) {
	t.Helper()
	for _, r := range record {
		var is func(l *trace.Life) bool
		switch {
		case r.what == "ended" && r.status.Signaled():
			killer := signals.Signal(r.status.Signal())
			is = func(l *trace.Life) bool {
				return l.Signal == killer && l.Target.PID == r.pid && (l.Verdict == trace.Terminated || l.Verdict == trace.Dumped) &&
					l.Exit != nil && l.Exit.Signal == killer && (l.Exit.Core == r.status.CoreDump() || backend == "tracefs")
			}
		case r.what == "failed":
			is = func(l *trace.Life) bool {
				return l.Verdict == trace.Failed && l.Signal == r.signal && l.Call == r.call && l.Error == r.error && l.Sender.PID == r.pid &&
					(l.Target.PID == r.peer || r.call == "pidfd_send_signal")
			}
		case r.what == "inside":
			is = func(l *trace.Life) bool {
				return l.Signal == signals.SIGKILL && l.Target.PID == r.pid && l.Verdict == trace.Terminated &&
					l.FromKernel() && (backend != "bpf" || l.Target.NSPID == r.nspid)
			}
		default:
			continue
		}
		if n := len(k.lives) - len(slices.DeleteFunc(slices.Clone(k.lives), is)); n != 1 {
			t.Errorf("%d times, not once: %+v", n, r)
		}
	}
}

// checkContinued has each SIGCONT have continued its process, but for those that are not seen.
func checkContinued(t *testing.T, unseen int, record []recorded, k *kept) {
	t.Helper()
	want := -unseen
	for _, r := range record {
		if r.what == "got" && r.signal == signals.SIGCHLD && r.code == 6 { // CLD_CONTINUED
			want++
		}
	}
	if n := len(k.find(signals.SIGCONT, trace.Continued)); n != want {
		t.Errorf("%d SIGCONT continued a process, want %d", n, want)
	}
}

// TestRecord compares the trace with what the processes themselves saw: which signals, from
// whom, how, with which value, in which order, and how they ended.
func TestRecord(t *testing.T) {
	program := testproc.Build(t, "testdata", [][]string{{"gcc", "-O1", "-o", "prog", "DIR/record.c", "-lpthread"}})
	for _, way := range []struct{ name, backends string }{
		{"sent", anyMethod},
		{"thread", anyMethod},
		{"timer", anyMethod},
		{"clocks", anyMethod},
		{"children", anyMethod},
		{"continued", anyMethod},
		{"parent", anyMethod},
		{"faults", anyMethod},
		{"terminal", anyMethod},
		{"refused", fromRoot},
		{"namespace", fromRoot},
	} {
		for backend := range strings.FieldsSeq(way.backends) {
			t.Run(way.name+"/"+backend, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "record")
				k, exit := run(t, backend, trace.Filter{Context: true, Signals: signals.Full}, program, file, way.name)
				if exit != (signals.Exit{}) {
					t.Fatalf("the program: %v", exit)
				}
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				record := parseRecord(t, string(text))
				checkGot(t, backend, record, k)
				checkRest(t, backend, record, k)
				switch {
				case way.name == "continued" && backend == "ptrace": // the one that is blocked
					checkContinued(t, 1, record, k)
				case backend != "tracefs":
					checkContinued(t, 0, record, k)
				}
				if t.Failed() {
					t.Logf("the record:\n%sthe trace:\n%s", text, k)
				}
			})
		}
	}
}
