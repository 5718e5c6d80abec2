package trace

import (
	"encoding/json"
	"testing"
	"time"

	"supervise/signals"
)

// kept is a sink that remembers.
type kept struct {
	lives   []*Life
	events  []*Event
	waiting []*Life
	counts  *Counts
}

func (k *kept) Life(l *Life) error {
	k.lives = append(k.lives, l)
	return nil
}

func (k *kept) Event(e *Event) error {
	k.events = append(k.events, e)
	return nil
}

func (k *kept) Waiting(l *Life) error {
	k.waiting = append(k.waiting, l)
	return nil
}

func (k *kept) End(c *Counts) error {
	k.counts = c
	return nil
}

// Processes of the tests.
var (
	sender = Thread{PID: 10, TID: 10, NSPID: 10, CgroupID: 1}
	target = Thread{PID: 20, TID: 20, NSPID: 2, CgroupID: 1}
)

// sent is a signal that is sent to the process 20, with details.
func sent(at uint64, s signals.Signal, change func(*Record)) Record {
	r := Record{Kind: Sent, Time: at, Signal: s, Task: sender, Target: target, Group: true, Detailed: true, Status: -1}
	if change != nil {
		change(&r)
	}
	return r
}

func delivered(at uint64, s signals.Signal, handler uint64) Record {
	return Record{Kind: Delivered, Time: at, Signal: s, Task: target, Handler: handler, Bare: s == signals.SIGKILL, Status: -1}
}

func exited(at uint64, status int32) Record {
	return Record{Kind: Exited, Time: at, Task: target, Status: status}
}

// valued is a signal of sigqueue.
func valued(value uint64) func(*Record) {
	return func(r *Record) { r.Code, r.ValueKnown, r.Value = signals.CodeQueue, true, value }
}

func deliveredValue(at uint64, s signals.Signal, value uint64) Record {
	r := delivered(at, s, 0x1000)
	valued(value)(&r)
	return r
}

func flags(f uint32) func(*Record) { return func(r *Record) { r.Flags = f } }

