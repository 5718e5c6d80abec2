package state_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"supervise/signals"
	"supervise/signals/state"
)

const text = `Name:	a b\nc
Umask:	0022
State:	T (stopped)
Tgid:	812
Ngid:	0
Pid:	814
PPid:	7
TracerPid:	9
Uid:	1000	0	0	0
Gid:	0	0	0	0
FDSize:	64
VmSize:	    2576 kB
CoreDumping:	1
Groups:	 
NStgid:	812	5	1
NSpid:	814	6	2
NSpgid:	812	5	1
Threads:	2
SigQ:	3/96365
SigPnd:	0000000000000001
ShdPnd:	8000000000000000
SigBlk:	0000000000004000
SigIgn:	0000000000001000
SigCgt:	0000000180000000
CapInh:	0000000000000000
`

func TestParse(t *testing.T) {
	got, err := state.Parse(text)
	want := state.Status{
		Comm: `a b\nc`, State: 'T', Process: 812, Thread: 814, Parent: 7, Tracer: 9, Inner: 2, Namespaces: 3,
		UID: 1000, Threads: 2, Dumping: true, Pending: signals.SetOf(signals.SIGHUP), Shared: signals.SetOf(signals.SIGRTMAX),
		Blocked: signals.SetOf(signals.SIGTERM), Ignored: signals.SetOf(signals.SIGPIPE), Caught: signals.SetOf(32, 33),
		Queued: 3, Limit: 96365,
	}
	if err != nil || got != want {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	if !got.Stopped() || got.Ended() {
		t.Error("it is stopped, and has not ended")
	}
}

func TestParseErrors(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "no signals": "Name:\tx\nState:\tS (sleeping)\n", "a mask that is none": strings.Replace(text, "8000000000000000", "80000000000000000", 1),
		"letters": strings.Replace(text, "0000000000001000", "000000000000100g", 1), "no tab": "SigPnd: 0000000000000000\n",
	} {
		if got, err := state.Parse(text); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Linux before 4.1 does not say NSpid.
func TestParseWithoutNamespaces(t *testing.T) {
	got, err := state.Parse(strings.Replace(text, "NSpid", "Other", 1))
	if err != nil || got.Inner != 814 || got.Namespaces != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A thread of the kernel has no memory, and since Linux 6.8 it says what it is.
func TestParseKernelThread(t *testing.T) {
	withoutMemory := strings.Replace(text, "VmSize", "VmOther", 1)
	saying := func(text, kthread string) string {
		return strings.Replace(text, "CoreDumping:", kthread+"\nCoreDumping:", 1)
	}
	for text, want := range map[string]bool{
		text: false, withoutMemory: true, saying(text, "Kthread:\t1"): true, saying(withoutMemory, "Kthread:\t0"): false,
		strings.Replace(withoutMemory, "T (stopped)", "Z (zombie)", 1): false,
	} {
		if got, err := state.Parse(text); err != nil || got.Kernel != want {
			t.Errorf("%v, %v, want %v of %s", got.Kernel, err, want, text)
		}
	}
}

func TestProcess(t *testing.T) {
	term, hup, usr1, usr2 := signals.SIGTERM, signals.SIGHUP, signals.SIGUSR1, signals.SIGUSR2
	p := state.Process{PID: 5, Status: state.Status{
		Shared: signals.SetOf(hup), Ignored: signals.SetOf(hup), Caught: signals.SetOf(term), Inner: 1,
	}, Threads: []state.Thread{
		{TID: 5, State: 'T', Blocked: signals.SetOf(term, usr1), Pending: signals.SetOf(usr1)},
		{TID: 7, State: 'S', Blocked: signals.SetOf(term), Waiting: signals.SetOf(usr2)},
	}, Descriptors: []state.Descriptor{{FD: 3, Set: signals.SetOf(term)}}}
	for s, want := range map[signals.Signal]state.Disposition{hup: state.Ignored, term: state.Caught, usr1: state.Default} {
		if got := p.Disposition(s); got != want {
			t.Errorf("%v is %v, want %v", s, got, want)
		}
	}
	if got := p.Blocking(usr1); len(got) != 1 || got[0] != 5 {
		t.Errorf("USR1 is blocked by %v", got)
	}
	if got := p.Pending(usr1); len(got) != 1 || got[0] != 5 {
		t.Errorf("USR1 is pending for %v", got)
	}
	for name, sets := range map[string][2]signals.Set{
		"all pending": {p.AllPending(), signals.SetOf(hup, usr1)},
		"all blocked": {p.AllBlocked(), signals.SetOf(term)},
		"taken":       {p.Taken(), signals.SetOf(term, usr2)},
	} {
		if sets[0] != sets[1] {
			t.Errorf("%s: %v, want %v", name, sets[0], sets[1])
		}
	}
	if !p.Init() || !p.Alive() || p.Stopped() {
		t.Error("it is an init that lives, and one thread runs")
	}
	if none := (&state.Process{}); none.Stopped() || none.Alive() || none.AllBlocked() != 0 {
		t.Error("without threads nothing is stopped or blocked")
	}
}

// FuzzParse: whatever a status file says, what comes out can be written and is read again.
func FuzzParse(f *testing.F) {
	f.Add(text)
	f.Add("")
	f.Add("SigPnd:\t\nNSpid:\t\t\t\n")
	f.Add("Name:\tSigBlk:\tff\nSigBlk:\t1\nSigQ:\t99999999999999999999/-1\nUid:\t-1")
	if own, err := os.ReadFile("/proc/self/status"); err == nil {
		f.Add(string(own))
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := state.Parse(text)
		if err != nil {
			return
		}
		if s.Namespaces < 1 || strings.ContainsRune(s.Comm, '\n') {
			t.Errorf("%+v", s)
		}
		n := strconv.Itoa
		again := "Name:\t" + s.Comm + "\nTgid:\t" + n(s.Process) + "\nPid:\t" + n(s.Thread) + "\nPPid:\t" + n(s.Parent) + "\nTracerPid:\t" + n(s.Tracer) +
			"\nThreads:\t" + n(s.Threads) + "\nUid:\t" + strconv.FormatUint(uint64(s.UID), 10) + "\t0\nNSpid:" + strings.Repeat("\t"+n(s.Inner), s.Namespaces) +
			"\nSigQ:\t" + strconv.FormatUint(s.Queued, 10) + "/" + strconv.FormatUint(s.Limit, 10) +
			"\nSigPnd:\t" + s.Pending.Mask() + "\nShdPnd:\t" + s.Shared.Mask() + "\nSigBlk:\t" + s.Blocked.Mask() + "\nSigIgn:\t" + s.Ignored.Mask() + "\nSigCgt:\t" + s.Caught.Mask()
		again = map[bool]string{true: "Kthread:\t1\n", false: "Kthread:\t0\n"}[s.Kernel] + again
		again = map[bool]string{true: "CoreDumping:\t1\n", false: ""}[s.Dumping] + again
		if s.State != 0 {
			again = "State:\t" + string([]byte{s.State}) + "\n" + again
		}
		if got, err := state.Parse(again); err != nil || got != s {
			t.Errorf("%+v, %v\nand again %+v", s, err, got)
		}
	})
}
