package scenario_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervise/internal/testproc"
	"supervise/signals/lab/bench"
	"supervise/signals/lab/scenario"
)

// holderRole is the first argument of a test binary that is to be a holder.
const holderRole = "holder-of-scenario"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == holderRole {
		if err := bench.Serve(scenario.Play); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	testproc.Role("subject", subject)
	os.Exit(testproc.Run(m.Run))
}

// play plays a scenario with a subject.
func play(t *testing.T, s *scenario.Scenario, flaws ...string) *scenario.Result {
	t.Helper()
	if s.Environment == nil {
		s.Environment = map[string]string{}
	}
	s.Environment[testproc.RoleVariable] = "subject"
	return run(t, s, testproc.Argv(t, flaws...)...)
}

func run(t *testing.T, s *scenario.Scenario, command ...string) *scenario.Result {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return scenario.Run(t.Context(), []string{self, holderRole}, s, command, nil)
}

func shipped(t *testing.T, name string) *scenario.Scenario {
	t.Helper()
	file := filepath.Join("../../../docs/scenarios", name)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse(file, data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// failed are the checks of a result that failed, in words.
func failed(r *scenario.Result) string {
	var all []string
	for _, c := range r.Checks() {
		if !c.OK {
			all = append(all, c.Name+": "+c.Seen)
		}
	}
	return strings.Join(all, "\n")
}

// TestShipped plays each shipped scenario with a program that does what it should, and with
// those that do not.
func TestShipped(t *testing.T) {
	files, err := filepath.Glob("../../../docs/scenarios/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no scenarios", err)
	}
	bad := map[string]map[string]string{ // by scenario and flaw: what fails
		"stop.toml": {
			"does not stop":    "stopped within",
			"exits with 3":     "exit: 0 or SIGTERM: it exited with code 3",
			"zombies":          "all children reaped: it does not wait for sh",
			"leaves its child": "all children reaped: it leaves sleep",
		},
		"pid1.toml":        {"does not stop": "stopped within", "zombies": "does not wait for sh"},
		"early.toml":       {"deaf at first": "no signal lost while starting: nothing came of SIGHUP"},
		"burst.toml":       {"dies of HUP": "still running: the program has ended: it exited with code 1", "forgetful": "output: caught", "panics": `no output: (?i)panic|traceback: it wrote "panic"`},
		"storm.toml":       {"loses values": "every payload seen: "},
		"overflow.toml":    {"loses values": "every payload seen: "},
		"suspended.toml":   {"forgetful": "wait for output caught (SIG)?HUP: not within"},
		"hangup.toml":      {"stays": "stopped within"},
		"slow-reader.toml": {"writes itself": "stopped within"},
		"inherited.toml":   {"does not stop": "stopped within"},
	}
	for _, file := range files {
		name := filepath.Base(file)
		if len(bad[name]) == 0 {
			t.Errorf("%s was not seen failing", name)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := play(t, shipped(t, name))
			if skipInit(t, r) {
				return
			}
			if !r.OK {
				t.Errorf("a good program fails:\n%s\n%s", failed(r), r.Rounds[0].Output)
			}
			for flaw, want := range bad[name] {
				s := shipped(t, name)
				short(s)
				if got := failed(play(t, s, flaw)); !strings.Contains(got, want) {
					t.Errorf("one that %q fails with %q, want %q", flaw, got, want)
				}
			}
		})
	}
}

// TestReapedAlive: a program that lives has reaped its children if it was not asked to end and
// has no zombies; but nothing is known of that after a step that failed.
func TestReapedAlive(t *testing.T) {
	for _, row := range []struct {
		what, scenario, want string
	}{
		{"a step takes too long", "[[step]]\nwait-output = \"never\"\nwithin = \"50ms\"", "the steps behind the one that failed were left out"},
		{"and it is to go on", "[[step]]\nwait-output = \"never\"\nwithin = \"50ms\"\n[expect]\nrunning = true", "the steps behind the one that failed were left out"},
		{"its output is closed", "[[step]]\nreading = \"close\"", "all children reaped: it has not ended"},
		{"it is asked nothing", "[[step]]\nwait-time = \"1ms\"", ""},
		{"it goes on", "[[step]]\nreading = \"close\"\n[expect]\nrunning = true", ""},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			text := "timeout = \"500ms\"\n" + row.scenario + "\n"
			if !strings.Contains(text, "[expect]") {
				text += "[expect]\n"
			}
			s, err := scenario.Parse("x.toml", []byte(text+"reaped = true\n"))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range run(t, s, "/bin/sleep", "60").Checks() {
				if c.Name == "all children reaped" && (c.OK != (row.want == "") || !strings.Contains(c.Name+": "+c.Seen, row.want)) {
					t.Errorf("%+v, want %q", c, row.want)
				}
			}
		})
	}
}

