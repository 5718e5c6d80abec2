package recorder

import (
	"encoding/binary"
	"strings"
	"testing"

	"supervise/signals"
)

// TestCause has what the kernel says of signals that are hard to come by.
func TestCause(t *testing.T) {
	kernel := func(s signals.Signal) Signal { return Signal{Signal: s, Code: signals.CodeKernel, bare: true} }
	with := func(s Signal, change func(*Signal)) Signal {
		change(&s)
		return s
	}
	itself := func(s *Signal) { s.Self = true }
	for name, test := range map[string]struct {
		signal Signal
		cause  Cause
		detail string
	}{
		"kill":              {Signal{Signal: signals.SIGTERM}, FromProcess, ""},
		"sigqueue":          {Signal{Signal: signals.SIGTERM, Code: signals.CodeQueue}, FromProcess, ""},
		"tgkill":            {Signal{Signal: signals.SIGTERM, Code: signals.CodeThread}, FromProcess, ""},
		"raise":             {Signal{Signal: signals.SIGTERM, Code: signals.CodeThread, Self: true}, FromItself, ""},
		"abort":             {Signal{Signal: signals.SIGABRT, Code: signals.CodeThread, Self: true}, FromItself, "abort(3)"},
		"cgroup.kill":       {Signal{Signal: signals.SIGKILL, bare: true}, CgroupKill, ""},
		"its own cgroup":    {Signal{Signal: signals.SIGKILL, bare: true, Self: true}, CgroupKill, ""},
		"parent":            {Signal{Signal: signals.SIGKILL, bare: true, exiting: true, death: 9}, ParentDeath, ""},
		"another's end":     {Signal{Signal: signals.SIGTERM, bare: true, exiting: true, death: 9}, FromKernel, ""},
		"SIGPIPE":           {Signal{Signal: signals.SIGPIPE, bare: true, Self: true}, BrokenPipe, ""},
		"SIGPIPE by kill":   {Signal{Signal: signals.SIGPIPE}, FromProcess, ""},
		"SIGXFSZ":           {Signal{Signal: signals.SIGXFSZ, bare: true, Self: true}, FileLimit, ""},
		"timer_create":      {Signal{Signal: signals.SIGKILL, Code: signals.CodeTimer}, Timer, "timer_create(2)"},
		"alarm":             {kernel(signals.SIGALRM), Timer, "alarm(2) or setitimer(2)"},
		"mq_notify":         {Signal{Signal: signals.SIGUSR1, Code: signals.CodeMessage}, IO, ""},
		"F_SETSIG":          {Signal{Signal: signals.SIGIO, Code: 1}, IO, ""},
		"fault":             {Signal{Signal: signals.SIGSEGV, Code: 2, address: 0x1000}, Fault, "SEGV_ACCERR at 0x1000"},
		"no address":        {Signal{Signal: signals.SIGSEGV, Code: signals.CodeKernel}, Fault, ""},
		"unknown code":      {Signal{Signal: signals.SIGBUS, Code: 99}, Fault, ""},
		"seccomp":           {Signal{Signal: signals.SIGSYS, Code: 1, detail: 7<<32 | 57}, Seccomp, "system call 57"},
		"SIGSYS by kill":    {Signal{Signal: signals.SIGSYS}, FromProcess, ""},
		"OOM":               {with(kernel(signals.SIGKILL), func(s *Signal) { s.OOM = true }), OOMKill, ""},
		"CPU":               {with(kernel(signals.SIGKILL), itself), CPULimit, ""},
		"CPU or OOM":        {with(kernel(signals.SIGKILL), func(s *Signal) { s.Self, s.unsure = true, true }), FromKernel, ""},
		"soft CPU limit":    {with(kernel(signals.SIGXCPU), itself), CPULimit, ""},
		"namespace":         {with(kernel(signals.SIGKILL), func(s *Signal) { s.exiting = true }), NamespaceEnd, ""},
		"hang-up":           {kernel(signals.SIGHUP), HangUp, ""},
		"^C":                {kernel(signals.SIGINT), Typed, ""},
		"background":        {kernel(signals.SIGTTIN), Background, ""},
		"the kernel":        {kernel(signals.SIGKILL), FromKernel, ""},
		"the kernel's SIGX": {kernel(signals.SIGPWR), FromKernel, ""},
	} {
		if got, detail := test.signal.Cause(), test.signal.Detail(); got != test.cause || detail != test.detail {
			t.Errorf("%s: %v, %q, want %v, %q", name, got, detail, test.cause, test.detail)
		}
	}
}

