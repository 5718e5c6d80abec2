package status

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
)

// full is a service of which every field says something.
var full = Service{
	Name: "web", State: Running, Wanted: Up, PID: 4711, Ready: true, Paused: true, Since: 1_795_000_000_000_000_123,
	Restarts: 2, NextRestart: 1_795_000_002_500_000_000, Awaits: `"db"`, Rung: 1, Rungs: 4, Exited: true,
	Exit: Exit{
		Exit: signals.Exit{Code: 7, Signal: signals.SIGSEGV, Core: true}, Time: 1_795_000_001_000_000_000,
		By: Process{PID: 812, UID: 1000, Name: "bash"}, Cause: "from pid 812 (bash, uid 1000)", Lines: "one\n\"two\"",
		Crash: Crash{ID: "7f3a91c2", Signal: "SIGSEGV", Code: "SEGV_MAPERR", Address: "0x10", Function: "handle_request", State: "complete"},
	},
	Unstarted: Unstarted{Obstacle: NoSuchFile, Text: "execve /x: no such file or directory"},
	SigQ:      SigQ{Used: 10, Limit: 11}, Held: 5,
}

const fullJSON = `{"name":"web","state":"paused","wanted":"up","pid":4711,"ready":true,"since":"2026-11-18T11:06:40.000000123Z",` +
	`"restarts":2,"exit":{"code":7,"signal":"SIGSEGV",` +
	`"core":{"id":"7f3a91c2","signal":"SIGSEGV","code":"SEGV_MAPERR","address":"0x10","function":"handle_request","state":"complete"},"time":"2026-11-18T11:06:41Z",` +
	`"by":{"pid":812,"uid":1000,"name":"bash"},"text":"killed by SIGSEGV, core dumped, from pid 812 (bash, uid 1000)","lines":["one","\"two\""]},` +
	`"unstarted":{"reason":"no such file","text":"execve /x: no such file or directory"},"next_restart":"2026-11-18T11:06:42.5Z","waits_for":"\"db\"","rung":1,"rungs":4,"sigq":{"used":10,"limit":11},"held":5}`

// fields calls f with every field of a struct that is no struct itself.
func fields(v reflect.Value, path string, f func(path string, field reflect.Value)) {
	if v.Kind() != reflect.Struct {
		f(path, v)
		return
	}
	for field, value := range v.Fields() {
		fields(value, path+"."+field.Name, f)
	}
}

// TestEveryFieldSurvives holds that no form forgets a field. Whoever adds one is asked for
// it here.
func TestEveryFieldSurvives(t *testing.T) {
	fields(reflect.ValueOf(full), "Service", func(path string, field reflect.Value) {
		if field.IsZero() {
			t.Errorf("the test has no %s", path)
		}
	})
	for _, want := range []Service{full, {Name: "off", State: "stopped", Wanted: Down}} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Service
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("JSON: %s\nis read as %+v, %v\nwant       %+v", text, got, err, want)
		}
		var slot Slot
		slot.Pack(&want)
		got = full
		complete, waits := slot.Unpack(&got), want.Awaits != "" // with that the loop is asked
		fields(reflect.ValueOf(&want).Elem(), "Service", func(path string, field reflect.Value) {
			if slices.Contains(notOnBoard, path) {
				field.SetZero()
			}
		})
		if complete == waits || got != want {
			t.Errorf("slot: complete %v, %+v\nwant %+v", complete, got, want)
		}
	}
}

// notOnBoard are the fields that a slot has no room for, and the table has none either.
var notOnBoard = append([]string{"Service.Awaits", "Service.Exit.Lines", "Service.Unstarted.Text"}, ofCrash...)

// ofCrash are those of a core.
var ofCrash = []string{
	"Service.Exit.Crash.ID", "Service.Exit.Crash.Signal", "Service.Exit.Crash.Code", "Service.Exit.Crash.Address",
	"Service.Exit.Crash.Function", "Service.Exit.Crash.State",
}

// notInTable are the fields that only the other forms have.
var notInTable = append([]string{
	"Service.Exit.Time", "Service.Exit.By.PID", "Service.Exit.By.UID", "Service.Exit.Cause", "Service.Exit.Lines", "Service.Unstarted.Text",
}, ofCrash...)

// TestEveryFieldInTable empties one field after the other: a row must change. Some show
// only where others are empty.
func TestEveryFieldInTable(t *testing.T) {
	started, ready := full, full
	started.Unstarted = Unstarted{}
	ready.Unstarted, ready.Paused, ready.Exit.Signal = Unstarted{}, false, 0
	rows := func(field string) (changed bool) {
		for _, before := range []Service{full, started, ready} {
			after := before
			fields(reflect.ValueOf(&after).Elem(), "Service", func(path string, v reflect.Value) {
				if path == field {
					v.SetZero()
				}
			})
			rows := Rows([]Service{before, after}, full.NextRestart)
			changed = changed || !slices.Equal(rows[1], rows[2])
		}
		return changed
	}
	fields(reflect.ValueOf(full), "Service", func(path string, _ reflect.Value) {
		if shown := rows(path); shown == slices.Contains(notInTable, path) {
			t.Errorf("%s is in the table: %v", path, shown)
		}
	})
}