// short makes a scenario that is to fail one that does so soon.
func short(s *scenario.Scenario) {
	if s.Expect.StoppedWithin != nil {
		*s.Expect.StoppedWithin = 1500 * 1e6
	}
	if s.Repeat > 1 {
		s.Repeat = 2
	}
	for i := range s.Steps {
		if s.Steps[i].Kind == scenario.WaitOutput && i > 0 {
			s.Steps[i].Within = 1e9
		}
	}
}

// skipInit skips a test that takes a PID namespace, where there is none.
func skipInit(t *testing.T, r *scenario.Result) bool {
	t.Helper()
	if len(r.Rounds) > 0 && strings.Contains(r.Rounds[0].Error, "cannot be PID 1") {
		t.Skip(r.Rounds[0].Error)
	}
	return false
}

// TestEnds: whatever a program does, it ends with the scenario, and is told of.
func TestEnds(t *testing.T) {
	for name, c := range map[string]struct{ text, command, want string }{
		"it hangs":       {"timeout = \"500ms\"\n[[step]]\nwait-exit = true\n[expect]\nrunning = true", "trap '' TERM INT; sleep 60 & setsid sleep 60", "not within the 500ms"},
		"it ends early":  {"[[step]]\nwait-output = 'x'\n[expect]\nrunning = true", "exit 4", "the output has ended without it; the program has ended: it exited with code 4"},
		"nobody to send": {"[[step]]\nwait-exit = true\n[[step]]\nsignal = 'TERM'\n[expect]\nstopped-within = '1s'", "kill -USR1 $$", "there is nobody to send it to; the program has ended: it was killed by SIGUSR1"},
		"no socket":      {"[[step]]\nwait-socket = '/nowhere/x'\nwithin = '200ms'\n[expect]\nrunning = true", "sleep 60", "not within 200ms"},
		"no output":      {"[expect]\noutput = 'x'", "echo y", "output: x: not among the 2 bytes"},
		"it writes":      {"[expect]\noutput = 'x{900}'\nno-output = 'y'", "printf %01000d 0 | tr 0 x; echo y", `no output: y: it wrote "y"`},
		"a killed one":   {"[[step]]\nsignal = 'KILL'\n[expect]\nstopped-within = '5s'", "sleep 60", "by SIGKILL"},
		"nothing sent":   {"pending-limit = 0\n[[step]]\nsignal = '40'\nvalue = 1\n[expect]\npayloads = '(x)'", "sleep 60", "none was sent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := scenario.Parse("x.toml", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			r := run(t, s, "/bin/sh", "-c", c.command)
			if r.OK || !strings.Contains(failed(r), c.want) {
				t.Errorf("it fails with %q, want %q", failed(r), c.want)
			}
		})
	}
}

// TestNoProgram: a program that is not there is told of.
func TestNoProgram(t *testing.T) {
	s := shipped(t, "stop.toml")
	r := run(t, s, "/nowhere/server")
	if got := failed(r); r.OK || !strings.Contains(got, "the scenario can be played: cannot start it: ") || !strings.Contains(got, "/nowhere/server") {
		t.Errorf("it fails with %q", got)
	}
}

// TestCancelled: a trial ends when its context does.
func TestCancelled(t *testing.T) {
	s, err := scenario.Parse("x.toml", []byte("[[step]]\nwait-exit = true\nwithin = '1m'\n[expect]\nrunning = true"))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.Steps = append([]scenario.Step{{Kind: scenario.WaitTime}}, s.Steps...)
	r := scenario.Run(ctx, []string{self, holderRole}, s, []string{"/bin/sleep", "60"}, func(int, scenario.Check) { cancel() })
	if r.OK || !strings.Contains(failed(r), "context canceled") {
		t.Errorf("it fails with %q", failed(r))
	}
}

// TestJUnit: the result can be read as XML, whatever a program has written.
func TestJUnit(t *testing.T) {
	result := &scenario.Result{Name: `a "b" <c>`, File: "x.toml", Command: []string{"x\x01"}, Rounds: []scenario.Round{
		{OK: true, Checks: []scenario.Check{{Name: "one", OK: true}, {Name: "two", OK: true}}},
		{Checks: []scenario.Check{{Name: "one", OK: true}, {Name: "two", Seen: "<x>"}}, Output: "\x1b[1m\x00]]>"},
	}}
	var text bytes.Buffer
	if err := scenario.WriteJUnit(&text, []*scenario.Result{result}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`tests="2" failures="1"`, `message="&lt;x&gt; (1 of 2 runs)"`, `<testcase classname="a &#34;b&#34; &lt;c&gt;" name="one"></testcase>`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("it lacks %s:\n%s", want, text.String())
		}
	}
	for d := xml.NewDecoder(&text); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
