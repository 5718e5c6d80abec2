package machine

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"supervise/config"
	"supervise/signals"
)

// midway returns a machine with something in each place where it keeps anything.
func midway(t *testing.T) *Machine {
	t.Helper()
	s := newScript()
	for _, line := range []string{
		"rule SIGUSR2 restart web",
		"core-timeout 60s",
		"service web forward=SIGHUP:SIGUSR1,SIGRTMIN:SIGRTMIN queue=2:wait jitter=0.5",
		"service old ladder=SIGINT:main:1s,SIGTERM:tree:9s",
		"service gone",
		"service job delay=5s",
		"service app requires=db",
		"service db up-after=9s",
		"at 1s boot",
		"at +0s spawned db 400",
		"at +0s spawned web 100",
		"at +0s spawned old 200",
		"at +0s spawned job 300",
		"at +0s signal SIGRTMIN value 1 from 812",
		"at +0s sent web again",
		"at +0s signal SIGRTMIN value 2 from 812",
		"at +0s post web SIGHUP from 812",
		"at +0s exited job killed SIGSEGV dumping",
		"rule SIGUSR2 stop web",
		"core-timeout 60s",
		"service web forward=SIGHUP:SIGUSR1,SIGRTMIN:SIGRTMIN queue=2:wait jitter=0.5",
		"service job delay=5s",
		"service app requires=db",
		"service db up-after=9s",
		"at +1s update",
		"at +0s pause old",
		"at +0s signalled old 2",
		"at +0s reload old",
		"at +0s spawn-failed gone permanent execve: no such file or directory",
		"at +0s restart db more",
	} {
		if _, err := s.line(line); err != nil {
			t.Fatal(err)
		}
	}
	return s.machine()
}

// TestSaveIsAll: a machine that is restored is the same, to the last field.
func TestSaveIsAll(t *testing.T) {
	m := midway(t)
	restored, err := copyOf(m)
	if err != nil {
		t.Fatal(err)
	}
	// What only counts within a step, or is the same in another order or at another place.
	for _, m := range []*Machine{m, restored} {
		m.event, m.kind, m.spec, m.actions, m.offered = Event{}, 0, nil, nil, offer{}
		slices.SortFunc(m.timers, func(a, b *timer) int { return a.rank - b.rank })
		for i, timer := range m.timers {
			timer.place = i + 1
		}
		for i := range m.targets {
			m.targets[i] = append([]ServiceID(nil), m.targets[i]...)
		}
		m.propagate()
		m.neighbours = neighbours{act: append([]*service(nil), m.neighbours.act...)}
		for _, s := range m.services {
			s.brought, s.spreading = 0, false
			o := &s.outbox
			if !o.inFlight {
				o.delivery.Ticket, o.delivery.Info = 0, signals.Info{}
			}
			if s.State == Removed {
				o.bounds = config.Queue{}
			}
			o.realtime = moved(&o.realtime, o.bounds)
			s.spec = relevant(s.spec)
			s.Requests = slices.Concat(s.Requests)
		}
	}
	if m.services[0].outbox.waiting() == 0 || len(m.services[1].Requests) == 0 || !m.services[1].Paused || len(m.timers) < 4 || len(m.neighbours.act) == 0 {
		t.Error("there is too little to save")
	}
	if !reflect.DeepEqual(m, restored) {
		for i := range m.services {
			if saved := m.services[i]; !reflect.DeepEqual(saved, restored.services[i]) {
				t.Errorf("\nsaved    %+v\nrestored %+v", saved, restored.services[i])
			}
		}
	}
}

// TestSaveNamesEveryField fails for a field that is new in the machine and not yet in its
// snapshot.
func TestSaveNamesEveryField(t *testing.T) {
	for _, test := range []struct {
		value   any
		derived string // what follows from the configuration or from the rest, or counts within a step only
	}{
		{Machine{}, "names file rules targets event kind spec actions timers active remnants offered holds ordered watch"},
		{service{}, "id place"},
		{outbox{}, "wait holdable bounds"},
		{shutdown{}, "timeout"},
	} {
		saved := map[string]string{
			"Machine":  "services random now seq revision booted shutdown neighbours open",
			"service":  "spec Lifecycle deadline ready remnant outbox",
			"outbox":   "standard realtime backoff retry stuck noted delivery inFlight unanswered leaderGone holding",
			"shutdown": "origin cutting finished status deadline progress",
		}
		kind := reflect.TypeOf(test.value)
		known := strings.Fields(test.derived + " " + saved[kind.Name()])
		for i := range kind.NumField() {
			if name := kind.Field(i).Name; !slices.Contains(known, name) {
				t.Errorf("%s.%s is in no snapshot", kind.Name(), name)
			}
		}
	}
}

// TestRelevant: with what is relevant of its configuration, a machine is the same.
func TestRelevant(t *testing.T) {
	m := midway(t)
	m.file.Services[0].Environment = map[string]string{"SECRET": "do not tell"}
	m.file.Services[0].Command = []string{"do not tell"}
	text, err := json.Marshal(Relevant(m.file))
	if err != nil || strings.Contains(string(text), "do not tell") {
		t.Fatalf("%s, %v", text, err)
	}
	var file config.File
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	again, err := Restore(&file, m.Save())
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range []Event{
		{Kind: Tick},
		{Kind: Signal, Info: signals.Info{Signal: signals.SIGUSR2}},
		{Kind: Inspected, Service: 1, Gen: 1, Ticket: m.services[1].Requests[0].Ticket},
		{Kind: Shutdown},
	} {
		if got, want := again.Step(time.Minute, ev), m.Step(time.Minute, ev); !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", ev.Kind, got, want)
		}
	}
}

// TestRestoreRefuses what nothing can have saved.
func TestRestoreRefuses(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*Snapshot)
		want  string
	}{
		{"no randomness", func(s *Snapshot) { s.Random = nil }, "cannot restore the source of randomness"},
		{"an unknown service", func(s *Snapshot) { s.Services[0].Name = "other" }, `cannot restore service "other": the configuration does not have it`},
		{"one that is lacking", func(s *Snapshot) { s.Services = s.Services[1:] }, `cannot restore service "web": nothing is saved of it`},
		{"settings of another", func(s *Snapshot) { s.Services[1].Settings.Name = "web" }, `cannot restore service "old": its settings are those of service "web"`},
		{"no such state", func(s *Snapshot) { s.Services[0].State = numStates }, `cannot restore service "web": it is 10, and wanted up`},
		{"nothing that can be wanted", func(s *Snapshot) { s.Services[0].Wanted = numWanted }, `cannot restore service "web": it is running, and wanted 3`},
		{"no such rung", func(s *Snapshot) { s.Services[1].Ladder.Rung = 3 }, `cannot restore service "old": it is at rung 4 of 2`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := midway(t)
			saved := m.Save()
			test.spoil(&saved)
			if _, err := Restore(m.file, saved); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
	var state State
	if err := state.UnmarshalText([]byte("asleep")); err == nil || err.Error() != `there is no state "asleep"` {
		t.Error(err)
	}
}