// TestTableFits has the table of what is usual fit a terminal of 80 columns, and no column
// where there is nothing to be said.
func TestTableFits(t *testing.T) {
	const second = 1_000_000_000
	usual := []Service{
		{Name: "web", State: Running, Wanted: Up, PID: 28812, Ready: true, Since: second, SigQ: SigQ{0, 96365}},
		{
			Name: "worker", State: Running, Wanted: Up, PID: 28813, Ready: true, Since: second, Restarts: 12, Exited: true,
			Exit: Exit{Exit: signals.Exit{Signal: signals.SIGKILL}, By: Process{Name: "bash"}, Cause: "from pid 812 (bash, uid 0)"},
		},
		{Name: "broken", State: "failed", Wanted: Up, Since: second, Exited: true, Exit: Exit{Exit: signals.Exit{Code: 3}}},
	}
	check := func(want string) {
		t.Helper()
		table := string(Render(Rows(usual, 3600*second), false))
		head, _, _ := strings.Cut(table, "\n")
		if got := strings.Join(strings.Fields(head), " "); got != want {
			t.Errorf("the columns are %s, want %s", got, want)
		}
		for line := range strings.Lines(table) {
			if len(line) > 80+1 && !strings.Contains(want, "SIGQ") { // that is rare
				t.Errorf("%d columns: %s", len(line)-1, line)
			}
		}
	}
	check("NAME STATE WANTED PID SINCE READY RESTARTS LAST EXIT")
	usual[2].State, usual[2].NextRestart = "backoff", 3601*second
	check("NAME STATE WANTED PID SINCE READY RESTARTS NEXT LAST EXIT")
	usual[2].NextRestart, usual[0].Held = 0, 3
	check("NAME STATE WANTED PID SINCE READY RESTARTS HELD LAST EXIT")
	usual[0].Held, usual[0].SigQ.Used = 0, 1
	check("NAME STATE WANTED PID SINCE READY RESTARTS SIGQ LAST EXIT")
}

// TestJSON holds the names and forms that clients know.
func TestJSON(t *testing.T) {
	for _, test := range []struct {
		service Service
		want    string
	}{
		{full, fullJSON},
		{Service{}, `{"name":"","state":"","wanted":"","pid":0,"ready":false,"since":"0001-01-01T00:00:00Z","restarts":0,"exit":null}`},
		{
			Service{Name: "a", State: "backoff", Wanted: Down, Exited: true, Exit: Exit{By: Process{Name: "OOM killer"}}},
			`{"name":"a","state":"backoff","wanted":"down","pid":0,"ready":false,"since":"0001-01-01T00:00:00Z","restarts":0,` +
				`"exit":{"code":0,"by":{"pid":0,"uid":0,"name":"OOM killer"},"text":"exited with code 0"}}`,
		},
	} {
		if text, err := json.Marshal(test.service); err != nil || string(text) != test.want {
			t.Errorf("%s, %v\nwant %s", text, err, test.want)
		}
		var got Service
		if err := json.Unmarshal([]byte(test.want), &got); err != nil || got != test.service {
			t.Errorf("%s\nis read as %+v, %v\nwant %+v", test.want, got, err, test.service)
		}
	}
	if text, err := json.Marshal(full.Exit.By); err != nil || string(text) != `{"pid":812,"uid":1000,"name":"bash"}` {
		t.Errorf("%s, %v", text, err)
	}
	var words Service
	if err := json.Unmarshal([]byte(`{"exit":{"text":"shot"},"new":[{}]}`), &words); err != nil || words.Exit.Cause != "shot" {
		t.Errorf("unknown words: %+v, %v", words, err)
	}
	for _, text := range []string{`[]`, `{"pid":"1"}`, `{"since":1}`, `{"exit":{"signal":"SIGX"}}`, `{"exit":{"by":1}}`, `{"sigq":null}`} {
		var s Service
		if json.Unmarshal([]byte(text), &s) == nil {
			t.Errorf("%s is read as %+v", text, s)
		}
	}
}

