package glance

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"supervise/signals"
	"supervise/supervisor/control/request"
	"supervise/supervisor/control/table"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		line string
		want Question
		ok   bool
	}{
		{"status", Question{}, true},
		{"status web a-b.c_d@1", Question{names: []string{"web", "a-b.c_d@1"}}, true},
		{"status --runtime-dir /a web", Question{dir: "/a", names: []string{"web"}}, true},
		{"status web --runtime-dir=/a --runtime-dir=b=c", Question{dir: "b=c", names: []string{"web"}}, true},
		{"status --runtime-dir -x", Question{dir: "-x"}, true},
		{"status --runtime-dir", Question{}, false},
		{"status --runtime-dirs=/a", Question{}, false},
		{"status --", Question{}, false},
		{"status -", Question{}, false},
		{"status -h", Question{}, false},
		{"status --watch", Question{}, false},
		{"status --format json", Question{}, false},
		{`status a"b`, Question{}, false},
		{`status a\b`, Question{}, false},
		{"status übung", Question{}, false},
		{"status a\nb", Question{}, false},
		{"stop web", Question{}, false},
		{"statusx", Question{}, false},
	} {
		argv := append([]string{"supervise"}, strings.Split(test.line, " ")...)
		if got, ok := parse(argv); ok != test.ok || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: %+v, %v", test.line, got, ok)
		}
	}
	for _, argv := range [][]string{nil, {"supervise"}, {"supervise", "status", ""}} {
		if got, ok := parse(argv); ok {
			t.Errorf("%q: %+v", argv, got)
		}
	}
}

// TestRequest holds that the question is written as package request does.
func TestRequest(t *testing.T) {
	for _, names := range [][]string{nil, {"web"}, {"a-b.c_d@1", "x", "web"}} {
		want, err := request.Marshal(request.Status{Services: names})
		if got := (Question{names: names}).request(); err != nil || string(got) != string(want) {
			t.Errorf("%s, want %s, %v", got, want, err)
		}
	}
}

// full is a service of which every member says something.
var full = request.Service{
	Name: "web", State: "backoff", Wanted: "up", PID: 812, Ready: true, Since: time.Unix(1_795_000_000, 123), Restarts: 3,
	Exit: &request.Exit{
		Code: -1, Signal: signals.SIGKILL, Core: true, Time: time.Unix(1_795_000_001, 0),
		By: &request.Process{PID: 7, UID: 8, Name: "bash"}, Text: `killed by "SIGKILL"`,
	},
	NextRestart: time.Unix(1_795_000_002, 500_000_000), Rung: 1, Rungs: 2, SigQ: &request.SigQ{Used: 4, Limit: 5}, Held: 6,
}

// TestRead reads what package request writes. Whoever adds a member there is asked here
// whether the table is to show it.
func TestRead(t *testing.T) {
	for field, value := range reflect.ValueOf(full).Fields() {
		if value.IsZero() {
			t.Errorf("the test has no %s", field.Name)
		}
	}
	idle := request.Service{Name: "off", State: "stopped", Wanted: "down"}
	text, err := json.Marshal(request.Reply{Supervisor: &request.Supervisor{PID: 1, File: "x"}, Services: []request.Service{full, idle}})
	if err != nil {
		t.Fatal(err)
	}
	want := []table.Service{
		{
			Name: "web", State: "backoff", Wanted: "up", PID: 812, Ready: true, Since: full.Since.UnixNano(), Restarts: 3,
			NextRestart: full.NextRestart.UnixNano(), Rung: 1, Rungs: 2, SigQUsed: 4, SigQLimit: 5, Held: 6, Exit: `killed by "SIGKILL"`,
		},
		{Name: "off", State: "stopped", Wanted: "down"},
	}
	if got, ok := read(string(text)); !ok || !slices.Equal(got, want) {
		t.Errorf("%s\nis %+v, %v\nwant %+v", text, got, ok, want)
	}
	for _, text := range []string{
		"", "{", `{"services":[{"name":"a`, `{"error":{"code":"usage","text":"x"}}`, `{"services":[],"dropped":1}`, `{"services":[{"pid":"1"}]}`,
	} {
		if got, ok := read(text); ok {
			t.Errorf("%s is %+v", text, got)
		}
	}
}