func TestVerdicts(t *testing.T) {
	const term, kill, usr1 = signals.SIGTERM, signals.SIGKILL, signals.SIGUSR1
	ignored := func(handler uint64, f uint32) func(*Record) {
		return func(r *Record) { r.Result, r.Handler, r.Flags = IgnoredAtOnce, handler, f }
	}
	blocked := func(f uint32) func(*Record) {
		return func(r *Record) { r.Flags, r.Blocked = f, signals.SetOf(r.Signal) }
	}
	tests := map[string]struct {
		records []Record
		want    []string // the ends, in order
	}{
		"handled":                 {[]Record{sent(10, usr1, nil), delivered(30, usr1, 0x1000)}, []string{"handled by 0x1000, 20ns"}},
		"handled, then exit":      {[]Record{sent(10, term, nil), delivered(30, term, 0x1000), exited(50, 3<<8)}, []string{"handled by 0x1000, 20ns; exited with code 3 after 40ns"}},
		"fatal, delivered as 9":   {[]Record{sent(10, term, flags(FlagDying)), delivered(30, kill, 0), exited(50, 15)}, []string{"terminated by default, 20ns; killed by SIGTERM after 40ns"}},
		"killed":                  {[]Record{sent(10, kill, flags(FlagDying)), delivered(30, kill, 0), exited(50, 9)}, []string{"terminated, 20ns; killed by SIGKILL after 40ns"}},
		"core":                    {[]Record{sent(10, signals.SIGQUIT, nil), delivered(30, signals.SIGQUIT, 0), exited(50, 0x83)}, []string{"dumped by default, 20ns; killed by SIGQUIT, core dumped after 40ns"}},
		"exit_group is no signal": {[]Record{delivered(30, kill, 0), exited(50, 0)}, nil},
		"ignored":                 {[]Record{sent(10, term, ignored(1, 0))}, []string{"ignored: by the process"}},
		"ignored by default":      {[]Record{sent(10, signals.SIGWINCH, ignored(0, 0))}, []string{"ignored by default"}},
		"init":                    {[]Record{sent(10, term, ignored(0, FlagInit))}, []string{"dropped: the init of a PID namespace gets only what it handles"}},
		"init, blocked":           {[]Record{sent(10, term, flags(FlagInit)), delivered(30, term, 0)}, []string{"dropped: the init of a PID namespace gets only what it handles, 20ns"}},
		"dying":                   {[]Record{sent(10, term, ignored(0, FlagDying))}, []string{"discarded: the process is ending already"}},
		"continued":               {[]Record{sent(10, signals.SIGCONT, ignored(0, FlagContinued))}, []string{"continued"}},
		"continued, blocked": {
			[]Record{sent(10, signals.SIGCONT, blocked(FlagContinued)), exited(50, 0)},
			[]string{"continued: when it was sent, was blocked; exited with code 0 after 40ns"},
		},
		"continued, discarded later": {
			[]Record{sent(10, signals.SIGCONT, blocked(FlagContinued)), delivered(30, signals.SIGCONT, 1)},
			[]string{"continued: when it was sent, was blocked, 20ns"},
		},
		"continued, then stopped again": {
			[]Record{sent(10, signals.SIGCONT, blocked(FlagContinued)), sent(20, signals.SIGSTOP, nil), delivered(30, signals.SIGSTOP, 0)},
			[]string{"continued: when it was sent, was blocked", "stopped by default, 10ns"},
		},
		"continued, handled": {
			[]Record{sent(10, signals.SIGCONT, flags(FlagContinued)), delivered(30, signals.SIGCONT, 0x1000)},
			[]string{"handled by 0x1000, and continued the process, 20ns"},
		},
		"continued, taken": {
			[]Record{sent(10, signals.SIGCONT, blocked(FlagContinued)), {Kind: Dequeued, Time: 30, Signal: signals.SIGCONT, Task: target}},
			[]string{"taken by sigtimedwait(2) or signalfd(2), and continued the process, was blocked, 20ns"},
		},
		"continued, waits": {[]Record{sent(10, signals.SIGCONT, blocked(FlagContinued))}, []string{"pending: blocked, and continued the process"}},
		"continued, delivered later": {
			[]Record{sent(10, signals.SIGCONT, blocked(FlagContinued)), delivered(30, signals.SIGCONT, 0)},
			[]string{"continued: when it was sent, was blocked, 20ns"},
		},
		"nothing to continue, delivered later": {
			[]Record{sent(10, signals.SIGCONT, blocked(0)), delivered(30, signals.SIGCONT, 0)},
			[]string{"discarded: ignored by default when it was to be delivered, was blocked, 20ns"},
		},
		"continued, if one knew": {
			[]Record{sent(10, signals.SIGCONT, func(r *Record) { r.Detailed = false }), delivered(30, signals.SIGCONT, 0)},
			[]string{"discarded: ignored by default when it was to be delivered; the process, if it was stopped, has been continued, 20ns"},
		},
		"nothing to continue": {
			[]Record{sent(10, signals.SIGCONT, blocked(0)), exited(50, 0)},
			[]string{"discarded: the process ended while it waited, was blocked; exited with code 0 after 40ns"},
		},
		"stopped":         {[]Record{sent(10, signals.SIGSTOP, nil), delivered(30, signals.SIGSTOP, 0)}, []string{"stopped by default, 20ns"}},
		"stop taken back": {[]Record{sent(10, signals.SIGTSTP, nil), sent(20, signals.SIGCONT, ignored(0, 0))}, []string{"discarded: SIGCONT took it back", "ignored by default"}},
		"coalesced": {[]Record{
			sent(10, usr1, nil), sent(20, usr1, func(r *Record) { r.Result = AlreadyPending }), delivered(30, usr1, 0x1000),
		}, []string{"coalesced: one waits already, from pid 10", "handled by 0x1000, 20ns"}},
		"overflow":            {[]Record{sent(10, 40, func(r *Record) { r.Result, r.Blocked = QueueFull, signals.SetOf(40) })}, []string{"overflow: RLIMIT_SIGPENDING: the sender got EAGAIN"}},
		"siginfo lost":        {[]Record{sent(10, 40, func(r *Record) { r.Result = InfoLost }), delivered(30, 40, 0x1000)}, []string{"handled by 0x1000, siginfo lost, 20ns"}},
		"was blocked":         {[]Record{sent(10, usr1, func(r *Record) { r.Blocked = signals.SetOf(usr1) }), delivered(30, usr1, 0x1000)}, []string{"handled by 0x1000, was blocked, 20ns"}},
		"blocked":             {[]Record{sent(10, usr1, func(r *Record) { r.Blocked = signals.SetOf(usr1) })}, []string{"pending: blocked"}},
		"ignored later":       {[]Record{sent(10, usr1, nil), delivered(30, usr1, 1)}, []string{"discarded: ignored by the process when it was to be delivered, 20ns"}},
		"taken":               {[]Record{sent(10, usr1, nil), {Kind: Dequeued, Time: 30, Signal: usr1, Task: target}}, []string{"taken by sigtimedwait(2) or signalfd(2), 20ns"}},
		"taken, found late":   {[]Record{sent(10, usr1, nil), sent(20, usr1, nil), delivered(30, usr1, 0x1000)}, []string{"taken by sigtimedwait(2) or signalfd(2)", "handled by 0x1000, 10ns"}},
		"ended while waiting": {[]Record{sent(10, usr1, nil), exited(50, 0)}, []string{"discarded: the process ended while it waited; exited with code 0 after 40ns"}},
		"delivery lost":       {[]Record{sent(10, term, nil), exited(50, 15)}, []string{"terminated by default; killed by SIGTERM after 40ns"}},
		"not the cause":       {[]Record{sent(10, term, flags(FlagDying)), delivered(30, kill, 0), exited(50, 9)}, []string{"discarded: the process was ending already, 20ns; killed by SIGKILL after 40ns"}},
		"failed":              {[]Record{{Kind: Refused, Time: 10, Signal: term, Task: sender, Target: target, Call: "kill", Errno: 1}}, []string{"failed: kill: EPERM"}},
		"sent before":         {[]Record{delivered(30, usr1, 0x1000)}, []string{"handled by 0x1000"}},
		"aside":               {[]Record{{Kind: Delivered, Time: 30, Signal: usr1, Task: target, Handler: 0x1000, Aside: true}}, nil},
		"real-time in order":  {[]Record{sent(10, 40, nil), sent(20, 40, nil), delivered(30, 40, 0x1000), delivered(40, 40, 0x1000)}, []string{"handled by 0x1000, 20ns", "handled by 0x1000, 20ns"}},
		"real-time, delivery lost": {[]Record{sent(10, 40, valued(1)), sent(20, 40, valued(2)), deliveredValue(30, 40, 2)}, []string{
			"unseen: records of deliveries were lost", "handled by 0x1000, 10ns",
		}},
		"real-time, sending lost": {[]Record{sent(10, 40, valued(1)), deliveredValue(30, 40, 2), deliveredValue(40, 40, 1)}, []string{
			"handled by 0x1000", "handled by 0x1000, 30ns",
		}},
		"thread before process": {[]Record{
			sent(10, 40, nil), sent(20, 40, func(r *Record) { r.Group = false }), delivered(30, 40, 0x1000), delivered(40, 40, 0x1000),
		}, []string{"handled by 0x1000, 10ns", "handled by 0x1000, 30ns"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			k := &kept{}
			j := NewJoiner(time.Unix(0, 0), k, Options{})
			for i := range test.records {
				if err := j.Add(&test.records[i]); err != nil {
					t.Fatal(err)
				}
			}
			if err := j.End("test", 100, Drops{}); err != nil {
				t.Fatal(err)
			}
			for i, l := range k.lives {
				if i >= len(test.want) || l.End() != test.want[i] {
					t.Errorf("life %d: %q", i, l.End())
				}
			}
			if len(k.lives) != len(test.want) {
				t.Errorf("%d lives, want %q", len(k.lives), test.want)
			}
			if k.counts == nil || k.counts.Lives != uint64(len(k.lives)) {
				t.Errorf("counts %+v", k.counts)
			}
		})
	}
}