// TestObserve has /proc decide what is paused and ready, of the main process alone.
func TestObserve(t *testing.T) {
	const supervisor = 4
	for name, test := range map[string]struct {
		state   string
		process sys.SignalState
		want    Service
		ok      bool
	}{
		"running":       {Running, sys.SignalState{Parent: supervisor, Queued: 1, Limit: 2}, Service{State: Running, Ready: true, SigQ: SigQ{1, 2}}, true},
		"paused":        {Running, sys.SignalState{Parent: supervisor, Stopped: true}, Service{State: Running, Paused: true}, true},
		"about to stop": {"stopping", sys.SignalState{Parent: supervisor, Stopped: true}, Service{State: "stopping"}, true},
		"ended":         {Running, sys.SignalState{Parent: supervisor, Ended: true}, Service{State: Running}, false},
		"no child":      {Running, sys.SignalState{Parent: 1, Limit: 2}, Service{State: Running}, false},
	} {
		s := Service{State: test.state}
		if ok := s.Observe(test.process, supervisor); ok != test.ok || s != test.want {
			t.Errorf("%s: %v, %+v, want %v, %+v", name, ok, s, test.ok, test.want)
		}
	}
}

// TestStates words states as users are told them.
func TestStates(t *testing.T) {
	for want, s := range map[string]Service{
		"running":          {State: Running},
		"paused":           {State: Running, Paused: true},
		"stopping 1/3":     {State: "stopping", Rung: 1, Rungs: 3},
		"stopping 3/3":     {State: "stopping", Rung: 3, Rungs: 3},
		"stopping SIGKILL": {State: "stopping", Rung: 4, Rungs: 3},
		"clearing SIGKILL": {State: "clearing", Rung: 1}, // no ladder at all
	} {
		if got := s.StateText(); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}

func TestExitText(t *testing.T) {
	killed := signals.Exit{Signal: signals.SIGKILL}
	for want, s := range map[string]Service{
		"":                                {Exit: Exit{Exit: killed}},
		"exited with code 3":              {Exited: true, Exit: Exit{Exit: signals.Exit{Code: 3}}},
		"killed by SIGSEGV, core dumped":  {Exited: true, Exit: Exit{Exit: signals.Exit{Signal: signals.SIGSEGV, Core: true}}},
		"killed by SIGKILL, from pid 1 x": {Exited: true, Exit: Exit{Exit: killed, Cause: "from pid 1 x"}},
	} {
		if got := s.ExitText(); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}

// TestUnstarted words a start that has failed, and tells it instead of an older exit.
func TestUnstarted(t *testing.T) {
	for want, u := range map[string]Unstarted{
		"":                                 {},
		"cannot start: execve /x: no such": {NoSuchFile, "execve /x: no such"},
		"cannot start: find ^[[2J in PATH": {NoSuchFile, "find \x1b[2J in PATH"},
		"cannot start: no such file":       {NoSuchFile, ""},
		"cannot start":                     {AnotherObstacle, ""},
	} {
		if got := u.String(); got != want {
			t.Errorf("%+v: %q, want %q", u, got, want)
		}
	}
	for o := AnotherObstacle; o <= numObstacles; o++ {
		s := Service{Exited: true, Unstarted: Unstarted{Obstacle: o}}
		words := colExit.text(&s, 0)
		if words == "" || len(words) > 18 || words != o.String() {
			t.Errorf("obstacle %d: %q", o, words)
		}
		var slot Slot
		slot.Pack(&s)
		slot.obstacle += uint32(o) << 8 & 0x100 // of a later version, every other one
		var got Service
		if slot.Unpack(&got); got.Unstarted.Obstacle.String() == "" {
			t.Errorf("obstacle %d is read as %+v", o, got.Unstarted)
		}
		text, _ := json.Marshal(s)
		if err := json.Unmarshal(text, &got); err != nil || got.Unstarted.Obstacle.String() != words {
			t.Errorf("%s is read as %+v, %v", text, got.Unstarted, err)
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0.0s", 99 * time.Millisecond: "0.0s", 1234 * time.Millisecond: "1.2s", 9999 * time.Millisecond: "9.9s",
		10 * time.Second: "10s", 59999 * time.Millisecond: "59s", 192 * time.Second: "3m12s", time.Hour: "1h00m",
		125 * time.Minute: "2h05m", 24 * time.Hour: "1d00h", 99*time.Hour + 59*time.Minute: "4d03h",
	} {
		if got := Short(int64(d)); got != want {
			t.Errorf("Short(%v) = %q, want %q", d, got, want)
		}
	}
}

// FuzzJSON reads what encoding/json reads too, if it reads it.
func FuzzJSON(f *testing.F) {
	f.Add(fullJSON)
	f.Fuzz(func(t *testing.T, text string) {
		var s Service
		if json.Unmarshal([]byte(text), &s) != nil {
			return
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		var same Service
		if err := json.Unmarshal(again, &same); err != nil {
			t.Errorf("%s becomes %s: %v", text, again, err)
		}
	})
}
