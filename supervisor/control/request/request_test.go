package request

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/status"
)

func value(v int64) *int64 { return &v }

func names(names ...string) Target { return Target{Services: names} }

func TestLines(t *testing.T) {
	for line, want := range map[string]Request{
		"":                                   nil,
		"  \t\r":                             nil,
		"# restart web":                      nil,
		"restart web":                        Restart{Target: names("web")},
		"\trestart  web\tdb\r":               Restart{Target: names("web", "db")},
		"restart --all":                      Restart{Target: Target{All: true}},
		"start a@1.b_c-d":                    Start{Target: names("a@1.b_c-d")},
		"once job":                           Start{Target: names("job"), Once: true},
		"stop web":                           Stop{Target: names("web")},
		"reload web":                         Reload{Target: names("web")},
		"pause web":                          Pause{names("web")},
		"continue web":                       Continue{names("web")},
		"reopen web":                         Reopen{names("web")},
		"signal web HUP":                     Signal{Service: "web", Signal: signals.SIGHUP},
		"signal web RTMIN+3 42":              Signal{Service: "web", Signal: 37, Value: value(42)},
		"signal web 15 -1 tree":              Signal{Service: "web", Signal: 15, Value: value(-1), Scope: config.Tree},
		"signal web sigusr1 group":           Signal{Service: "web", Signal: signals.SIGUSR1, Scope: config.Group},
		"signal web USR1 0xffffffffffffffff": Signal{Service: "web", Signal: signals.SIGUSR1, Value: value(-1)},
		"update":                             Update{},
		"update /etc/my file.toml":           Update{File: "/etc/my file.toml"},
		"shutdown":                           Shutdown{},
		"shutdown now":                       Shutdown{Now: true},
		"shutdown --now":                     Shutdown{Now: true},
	} {
		got, err := ParseLine(line)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q = %+v, %v, want %+v", line, got, err, want)
		}
	}
	for line, want := range map[string]string{
		"restart":                               "name of a service is missing",
		"restart web --all":                     `"--all" cannot be the name`,
		"restart ../../etc":                     "cannot be the name",
		"restart " + strings.Repeat("a", 65):    "cannot be the name",
		"Restart web":                           `unknown command "Restart"`,
		"status web":                            "wants an answer",
		"signal web":                            "signal takes NAME SIGNAL",
		"signal web TERMM":                      "did you mean SIGTERM?",
		"signal web HUP 1 main more":            "signal takes NAME SIGNAL",
		"signal web HUP x":                      "scope of a signal is main, group or tree",
		"signal web HUP 99999999999999999999":   "scope of a signal",
		"update etc/file":                       "absolute path",
		"shutdown later":                        "takes now, or nothing",
		"restart web\x00":                       "not a command",
		"\x7fELF":                               "not a command",
		"stop " + strings.Repeat("a ", MaxLine): "longer than 1024 bytes",
	} {
		got, err := ParseLine(line)
		var failure *Failure
		if got != nil || !errors.As(err, &failure) || failure.Code != Usage || !strings.Contains(failure.Text, want) {
			t.Errorf("%q = %+v, %v, want %q", line, got, err, want)
		}
	}
}

func TestLetters(t *testing.T) {
	one := names("web")
	signal := func(s signals.Signal) Request { return Signal{Service: "web", Signal: s} }
	for letter, want := range map[byte]Request{
		'u': Start{Target: one}, 'd': Stop{Target: one}, 'o': Start{Target: one, Once: true},
		'p': Pause{one}, 'c': Continue{one}, 'r': Restart{Target: one}, 'x': Stop{Target: one},
		'h': signal(1), 'a': signal(14), 'i': signal(2), 'q': signal(3), '1': signal(10), '2': signal(12),
		't': signal(15), 'k': signal(9), 'b': signal(6), 'y': signal(28),
		'K': Signal{Service: "web", Signal: 9, Scope: config.Group}, '\n': nil, 0: nil,
	} {
		if got, err := Letter("web", letter); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q = %+v, %v, want %+v", letter, got, err, want)
		}
	}
	for _, letter := range []byte("QOlz?\xff") {
		if got, err := Letter("web", letter); got != nil || err == nil {
			t.Errorf("%q = %+v, %v", letter, got, err)
		}
	}
}

// examples has each kind of request.
var examples = []Request{
	Ping{},
	Status{},
	Status{Services: []string{"a", "b"}},
	Wait{Service: "a", For: Ready, Timeout: time.Second},
	Events{Limit: 3, Follow: true},
	Why{Service: "a"},
	Logs{Service: "a", Lines: 9, Follow: true},
	Logs{Services: []string{"a", "b"}},
	Start{Target: names("a"), Once: true, Await: true},
	Stop{Target: names("a")},
	Restart{Target: Target{All: true}},
	Reload{Target: names("a")},
	Reopen{names("a", "b")},
	Pause{names("a")},
	Continue{names("a")},
	Signal{Service: "a", Signal: 37, Value: value(-1 << 63), Scope: config.Group},
	Update{File: "/a", DryRun: true},
	Shutdown{},
	Shutdown{Now: true},
}