// TestFate says what becomes of a signal when it is sent.
func TestFate(t *testing.T) {
	const handler = 0x1234
	term := signals.SIGTERM
	for want, test := range map[Fate]Signal{
		Ends:         {Signal: term},
		Stops:        {Signal: signals.SIGTSTP},
		Continues:    {Signal: signals.SIGCONT},
		Handled:      {Signal: term, Handler: handler},
		Waits:        {Signal: term, Handler: handler, Blocked: signals.SetOf(term)},
		Merged:       {Signal: term, Result: Coalesced},
		Refused:      {Signal: signals.SIGRTMIN, Result: Overflow},
		IgnoredByIt:  {Signal: term, Result: Ignored, Handler: 1},
		IgnoredByDef: {Signal: signals.SIGWINCH, Result: Ignored},
		Dropped:      {Signal: term, Result: Ignored, flags: groupInit},
		TooLate:      {Signal: term, Result: Ignored, flags: groupDying},
	} {
		if got := test.Fate(); got != want || got.String() == "" {
			t.Errorf("%+v: %v, want %v", test, got, want)
		}
	}
	if kill := (&Signal{Signal: signals.SIGKILL, Blocked: signals.Full}); kill.Fate() != Ends {
		t.Error("SIGKILL cannot be blocked")
	}
}

// TestWords has a word for each value, and reads it again.
func TestWords(t *testing.T) {
	words := map[string]bool{}
	for c := range Cause(numCauses) {
		text, _ := c.MarshalText()
		var again Cause
		if err := again.UnmarshalText(text); err != nil || again != c || len(text) == 0 || words[string(text)] {
			t.Errorf("%d: %q, %v", c, text, err)
		}
		words[string(text)] = true
	}
	for f := range Fate(numFates) {
		if f.String() == "" || strings.HasPrefix(f.String(), "Fate(") {
			t.Errorf("fate %d has no text", f)
		}
	}
	var c Cause
	if err := c.UnmarshalText([]byte("magic")); err == nil || err.Error() != `"magic" is not a cause of a signal` {
		t.Error(err)
	}
}

// TestMemory keeps the last ones, those that are the same as one, and finds who killed.
func TestMemory(t *testing.T) {
	var m Memory
	const pid = 7
	take := func(s Signal) {
		s.Target = pid
		m.Take(&s)
	}
	for i := range 3 {
		take(Signal{Signal: signals.SIGUSR1, Time: uint64(i)})
	}
	if last := m.Last(); len(last) != 1 || last[0].Count != 3 || last[0].Time != 2 {
		t.Errorf("%+v", last)
	}
	for i := range Size {
		take(Signal{Signal: signals.SIGUSR1, Handler: uint64(i)<<1 | 2, Sender: Process{PID: int32(i)}})
	}
	if last := m.Last(); len(last) != Size || last[0].Sender.PID != 0 || last[Size-1].Sender.PID != Size-1 {
		t.Errorf("%+v", last)
	}
	take(Signal{Signal: signals.SIGTERM, Handler: 2, Sender: Process{PID: 12}})
	take(Signal{Signal: signals.SIGTERM, Code: signals.CodeThread, Self: true, Sender: Process{PID: pid}})
	take(Signal{Signal: signals.SIGTERM, Result: Ignored, flags: groupDying, Sender: Process{PID: 13}})
	if killer, before := m.Ended(pid+1, signals.SIGTERM); killer != nil || before != nil {
		t.Error("that was another process")
	}
	killer, before := m.Ended(pid, signals.SIGTERM)
	if killer == nil || killer.Sender.PID != pid || before == nil || before.Sender.PID != 12 {
		t.Errorf("%+v, %+v", killer, before)
	}
	if killer, _ := m.Ended(pid, signals.SIGTERM); killer != nil {
		t.Error("it is another process with the same pid")
	}
}

// TestOOMMark makes the OOM killer the sender of what the kernel has sent, and of nothing else.
func TestOOMMark(t *testing.T) {
	mark := Signal{Signal: signals.SIGKILL, OOM: true, Target: 7}
	for name, test := range map[string]struct {
		before Signal
		want   Cause
	}{
		"of the kernel": {Signal{Signal: signals.SIGKILL, Code: signals.CodeKernel, bare: true, Target: 7}, OOMKill},
		"of somebody":   {Signal{Signal: signals.SIGKILL, Target: 7}, FromProcess},
		"of another":    {Signal{Signal: signals.SIGKILL, Code: signals.CodeKernel, bare: true, Target: 8}, FromKernel},
		"too late":      {Signal{Signal: signals.SIGKILL, Code: signals.CodeKernel, Result: Ignored, bare: true, Target: 7}, FromKernel},
	} {
		var m Memory
		m.Take(&test.before)
		m.Take(&mark)
		if last := m.Last(); len(last) != 1 || last[0].Cause() != test.want {
			t.Errorf("%s: %+v", name, last)
		}
	}
}

// TestDecode takes no record that is too short.
func TestDecode(t *testing.T) {
	var s Signal
	raw := make([]byte, recordSize)
	binary.NativeEndian.PutUint32(raw[atKind:], kindSent)
	binary.NativeEndian.PutUint32(raw[atSignal:], 15)
	copy(raw[atName:], "a name of 16 byt")
	if decode(raw, &s) != kindSent || s.Signal != signals.SIGTERM || s.Sender.Name != "a name of 16 byt" {
		t.Errorf("%+v", s)
	}
	if decode(raw[:recordSize-1], &s) != 0 {
		t.Error("a short record is taken")
	}
}