// TestLost claims nothing about signals whose ends may be among the lost records.
func TestLost(t *testing.T) {
	const usr1 = signals.SIGUSR1
	for name, records := range map[string][]Record{
		"ended":      {sent(10, usr1, nil), exited(50, 0)},
		"replaced":   {sent(10, usr1, nil), sent(20, usr1, nil), delivered(30, usr1, 0x1000)},
		"at the end": {sent(10, usr1, nil)},
	} {
		k := &kept{}
		j := NewJoiner(time.Unix(0, 0), k, Options{Lost: func() bool { return true }})
		for i := range records {
			if err := j.Add(&records[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.End("test", 100, Drops{Deliver: 1}); err != nil {
			t.Fatal(err)
		}
		if len(k.lives) == 0 || k.lives[0].Verdict != Unseen {
			t.Errorf("%s: %v", name, k.lives)
		}
	}
}

// TestTick tells of what waits once, and lets go of a handled one whose process goes on.
func TestTick(t *testing.T) {
	k := &kept{}
	pending := signals.SetOf(signals.SIGUSR2)
	j := NewJoiner(time.Unix(0, 0), k, Options{Pending: func(int, int) (signals.Set, signals.Set, bool) { return pending, 0, true }})
	for _, r := range []Record{sent(10, signals.SIGUSR2, nil), sent(20, signals.SIGTERM, nil), delivered(30, signals.SIGTERM, 0x1000)} {
		_ = j.Add(&r)
	}
	_ = j.Tick(1000)
	if len(k.lives) != 0 || len(k.waiting) != 0 {
		t.Errorf("%d lives and %d waiting at once", len(k.lives), len(k.waiting))
	}
	_ = j.Tick(patience + 100)
	_ = j.Tick(patience + 200)
	if len(k.lives) != 1 || len(k.waiting) != 1 || k.waiting[0].Verdict != Pending {
		t.Errorf("%d lives and %d waiting later", len(k.lives), len(k.waiting))
	}
	pending = 0
	_ = j.Tick(3 * patience)
	if len(k.lives) != 2 || k.lives[1].Verdict != Taken {
		t.Errorf("lives %v", k.lives)
	}
	if len(j.processes) != 0 {
		t.Error("it remembers a process that nothing is expected of")
	}
}

func TestUnseen(t *testing.T) {
	k := &kept{}
	j := NewJoiner(time.Unix(0, 0), k, Options{})
	r := sent(10, signals.SIGUSR1, nil)
	_ = j.Add(&r)
	_ = j.End("test", 20, Drops{Deliver: 1})
	if len(k.lives) != 1 || k.lives[0].Verdict != Unseen {
		t.Errorf("lives %v", k.lives)
	}
}

func TestVerdictWords(t *testing.T) {
	for _, v := range Verdicts() {
		var back Verdict
		text, _ := v.MarshalText()
		if err := back.UnmarshalText(text); err != nil || back != v {
			t.Errorf("%v: %v, %v", v, back, err)
		}
	}
	var v Verdict
	if err := v.UnmarshalText([]byte("nonsense")); err == nil {
		t.Error("nonsense is a verdict")
	}
}

// TestJSON holds the names, which scripts rely on.
func TestJSON(t *testing.T) {
	value := uint64(7)
	got, err := json.Marshal(&Life{
		Time: time.Unix(0, 0).UTC(), Signal: signals.SIGTERM, Value: &value, Code: signals.CodeQueue, Verdict: Terminated, Latency: 5,
		Sender: Task{PID: 1, TID: 2, Comm: "a", UID: 3, NSPID: 4, Cgroup: "/c"}, Exit: &Exit{Signal: signals.SIGTERM, After: 9},
	})
	const want = `{"time":"1970-01-01T00:00:00Z","signal":"SIGTERM","value":7,"code":-1,` +
		`"sender":{"pid":1,"tid":2,"comm":"a","uid":3,"ns_pid":4,"cgroup":"/c"},` +
		`"target":{"pid":0,"tid":0,"comm":"","uid":0,"ns_pid":0,"cgroup":""},` +
		`"verdict":"terminated","detail":"","latency_ns":5,"exit":{"code":0,"signal":"SIGTERM","after_ns":9},"group":false}`
	if err != nil || string(got) != want {
		t.Errorf("%s\nwant\n%s\n%v", got, want, err)
	}
}

// BenchmarkJoin is what a handled signal costs the reader.
func BenchmarkJoin(b *testing.B) {
	k := &none{}
	j := NewJoiner(time.Unix(0, 0), k, Options{})
	s, d := sent(10, signals.SIGUSR1, nil), delivered(30, signals.SIGUSR1, 0x1000)
	b.ReportAllocs()
	for b.Loop() {
		_ = j.Add(&s)
		_ = j.Add(&d)
	}
}

// none is a sink that throws away.
type none struct{}

func (*none) Life(*Life) error   { return nil }
func (*none) Event(*Event) error { return nil }
func (*none) End(*Counts) error  { return nil }