func TestJSON(t *testing.T) {
	for _, r := range examples {
		text, err := Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), `{"verb":"`+r.Verb()+`"`) {
			t.Errorf("%s", text)
		}
		if got, err := Unmarshal(text); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("%s = %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		``: "not a request", `[]`: "not a request", `null`: "unknown verb", `{"verb":"rm"}`: `unknown verb "rm"`,
		`{"verb":"stop"}`:                                            "name of a service is missing",
		`{"verb":"stop","services":["/"]}`:                           "cannot be the name",
		`{"verb":"stop","all":true,"services":["a"]}`:                "not both",
		`{"verb":"signal","service":"a","signal":"SIGHAP"}`:          "did you mean SIGHUP?",
		`{"verb":"signal","service":"a"}`:                            "signal is missing",
		`{"verb":"signal","service":"a","signal":"HUP","scope":"x"}`: `scope of a signal is main, group or tree, not "x"`,
		`{"verb":"wait","service":"a","for":"x"}`:                    "wait for up, ready or down",
		`{"verb":"logs","service":"a","lines":-1}`:                   "-1 is no count",
		`{"verb":"logs","services":["/"]}`:                           "cannot be the name",
		`{"verb":"update","file":"a"}`:                               "absolute path",
	} {
		_, err := Unmarshal([]byte(text))
		var failure *Failure
		if !errors.As(err, &failure) || failure.Code != Usage || !strings.Contains(failure.Text, want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestEveryVerb has each verb be known to all who have to know it.
func TestEveryVerb(t *testing.T) {
	missing := maps.Clone(verbs)
	for _, r := range examples {
		verb := r.Verb()
		delete(missing, verb)
		_, err := ParseLine(verb)
		if refused := err != nil && strings.Contains(err.Error(), "wants an answer"); refused == Changes(r) {
			t.Errorf("%s: it changes something: %v, as a line: %v", verb, Changes(r), err)
		}
		if err != nil && strings.Contains(err.Error(), "unknown") {
			t.Errorf("%s: %v", verb, err)
		}
		fields := reflect.ValueOf(r)
		one, some := fields.FieldByName("Service"), fields.FieldByName("Services")
		var want []string
		if some.IsValid() {
			want = some.Interface().([]string)
		}
		if one.IsValid() && want == nil {
			want = []string{one.String()}
		}
		if got := Names(r); !slices.Equal(got, want) {
			t.Errorf("%+v names %q", r, got)
		}
	}
	for verb := range missing {
		t.Errorf("there is no example of %s", verb)
	}
}

// FuzzLine holds that no line does harm, and that what it means can be said in JSON too.
func FuzzLine(f *testing.F) {
	for _, line := range []string{"restart web", "signal web RTMIN+3 42 tree", "update /a b", "shutdown now", "\x00", "start --all"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		r, err := ParseLine(line)
		if err != nil && len(err.Error()) > 600 {
			t.Errorf("the error repeats what was written: %d bytes", len(err.Error()))
		}
		if r == nil {
			return
		}
		if err != nil {
			t.Fatal("both a request and an error")
		}
		text, err := Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Unmarshal(text); err != nil || again.Verb() != r.Verb() {
			t.Errorf("%s: %+v, %v", text, again, err)
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"verb":"signal","service":"a","signal":"HUP","value":1}`))
	f.Add([]byte(`{"verb":"status","services":["a"]}`))
	for _, text := range plainly {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Unmarshal(text)
		if err == nil && r.validate() != nil {
			t.Error("a request that makes no sense came through")
		}
		checkPlain(t, text)
	})
}

// plainly are requests that are read without encoding/json, or just not.
var plainly = []string{
	`{"verb":"ping"}`,
	`{"verb":"status","services":["a","b"]}`,
	`{"verb":"start","services":["a"],"await":true,"once":true}`,
	`{"verb":"start","services":["a"],"await":true,"await":false,"services":["b"]}`,
	`{ "verb" : "stop" , "services" : [ "a" ] , "once" : true } `,
	`{"verb":"restart","services":["a"],"await":false}`,
	`{"verb":"reload","services":[],"await":true}`,
	`{"verb":"pause","services":["a"]}`,
	`{"verb":"continue","services":["a"]}`,
	`{"verb":"start","services":["a"],"Await":true}`,
	`{"verb":"start","services":["a"],"all":true}`,
	`{"verb":"start","services":["\u0061"]}`,
	"{\"verb\":\"start\",\"services\":[\"a\x7f\"]}",
	`{"verb":"start","services":null,"await":null}`,
	`{"verb":"start","services":["a"],"await":1}`,
	`{"verb":"start","services":["a"]}{`,
	`{"verb":"start","services":["a"],}`,
	`{"verb":"start","services":["a"`,
}

// TestPlain holds that what is read without encoding/json is what that reads.
func TestPlain(t *testing.T) {
	for _, text := range plainly {
		checkPlain(t, []byte(text))
	}
	if r, ok := plain("start", `{"verb":"start","services":["a"],"await":true}`); !ok || !reflect.DeepEqual(r, Start{Target: Target{Services: []string{"a"}}, Await: true}) {
		t.Errorf("what package plain sends is read as %+v, %v", r, ok)
	}
}

func checkPlain(t *testing.T, text []byte) {
	t.Helper()
	verb, err := verbOf(text)
	if err != nil {
		return
	}
	got, ok := plain(verb, string(text))
	if !ok {
		return
	}
	want, err := verbs[verb].read(text)
	if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("%s is read as %+v, want %+v, %v", text, got, want, err)
	}
}

// TestMarshalReply holds that replies are what encoding/json makes of them.
func TestMarshalReply(t *testing.T) {
	web, db := status.Service{Name: "web", State: "running", PID: 812}, status.Service{Name: "db", Exited: true}
	for _, r := range []Reply{
		{},
		{Text: "x"},
		{Services: []status.Service{web}},
		{Error: &Failure{Code: TimedOut, Text: "x"}, Dropped: 3, Services: []status.Service{web, db}},
	} {
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := MarshalReply(&r); err != nil || string(got) != string(want) {
			t.Errorf("%s, %v\nwant %s", got, err, want)
		}
	}
}
