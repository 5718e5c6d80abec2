package machine

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"supervise/config"
	"supervise/signals"
)

var seed = flag.Uint64("seed", 1, "seed of the random walks")

// FuzzStep tries sequences of events that no loop would ever produce.
func FuzzStep(f *testing.F) {
	random := rand.New(rand.NewPCG(*seed, 1))
	for range 20 {
		f.Add(randomBytes(random, 200))
		f.Add(randomBytes(random, 202))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := playBytes(data, nil); err != nil {
			t.Fatal(err)
		}
	})
}

func randomBytes(random *rand.Rand, n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	return data
}

// TestWalks lets a machine wander at random, and go the ways of the product, until every
// transition of the table has been seen: what docs/states.md says does happen, and nothing else does.
func TestWalks(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 2))
	type transition struct {
		from, to State
		on       EventKind
	}
	seen := map[transition]bool{}
	for i := range 1200 {
		err := playBytes(randomBytes(random, 1500+i%3), func(before, after State, kind EventKind) {
			if before != after {
				seen[transition{before, after, kind}] = true
			}
		})
		if err != nil {
			t.Fatalf("seed %d: %v", *seed, err)
		}
	}
	for _, ways := range waysInto {
		for _, way := range ways {
			for _, forms := range formsOf {
				for _, form := range forms {
					playWay(t, way, form, func(s *service, kind EventKind, from State) {
						if s.State != from {
							seen[transition{from, s.State, kind}] = true
						}
					})
				}
			}
		}
	}
	declared := map[transition]bool{}
	for from := range State(numStates) {
		for kind, cell := range table[from] {
			for _, to := range cell.to {
				declared[transition{from, to, EventKind(kind)}] = true
			}
		}
	}
	for way := range declared {
		if !seen[way] {
			t.Errorf("%v -> %v upon %v is in the table, and never happens", way.from, way.to, way.on)
		}
	}
	for way := range seen {
		if !declared[way] {
			t.Errorf("%v -> %v upon %v happens, and is not in the table", way.from, way.to, way.on)
		}
	}
}

// TestZeroConfig: nothing in a configuration is needed to be safe.
func TestZeroConfig(t *testing.T) {
	m := New(&config.File{Services: []config.Service{{Enabled: true}}}, 0)
	steps := []struct {
		ev   Event
		want []ActionKind
	}{
		{Event{Kind: Boot}, []ActionKind{Spawn}},
		{Event{Kind: Spawned, Gen: 1}, nil},
		{Event{Kind: Exited, Gen: 1, Exit: signals.Exit{Code: 1}}, []ActionKind{Spawn}},
		{Event{Kind: Spawned, Gen: 2}, nil},
		{Event{Kind: Signal, Info: signals.Info{Signal: signals.SIGTERM}}, nil},
		{Event{Kind: Shutdown}, []ActionKind{Kill}},
		{Event{Kind: Exited, Gen: 2}, []ActionKind{Finish}},
		{Event{Kind: 200}, nil},
	}
	for _, step := range steps {
		if got := kinds(m.Step(0, step.ev)); !slices.Equal(got, step.want) {
			t.Errorf("%v: %v, want %v", step.ev.Kind, got, step.want)
		}
	}
	if _, timed := m.Deadline(); timed {
		t.Error("a deadline after the end")
	}
}

// kinds leaves out what is only told, to whomever.
func kinds(actions []Action) []ActionKind {
	var got []ActionKind
	for _, a := range actions {
		if a.Kind != Tell && a.Kind != ReportTail {
			got = append(got, a.Kind)
		}
	}
	return got
}

// TestNoServices: a shutdown of nothing is over at once.
func TestNoServices(t *testing.T) {
	m := New(&config.File{}, 0)
	if got := kinds(m.Step(0, Event{Kind: Shutdown})); !slices.Equal(got, []ActionKind{Finish}) {
		t.Errorf("got %v", got)
	}
}

// TestTimeRunsForward: a clock that goes back does not.
func TestTimeRunsForward(t *testing.T) {
	s := newScript()
	s.service("web", nil)
	m := s.machine()
	m.Step(time.Hour, Event{Kind: Boot})
	m.Step(time.Minute, Event{Kind: Spawned, Gen: 1})
	m.Step(time.Second, Event{Kind: Stop})
	if at, _ := m.Deadline(); at != time.Hour+10*time.Second {
		t.Errorf("deadline %v", at)
	}
}

