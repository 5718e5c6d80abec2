package quickstatus

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"supervise/signals"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
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
		{"status --board web", Question{names: []string{"web"}, board: true}, true},
		{"status --board=false", Question{}, false},
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

// TestRead reads what package request writes, and refuses what is more than services.
func TestRead(t *testing.T) {
	want := []status.Service{
		{
			Name: "web", State: "backoff", Wanted: status.Up, Since: 1, Exited: true,
			Exit: status.Exit{Exit: signals.Exit{Signal: signals.SIGKILL}, By: status.Process{PID: 7, Name: `a"b<c`}, Cause: "from somebody"},
		},
		{Name: "off", State: "stopped", Wanted: status.Down},
	}
	text, err := json.Marshal(request.Reply{Supervisor: &request.Supervisor{PID: 1, File: "x"}, Services: want})
	if err != nil {
		t.Fatal(err)
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
