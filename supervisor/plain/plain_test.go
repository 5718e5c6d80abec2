//go:build linux && (amd64 || arm64)

package plain

import (
	"strings"
	"testing"
	"unsafe"

	"supervise/internal/text"
	"supervise/signals"
	"supervise/supervisor/control/request"
)

// none is an empty environment.
var none [1]*byte

// line reads a command line.
func line(args ...string) (c *command, ok bool) {
	c = &command{environ: unsafe.Pointer(&none)}
	return c, known(args[0]) && c.read(args[0], args[1:])
}

// TestRead takes plain command lines, and leaves all others.
func TestRead(t *testing.T) {
	for _, test := range []struct {
		args  string
		dir   string
		names string
	}{
		{"status", "", ""},
		{"status web db", "", "web db"},
		{"status --runtime-dir /r web --board", "/r", "web"},
		{"status --runtime-dir=/r", "/r", ""},
		{"start web --runtime-dir r", "r", "web"},
		{"reload web", "", "web"},
		{"pause web", "", "web"},
		{"continue a b c", "", "a b c"},
		{"signal web USR1", "", "web USR1"},
		{"version", "", ""},
	} {
		c, ok := line(strings.Fields(test.args)...)
		if names := strings.Join(c.names[:c.count], " "); !ok || c.dir != test.dir || names != test.names {
			t.Errorf("%s: %v, %q, %q", test.args, ok, c.dir, names)
		}
	}
	for _, args := range []string{
		"status --watch", "status -w", "status --format=json", "status --help", "status --runtime-dir", "status --runtime-dirs=x", "status -- web",
		"status w\"eb", "status w\\eb", "status w<eb", "status äb", "start", "start --all", "stop", "start --board web", "signal web", "signal web RTMIN 4",
		"version --format json", "version --runtime-dir x", "version --runtime-dir=", "help status", "run x", "wait web", "shutdown",
		"status" + strings.Repeat(" x", mostNames+1),
	} {
		if c, ok := line(strings.Fields(args)...); ok {
			t.Errorf("%s is plain: %q", args, c.names[:c.count])
		}
	}
	if _, ok := line("status", ""); ok {
		t.Error("an empty name is plain")
	}
	entry := append([]byte("SUPERVISE_NUCLEUS=off"), 0)
	off := [...]*byte{&entry[0], nil}
	if c := (&command{environ: unsafe.Pointer(&off)}); c.read("status", nil) {
		t.Error("it is not off")
	}
}

// TestRequest writes what package request does, so that package client goes on with it.
func TestRequest(t *testing.T) {
	two := request.Target{Services: []string{"web", "db"}}
	for args, want := range map[string]request.Request{
		"start web db":       request.Start{Target: two, Await: true},
		"stop web db":        request.Stop{Target: two, Await: true},
		"restart web db":     request.Restart{Target: two, Await: true},
		"reload web db":      request.Reload{Target: two, Await: true},
		"pause web db":       request.Pause{Target: two},
		"continue web db":    request.Continue{Target: two},
		"signal web usr1":    request.Signal{Service: "web", Signal: signals.SIGUSR1},
		"signal web 40":      request.Signal{Service: "web", Signal: 40},
		"signal web RTMAX-1": request.Signal{Service: "web", Signal: 63},
	} {
		c, ok := line(strings.Fields(args)...)
		b := text.NewBuffer(make([]byte, 1000))
		wanted, err := request.Marshal(want)
		if !ok || !c.request(&b) || err != nil || string(b.Bytes()) != string(wanted) {
			t.Errorf("%s: %s, %v\nwant %s", args, b.Bytes(), err, wanted)
		}
	}
	c, _ := line("signal", "web", "x")
	if b := text.NewBuffer(make([]byte, 1000)); c.request(&b) {
		t.Error("there is a signal x")
	}
}

// TestTell words answers, and leaves those that have more.
func TestTell(t *testing.T) {
	event := `{"events":[{"id":1,"by":{"pid":1,"name":"{\"x"},"service":"a","kind":"k","text":"begins"}]}`
	for _, test := range []struct {
		verb, answer, want string
		code               int
	}{
		{"start", `{"outcomes":[{"service":"a","ok":true,"result":"up","text":"is up"},{"service":"b","ok":true,"result":"up"}]}`, "a: is up\nb: up\n", 0},
		{"start", `{"outcomes":[{"service":"a","ok":false,"result":"down"},{"service":"b","ok":true}]}`, "a: down\nb: \n", 1},
		{"start", event, "a: begins\n", 0},
		{"pause", event, "", 0},
	} {
		c, code := &command{verb: test.verb}, 0
		b := text.NewBuffer(make([]byte, 1000))
		if ok := c.tell(test.answer, &b, &code); !ok || string(b.Bytes()) != test.want || code != test.code {
			t.Errorf("%s: %v, %q, %d", test.answer, ok, b.Bytes(), code)
		}
	}
	for _, answer := range []string{
		``, `{`, `[]`, `{"text":"x"}`, `{"error":{"code":"failed"}}`, `{"outcomes":[{"service":"a","ok":true,"lines":["x"]}]}`,
		`{"outcomes":[{"service":"a","text":"\u0041"}]}`, `{"outcomes":[{"service":"ä","text":"x"}]}`, `{"events":[{"service":"a","lines":["x"],"kind":"lines"}]}`,
		`{"outcomes":[{"service":"a","text":"x"}],"dropped":1}`, `{"outcomes":[{"service":"` + strings.Repeat("x", 1000) + `","ok":true}]}`,
	} {
		b, code := text.NewBuffer(make([]byte, 1000)), 0
		if (&command{verb: "start"}).tell(answer, &b, &code) {
			t.Errorf("%s is plain: %q", answer, b.Bytes())
		}
	}
}