// TestOverlappingHolds: two services share a signal; it is released with the second.
func TestOverlappingHolds(t *testing.T) {
	s := newScript()
	s.service("a", []string{"forward=SIGRTMIN:SIGRTMIN,SIGRTMIN+1:SIGRTMIN+1,SIGHUP:SIGRTMIN+2", "queue=1:wait"})
	s.service("b", []string{"forward=SIGRTMIN:SIGRTMIN,SIGRTMIN+2:SIGHUP", "queue=1:wait"})
	m := s.machine()
	m.Step(0, Event{Kind: Boot})
	rt := Event{Kind: Signal, Info: signals.Info{Signal: signals.SIGRTMIN}}
	sets := func(actions []Action) []signals.Set {
		var sets []signals.Set
		for _, a := range actions {
			if a.Kind == Hold || a.Kind == Release {
				sets = append(sets, a.Set)
			}
		}
		return sets
	}
	both, first := signals.SetOf(34, 35), signals.SetOf(35)
	if got := sets(m.Step(0, rt)); !slices.Equal(got, []signals.Set{both}) {
		t.Errorf("held %v", got)
	}
	m.Step(0, Event{Kind: Stop, Service: 0})
	if got := sets(m.Step(0, Event{Kind: SpawnFailed, Service: 0, Gen: 1})); !slices.Equal(got, []signals.Set{first}) {
		t.Errorf("released %v, want what only a held", got)
	}
	m.Step(0, Event{Kind: Stop, Service: 1})
	if got := sets(m.Step(0, Event{Kind: SpawnFailed, Service: 1, Gen: 1})); !slices.Equal(got, []signals.Set{signals.SetOf(34)}) {
		t.Errorf("released %v, want the shared one", got)
	}
}

func TestView(t *testing.T) {
	s := newScript()
	s.service("web", []string{"forward=SIGRTMIN:SIGRTMIN"})
	s.service("job", nil)
	m := s.machine()
	m.Step(0, Event{Kind: Boot})
	m.Step(0, Event{Kind: Signal, Info: signals.Info{Signal: signals.SIGRTMIN}})
	m.Step(time.Second, Event{Kind: Spawned, Gen: 1, PID: 7})
	m.Step(time.Second, Event{Kind: Spawned, Gen: 1, PID: 8, Service: 1})
	m.Step(3*time.Second, Event{Kind: Exited, Gen: 1, Exit: signals.Exit{Code: 4}})
	m.Step(4*time.Second, Event{Kind: Stop, Service: 1})
	want := []View{
		{
			State: Backoff, Wanted: Up, Since: 3 * time.Second, Origin: 5, Gen: 1,
			Timed: true, Deadline: 3500 * time.Millisecond, NextRestart: 3500 * time.Millisecond, Rungs: 1,
			Exited: true, Exit: signals.Exit{Code: 4}, ExitedAt: 3 * time.Second, Up: 2 * time.Second,
			Restarts: 1, Row: 1, Held: 1,
		},
		{
			State: Stopping, Wanted: Down, Since: 4 * time.Second, Origin: 6, Gen: 1, PID: 8,
			Timed: true, Deadline: 14 * time.Second, Rung: 1, Rungs: 1,
		},
		{State: Removed}, // there is no such service
	}
	want[0].Queue.Queued, want[0].Queue.HighWater = 1, 1
	for i, want := range want {
		if got := m.View(ServiceID(i)); got != want {
			t.Errorf("service %d:\ngot  %+v\nwant %+v", i, got, want)
		}
	}
	m.Step(14*time.Second, Event{Kind: Tick})
	if got := m.View(1); got.Rung != got.Rungs+1 {
		t.Errorf("rung %d of %d, and it was sent SIGKILL", got.Rung, got.Rungs)
	}
	if m.ShuttingDown() {
		t.Error("shutting down, and nobody asked for it")
	}
	if m.Step(15*time.Second, Event{Kind: Shutdown}); !m.ShuttingDown() {
		t.Error("not shutting down")
	}
	if m.Steps() != 8 || m.Origin(1) != 6 || m.Origin(-1) != 0 {
		t.Errorf("step %d, origins %d and %d", m.Steps(), m.Origin(1), m.Origin(-1))
	}
}

// TestNames: everything that can be told has a name.
func TestNames(t *testing.T) {
	for _, names := range [][]string{stateNames[:], eventNames[:], resultNames[:], effectNames[:], wantedNames[:], whyNames[1:], actionNames[:], noteNames[:]} {
		for i, name := range names {
			if name == "" {
				t.Errorf("number %d of %v has no name", i, names)
			}
		}
	}
	for kind := range NoteKind(numNotes) {
		if sentences[kind] == nil || (Note{Kind: kind}).String() == "" {
			t.Errorf("the note %v says nothing", kind)
		}
	}
	for kind := range EventKind(numEvents) {
		if eventTexts[kind] == nil {
			t.Errorf("the event %v says nothing", kind)
		}
	}
	for kind := range ActionKind(numActions) {
		if actionTexts[kind] == nil {
			t.Errorf("the action %v says nothing", kind)
		}
	}
	for i, word := range config.ScopeWords() {
		if i >= len(scopeTexts) || scopeTexts[i] == "" {
			t.Errorf("nobody is named for the scope %s", word)
		}
	}
	for _, beyond := range []string{Note{Kind: numNotes}.String(), Event{Kind: numEvents}.Text("web"), Action{Kind: numActions}.Text("web")} {
		if !strings.HasSuffix(beyond, " "+strconv.Itoa(numNotes)) && !strings.HasSuffix(beyond, " "+strconv.Itoa(numEvents)) &&
			!strings.HasSuffix(beyond, " "+strconv.Itoa(numActions)) {
			t.Errorf("what there is not is %q", beyond)
		}
	}
}
