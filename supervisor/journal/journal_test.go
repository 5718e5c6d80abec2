package journal

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

var services = []string{"web", "db"}

const (
	web machine.ServiceID = iota
	db
)

func newJournal(limit int) *Journal {
	return New(limit, time.Unix(1000, 0), func(id machine.ServiceID) string { return services[id] })
}

func tell(service machine.ServiceID, cause, origin machine.EventID, note machine.Note) machine.Action {
	return machine.Action{Kind: machine.Tell, Service: service, Cause: cause, Origin: origin, Note: note}
}

// fact adds what is of no further interest here.
func (j *Journal) fact(service string, cause, origin uint64) uint64 {
	return j.Add(Entry{Service: service, Cause: cause, Origin: origin, Fact: Fact{Kind: HookTimedOut}})
}

// turn adds an entry with which the state of a service changes.
func (j *Journal) turn(service machine.ServiceID, cause, origin uint64) uint64 {
	changed := tell(service, j.step+1, j.step+1, machine.Note{Kind: machine.Changed, To: machine.Stopped})
	j.Step(0, machine.Event{Kind: machine.Exited, Service: service}, []machine.Action{changed})
	return j.Add(Entry{Action: &changed, Cause: cause, Origin: origin})
}

func numbers(events []request.Event) []uint64 {
	var ids []uint64
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestLast(t *testing.T) {
	j := newJournal(4)
	if got := j.Last(nil, 0); got != nil {
		t.Errorf("an empty journal has %v", got)
	}
	for i, service := range []string{"web", "db", "", "web", "db", "web"} {
		id := j.Add(Entry{Time: time.Duration(i) * time.Second, Service: service, Fact: Fact{Kind: HookEnded}})
		if id != uint64(i+1) || j.Next() != id+1 {
			t.Errorf("entry %d has number %d", i, id)
		}
	}
	tests := []struct {
		services []string
		limit    int
		want     []uint64
	}{
		{nil, 0, []uint64{3, 4, 5, 6}},
		{nil, 2, []uint64{5, 6}},
		{[]string{"web"}, 0, []uint64{3, 4, 6}},
		{[]string{"db"}, 1, []uint64{5}},
		{[]string{"db", "web"}, 3, []uint64{4, 5, 6}},
		{[]string{"nobody"}, 0, []uint64{3}},
		{nil, 100, []uint64{3, 4, 5, 6}},
	}
	for _, test := range tests {
		if got := numbers(j.Last(test.services, test.limit)); !slices.Equal(got, test.want) {
			t.Errorf("the last %d of %v are %v, want %v", test.limit, test.services, got, test.want)
		}
	}
	if e, ok := j.Event(6); !ok || !e.Time.Equal(time.Unix(1005, 0)) || e.Origin != 6 {
		t.Errorf("entry 6 is %+v, %v", e, ok)
	}
	for _, id := range []uint64{0, 2, 7} {
		if e, ok := j.Event(id); ok {
			t.Errorf("there is an entry %d: %+v", id, e)
		}
	}
}

func TestWhy(t *testing.T) {
	j := newJournal(100)
	boot := j.fact("", 0, 0)
	up := j.fact("web", boot, boot)
	j.fact("db", boot, boot)
	signal := j.fact("", 0, 0) // to the supervisor
	down := j.fact("web", signal, signal)
	other := j.fact("db", signal, signal)
	rung := j.fact("web", 0, signal)
	check := func(service string, want ...uint64) {
		t.Helper()
		if got := numbers(j.Why(service, 0, 0)); !slices.Equal(got, want) {
			t.Errorf("why %s: %v, want %v", service, got, want)
		}
	}
	check("web", signal, down, rung)
	check("db", signal, other)
	check("nobody")
	// An exit that is a matter of its own, and came out of another.
	kill := j.fact("web", up, up)
	exit := j.fact("web", kill, 0)
	again := j.fact("web", exit, exit)
	check("web", boot, up, kill, exit, again)
}

// TestWhyHeld has an explanation go back to what a service was started for, and not to a signal
// that was held until then.
func TestWhyHeld(t *testing.T) {
	j := newJournal(100)
	signal := j.Step(0, machine.Event{Kind: machine.Signal}, []machine.Action{tell(web, 1, 1, machine.Note{Kind: machine.Held})})
	restart := j.Step(0, machine.Event{Kind: machine.Restart, Service: web}, []machine.Action{
		tell(web, 2, 2, machine.Note{Kind: machine.Changed, To: machine.Starting}),
	})
	deliver := machine.Action{Kind: machine.Deliver, Service: web, Cause: 3, Origin: 1}
	spawned := j.Step(0, machine.Event{Kind: machine.Spawned, Service: web}, []machine.Action{
		tell(web, 3, 2, machine.Note{Kind: machine.Changed, To: machine.Running}), deliver,
	})
	sent := j.Add(Entry{Action: &deliver})
	if got, want := numbers(j.Why("web", 0, 0)), []uint64{restart, spawned, sent}; !slices.Equal(got, want) {
		t.Errorf("the explanation is %v, want %v; the signal is %d", got, want, signal)
	}
}

// TestWhyLater has an explanation begin with what changed the state last, whatever was said
// since.
func TestWhyLater(t *testing.T) {
	j := newJournal(100)
	boot := j.fact("", 0, 0)
	j.turn(web, boot, boot)
	early := j.fact("web", 0, 0)
	stop := j.turn(web, 0, 0)
	j.fact("db", 0, 0)
	rung := j.turn(web, stop, stop)
	signal := j.fact("web", 0, 0)
	lost := j.fact("web", signal, signal)
	j.turn(db, 0, 0)
	timeout := j.fact("web", rung, stop)
	if got, want := numbers(j.Why("web", 0, 0)), []uint64{stop, rung, signal, lost, timeout}; !slices.Equal(got, want) {
		t.Errorf("why web: %v, want %v", got, want)
	}
	// However many they are, they leave the rest its place.
	for range 3 * MaxLater {
		j.fact("web", 0, 0)
	}
	want := []uint64{stop, rung, timeout}
	for id := j.Next() - MaxLater; id < j.Next(); id++ {
		want = append(want, id)
	}
	if got := numbers(j.Why("web", 0, 0)); !slices.Equal(got, want) || slices.Contains(got, early) {
		t.Errorf("why web: %v, want %v", got, want)
	}
}

// TestEarlierRuns has an explanation go on from what an earlier run did last with the
// service, and the numbers go on, too.
func TestEarlierRuns(t *testing.T) {
	var written diskRecorder
	j := newJournal(100)
	j.RecordTo(&written, func() Header { return Header{Configuration: &config.File{}} })
	j.fact("web", 0, 0)
	stop := j.turn(web, 0, 0)
	exit := j.turn(web, stop, stop)
	j.fact("db", 0, 0)

	next := New(100, time.Unix(2000, 0), j.name)
	next.Resume(written)
	boot := next.Step(0, machine.Event{Kind: machine.Boot}, []machine.Action{{Kind: machine.Spawn}})
	running := tell(web, 2, 1, machine.Note{Kind: machine.Changed, To: machine.Running})
	started := next.Step(0, machine.Event{Kind: machine.Spawned, Service: web}, []machine.Action{running})
	if got, want := numbers(next.Why("web", 0, 0)), []uint64{stop, exit, boot, started}; !slices.Equal(got, want) {
		t.Errorf("why web: %v, want %v", got, want)
	}
	old, _ := j.Event(exit)
	if got, ok := next.Event(exit); !ok || !reflect.DeepEqual(got, old) {
		t.Errorf("what was %+v is now %+v", old, got)
	}
	// Where some are missing, those before are of no use.
	next = New(100, time.Unix(2000, 0), j.name)
	next.Resume(append(written[:2:2], written[len(written)-1]))
	if got, want := numbers(next.Last(nil, 0)), []uint64{4}; !slices.Equal(got, want) || next.Next() != 5 {
		t.Errorf("it has %v, want %v", got, want)
	}
}

// diskRecorder keeps what is recorded.
type diskRecorder []Record

func (r *diskRecorder) Record(one Record) { *r = append(*r, one) }
func (r *diskRecorder) Due() bool         { return false }

// TestForgotten has an explanation whose beginning is forgotten.
func TestForgotten(t *testing.T) {
	j := newJournal(3)
	origin := j.fact("web", 0, 0)
	for range 5 {
		j.fact("web", origin, origin)
	}
	if got, want := numbers(j.Why("web", 0, 0)), []uint64{4, 5, 6}; !slices.Equal(got, want) {
		t.Errorf("why web: %v, want %v", got, want)
	}
}

func TestOf(t *testing.T) {
	j := newJournal(4)
	spawned := machine.Event{Kind: machine.Spawned, PID: 812}
	done := []machine.Action{{Kind: machine.Kill}}
	for _, worth := range []bool{true, false, true, true} { // the first is forgotten
		actions := done
		if !worth {
			actions = nil
		}
		j.Step(0, spawned, actions)
		if worth {
			j.Add(Entry{Action: &machine.Action{Kind: machine.Kill, Cause: j.step}})
		}
	}
	for step, want := range []uint64{0, 0, 0, 3, 5, 0} {
		if got := j.Of(machine.EventID(step), "web"); got != want {
			t.Errorf("step %d is known by entry %d, want %d", step, got, want)
		}
	}
	// A fact is not what its step is about.
	j.Step(0, machine.Event{Kind: machine.Tick}, nil)
	fact := j.fact("web", 0, 0)
	if got := j.Of(j.step, "web"); got != 0 {
		t.Errorf("step %d is known by entry %d, and the fact is %d", j.step, got, fact)
	}
}

// TestRuleThatCommands follows a signal by whose rule two services are restarted, through
// later steps that go back to it.
func TestRuleThatCommands(t *testing.T) {
	j := newJournal(100)
	info := signals.Info{Signal: signals.SIGUSR1, PID: 7, UID: 1000}
	bash := machine.Asker{PID: 7, UID: 1000, Name: "bash"}
	restart := machine.Note{Kind: machine.Commanded, Event: machine.Restart}
	stop := func(service machine.ServiceID) machine.Action {
		return machine.Action{Kind: machine.Send, Service: service, Cause: 1, Origin: 1, Signal: signals.SIGTERM}
	}
	actions := []machine.Action{
		tell(machine.NoService, 1, 1, machine.Note{Kind: machine.Obeyed, Info: info, Reason: "RULE"}),
		tell(web, 1, 1, restart), stop(web), tell(db, 1, 1, restart), stop(db),
	}
	signal := j.Step(0, machine.Event{Kind: machine.Signal, Info: info, By: bash}, actions)
	ids := map[string][]uint64{}
	for i := range actions {
		id := j.Add(Entry{Action: &actions[i]})
		e, _ := j.Event(id)
		ids[e.Service] = append(ids[e.Service], id)
	}
	if got := ids[""]; !slices.Equal(got, []uint64{signal}) {
		t.Errorf("the rule is told by %v, want %d", got, signal)
	}
	for _, name := range services {
		command, sent := ids[name][0], ids[name][1]
		if e, _ := j.Event(command); e.Cause != signal || e.Origin != command ||
			e.Text != "restart asked for by SIGUSR1 from pid 7 (bash, uid 1000)" || e.By == nil || e.By.PID != 7 {
			t.Errorf("the command is %+v", e)
		}
		if e, _ := j.Event(sent); e.Cause != command || e.Origin != command {
			t.Errorf("what comes of the command %d is %+v", command, e)
		}
	}
	if e, _ := j.Event(signal); e.Text != "came: SIGUSR1 from pid 7 (bash, uid 1000), whose rule is RULE" {
		t.Errorf("the signal is %q", e.Text)
	}
	later := tell(db, 2, 1, machine.Note{Kind: machine.RungTimedOut})
	j.Step(0, machine.Event{Kind: machine.Tick}, []machine.Action{later})
	if e, _ := j.Event(j.Add(Entry{Action: &later})); e.Origin != ids["db"][0] || e.Cause != e.Origin {
		t.Errorf("a later step has %+v, want the origin %d", e, ids["db"][0])
	}
	if got := numbers(j.Why("web", 0, 0)); !slices.Equal(got, append([]uint64{signal}, ids["web"]...)) {
		t.Errorf("why web: %v", got)
	}
}

// TestAsker has an action name who asked, with an event that has an entry and one that has
// none.
func TestAsker(t *testing.T) {
	fifo, client := machine.Asker{Source: "/run/control"}, machine.Asker{PID: 812, Name: "supervise"}
	usr1 := signals.Info{Signal: signals.SIGUSR1, PID: 1}
	for name, test := range map[string]struct {
		event  machine.Event
		action machine.Action
		want   string
	}{
		"posted by a FIFO": {
			machine.Event{Kind: machine.Post, Info: usr1, By: fifo},
			machine.Action{Kind: machine.Deliver, Info: usr1},
			"sent SIGUSR1, asked for by /run/control",
		},
		"posted by a client": {
			machine.Event{Kind: machine.Post, Info: usr1, By: client},
			machine.Action{Kind: machine.Deliver, Info: usr1},
			"sent SIGUSR1 from pid 812 (supervise, uid 0)",
		},
		"paused": {
			machine.Event{Kind: machine.Pause, By: fifo},
			tell(web, 0, 0, machine.Note{Kind: machine.SentToMany, Info: signals.Info{Signal: signals.SIGSTOP}, Count: 3}),
			"SIGSTOP sent to 3 processes, asked for by /run/control",
		},
		"forwarded from the kernel": {
			machine.Event{Kind: machine.Signal, Info: signals.Info{Signal: signals.SIGHUP, Code: signals.CodeKernel}, By: machine.Asker{Source: "the kernel"}},
			machine.Action{Kind: machine.Deliver, Info: signals.Info{Signal: signals.SIGHUP, Code: signals.CodeKernel}},
			"sent SIGHUP from the kernel",
		},
		"of nobody": {
			machine.Event{Kind: machine.Stop, By: client},
			machine.Action{Kind: machine.Send, Signal: signals.SIGTERM},
			"to stop it: sent SIGTERM to its main process",
		},
	} {
		j := newJournal(10)
		test.action.Cause, test.action.Origin = 2, 1
		j.Step(0, test.event, []machine.Action{{Kind: machine.Spawn}})
		j.Step(0, machine.Event{Kind: machine.Signalled}, []machine.Action{test.action})
		e, ok := j.Event(j.Add(Entry{Action: &test.action}))
		if !ok || e.Text != test.want || (e.By != nil) != (name == "posted by a client") {
			t.Errorf("%s: %+v, want %q", name, e, test.want)
		}
	}
}

// TestSpawnedOrigin has a process that was started belong to the matter that its service's
// state goes back to.
func TestSpawnedOrigin(t *testing.T) {
	j := newJournal(10)
	boot := j.Step(0, machine.Event{Kind: machine.Boot, PID: 1}, []machine.Action{{Kind: machine.Spawn}})
	running := tell(web, 2, 1, machine.Note{Kind: machine.Changed, From: machine.Starting, To: machine.Running})
	started, _ := j.Event(j.Step(time.Second, machine.Event{Kind: machine.Spawned, Service: web, PID: 812}, []machine.Action{running}))
	if started.Origin != boot || started.Cause != boot || started.PID != 812 || started.Service != "web" {
		t.Errorf("started: %+v", started)
	}
	if id := j.Add(Entry{Action: &running}); id != started.ID {
		t.Errorf("that it runs is entry %d, want %d", id, started.ID)
	}
	if got := numbers(j.Why("web", 0, 0)); !slices.Equal(got, []uint64{boot, started.ID}) {
		t.Errorf("why web: %v", got)
	}
}

// TestAllocations has an entry take memory for what is kept of it alone: its text.
func TestAllocations(t *testing.T) {
	j := newJournal(16)
	exited := tell(web, 1, 1, machine.Note{Kind: machine.LeaderExited, For: time.Second})
	actions := []machine.Action{exited}
	n := testing.AllocsPerRun(100, func() {
		j.Step(0, machine.Event{Kind: machine.Spawned, PID: 812}, actions)
		j.Add(Entry{Action: &actions[0], PID: 812})
	})
	if n > 2 {
		t.Errorf("two entries take %v allocations", n)
	}
}

func BenchmarkStep(b *testing.B) {
	j := newJournal(4096)
	info := signals.Info{Signal: signals.SIGUSR1, PID: 7, UID: 1000}
	actions := []machine.Action{{Kind: machine.Deliver, Info: info, Cause: 1, Origin: 1}}
	event := machine.Event{Kind: machine.Signal, Info: info, By: machine.Asker{PID: 7, UID: 1000, Name: "bash"}}
	for step := machine.EventID(1); b.Loop(); step++ {
		j.Step(0, event, actions)
		actions[0].Cause, actions[0].Origin = step, step
		j.Add(Entry{Action: &actions[0], PID: 812})
	}
}

// TestHalfForgotten remembers of a step but the second entry, which does not stand for it.
func TestHalfForgotten(t *testing.T) {
	j := New(2, time.Unix(0, 0), func(machine.ServiceID) string { return "web" })
	kill := machine.Action{Kind: machine.Kill, Cause: 1, Origin: 1}
	j.Step(1, machine.Event{Kind: machine.Stop, By: machine.Asker{PID: 7}}, []machine.Action{kill})
	second := j.Add(Entry{Action: &kill, By: machine.Asker{PID: 8}})
	if got := j.By(1, "web"); j.Of(1, "web") != second-1 || got.PID != 7 {
		t.Fatalf("the step is entry %d, asked for by %v", j.Of(1, "web"), got)
	}
	j.Step(2, machine.Event{Kind: machine.Start}, []machine.Action{{Kind: machine.Spawn, Cause: 2, Origin: 2}})
	if got := j.By(1, "web"); j.Of(1, "web") != 0 || got != (machine.Asker{}) {
		t.Errorf("the step is entry %d, asked for by %v, which stands for another one", j.Of(1, "web"), got)
	}
}

// TestChangesOfMany has thousands of services change their states in one step. The next one takes note
// of its own changes alone, and of those about which a question is open; so little that it takes none
// of the time of thousands: the memory of the map is another.
func TestChangesOfMany(t *testing.T) {
	const many = 5000
	j := New(16, time.Unix(0, 0), func(machine.ServiceID) string { return "web" })
	changes := func(step machine.EventID, services ...machine.ServiceID) (actions []machine.Action) {
		for _, id := range services {
			actions = append(actions, tell(id, step, step, machine.Note{Kind: machine.Changed}))
		}
		return actions
	}
	var all []machine.ServiceID
	for id := range machine.ServiceID(many) {
		all = append(all, id)
	}
	j.Step(1, machine.Event{Kind: machine.Boot}, append(changes(1, all...), machine.Action{Kind: machine.LookForDumps, Service: 3}))
	first := j.changed
	j.Step(2, machine.Event{Kind: machine.Exited, Service: 4}, changes(2, 4))
	if want := map[machine.ServiceID]machine.EventID{3: 1, 4: 2}; !reflect.DeepEqual(j.changed, want) {
		t.Errorf("changed are %v, want %v", j.changed, want)
	}
	if len(first) != many || reflect.ValueOf(first).Pointer() == reflect.ValueOf(j.changed).Pointer() {
		t.Error("the map is that of thousands")
	}
	second := j.changed
	j.Step(3, machine.Event{Kind: machine.DumpsSeen, Service: 3}, nil)
	j.Step(4, machine.Event{Kind: machine.Exited, Service: 5}, changes(4, 5))
	if want := map[machine.ServiceID]machine.EventID{5: 4}; !reflect.DeepEqual(j.changed, want) || reflect.ValueOf(second).Pointer() != reflect.ValueOf(j.changed).Pointer() {
		t.Errorf("changed are %v, want %v in the same map", j.changed, want)
	}
}
