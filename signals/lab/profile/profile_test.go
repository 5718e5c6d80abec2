package profile_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"supervise/config"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/lab/bench"
	"supervise/signals/lab/profile"
)

// holderRole is the first argument of a test binary that is to be a holder.
const holderRole = "holder-of-profile"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == holderRole {
		if err := bench.Serve(profile.Play); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(testproc.Run(m.Run))
}

// script is a program for tests: what it does first, and that it is ready.
func script(text string) []string {
	return []string{"/bin/sh", "-c", text + "\nsleep 60 &\necho ready\nwhile :; do wait; done"}
}

// TestProfile tries programs whose behaviour is known.
func TestProfile(t *testing.T) {
	for name, c := range map[string]struct {
		command []string
		limit   time.Duration
		probes  string
		want    map[string]string // what is seen, by probe
		service []string
	}{
		"a good one": {
			command: script("trap 'kill $!; exit 0' TERM; trap : HUP"), limit: time.Minute, probes: "start SIGTERM SIGUSR1 SIGTERM~as~PID~1",
			want:    map[string]string{"start": "runs", "SIGTERM": "caught ends exited with code 0", "SIGUSR1": "default ends killed by SIGUSR1 leaves", "SIGTERM as PID 1": "caught ends exited with code 0"},
			service: []string{`stop.signal = "SIGTERM" # it ended after `},
		},
		"reloads": {
			command: script("trap 'kill $!; exit 3' TERM; trap : HUP"), limit: 3 * time.Second, probes: "start SIGTERM SIGHUP",
			want:    map[string]string{"SIGHUP": "caught nothing seen"},
			service: []string{`restart.success = [0, "SIGTERM", 3]`, `forward = { SIGHUP = "SIGHUP" }`},
		},
		"executes itself": {
			command: []string{"/bin/sh", "-c", `trap 'exec /bin/sleep 60' HUP; echo ready; while :; do sleep 0.05; done`}, limit: 5 * time.Second, probes: "start SIGHUP",
			want: map[string]string{"SIGHUP": "caught executes itself anew"},
		},
		"leaves a child": {
			command: script(""), limit: time.Minute, probes: "start SIGTERM",
			want:    map[string]string{"SIGTERM": "default ends killed by SIGTERM leaves"},
			service: []string{`stop.ladder = [{ signal = "SIGTERM", scope = "group", timeout = "10s" }]`},
		},
		"only INT": {
			command: script("trap '' TERM; trap 'kill $!; kill -KILL $!; exit 0' INT"), limit: 2 * time.Second, probes: "start SIGTERM SIGINT",
			want:    map[string]string{"SIGTERM": "ignored nothing seen", "SIGINT": "caught ends exited with code 0"},
			service: []string{`stop.signal = "SIGINT"`},
		},
		"deaf": {
			command: script("trap '' TERM INT QUIT"), limit: time.Second, probes: "start SIGTERM SIGINT SIGQUIT SIGTERM~twice",
			want:    map[string]string{"SIGTERM twice": "ignored nothing seen"},
			service: []string{"SIGKILL does", `stop.timeout = "1s"`},
		},
		"a daemon": {
			command: []string{"/bin/sh", "-c", "echo ready; setsid sleep 60 & exit 0"}, limit: time.Second, probes: "start",
			want:    map[string]string{"start": "goes into the background exited with code 0 leaves"},
			service: []string{"# It goes into the background"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := try(t, c.command, c.limit, c.probes)
			for i := range p.Probes {
				one := &p.Probes[i]
				if want, ok := c.want[one.Name]; ok && !skips(one) && seen(one) != want {
					t.Errorf("%s: %q, want %q (%s)", one.Name, seen(one), want, one.Error)
				}
			}
			text := p.Service("it")
			if _, err := config.Parse("x.toml", []byte(text), nil); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
			for _, want := range c.service {
				if !strings.Contains(text, want) {
					t.Errorf("it lacks %q:\n%s", want, text)
				}
			}
		})
	}
}

func try(t *testing.T, command []string, limit time.Duration, names string) *profile.Profile {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := &profile.Options{Command: command, Ready: "^ready$", Within: time.Minute, Limit: limit, Repeat: 1, Probes: strings.Fields(names)}
	for i, name := range o.Probes {
		o.Probes[i] = strings.ReplaceAll(name, "~", " ")
	}
	p, err := profile.Run(t.Context(), []string{self, holderRole}, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Probes) != len(o.Probes) {
		t.Fatalf("%d probes of %d", len(p.Probes), len(o.Probes))
	}
	for i := range p.Probes {
		if p.Probes[i].Signals == nil {
			t.Errorf("%s: its signals are null in JSON", p.Probes[i].Name)
		}
	}
	return p
}

// skips reports whether it cannot be tried by this user.
func skips(p *profile.Probe) bool { return p.Init && strings.Contains(p.Error, "cannot be PID 1") }

func seen(p *profile.Probe) string {
	text := p.Disposition + " " + string(p.Effect)
	if p.Exit != nil {
		text += " " + strings.TrimSuffix(p.Exit.String(), ", core dumped")
	}
	if len(p.Left) > 0 {
		text += " leaves"
	}
	return strings.TrimSpace(text)
}

// TestService: the table is valid whatever the command is, and what was seen.
func TestService(t *testing.T) {
	for _, effect := range []profile.Effect{profile.Ends, profile.Nothing, profile.Daemon} {
		for _, left := range [][]string{nil, {"a\nb\x1b"}} {
			for _, name := range []string{"web", "a b", "ä", `"`} {
				p := profile.Profile{Command: []string{"x\"\\\n\x01", "ä", ""}, Probes: []profile.Probe{
					{Name: "start", Effect: effect}, {Name: "SIGTERM", Signals: []signals.Signal{signals.SIGTERM}, Effect: effect, Left: left, Took: time.Hour, Exit: &signals.Exit{Code: 143}},
				}}
				text := p.Service(name)
				_, err := config.Parse("x.toml", []byte(text), nil)
				if err != nil && !strings.Contains(err.Error(), "name") {
					t.Errorf("%v\n%s", err, text)
				}
			}
		}
	}
}

// TestJSON: scripts rely on the names.
func TestJSON(t *testing.T) {
	text, err := json.Marshal(profile.Probe{Name: "SIGTERM", Signals: []signals.Signal{signals.SIGTERM}, Effect: profile.Ends, Exit: &signals.Exit{Signal: signals.SIGTERM}})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"probe":"SIGTERM","signals":["SIGTERM"],"delay_ns":0,"effect":"ends","took_ns":0,"exit":{"code":0,"signal":"SIGTERM"}}`; string(text) != want {
		t.Errorf("it is %s", text)
	}
}
