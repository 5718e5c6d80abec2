package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/supervisor/board"
	"supervise/supervisor/control/request"
)

// rewrite gives a supervise run another configuration of services.
func (s *supervised) rewrite(t *testing.T, config string) {
	t.Helper()
	config = strings.ReplaceAll(config, "$DIR", s.dir)
	writeFile(t, filepath.Join(s.dir, "test.toml"), withRuntime(s.runtime, config))
}

// shown are the names of the services, as status, board and FIFOs have them.
func (s *supervised) shown(t *testing.T) (status, onBoard, fifos string) {
	t.Helper()
	for _, service := range s.call(t, request.Status{}).Services {
		status += service.Name + " "
	}
	b, err := board.Open(s.runtime)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, slot := range b.Snapshot(nil) {
		if slot.Name != "" {
			onBoard += slot.Name + " "
		}
	}
	names, _ := filepath.Glob(filepath.Join(s.runtime, "services/*/control"))
	for _, name := range names {
		fifos += filepath.Base(filepath.Dir(name)) + " "
	}
	return status, onBoard, fifos
}

const sleeper = "command = \"sleep 1000\"\n"

// TestUpdate goes through what an update can change. What it does not change keeps its
// process.
func TestUpdate(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		const (
			same = "[service.same]\n" + sleeper
			live = "[service.live]\n" + sleeper
			anew = "[service.anew]\n" + sleeper
			gone = "[service.gone]\n" + sleeper
			down = "[service.down]\nstartup = \"disabled\"\n" + sleeper
		)
		s := start(t, entryBuild, same+live+anew+gone+down, as)
		pids := map[string]int{}
		for _, name := range []string{"same", "live", "anew", "gone"} {
			pids[name] = s.awaitRunning(t, name)
		}
		check := func(step string, names string, kept ...string) {
			t.Helper()
			for _, name := range kept {
				if pid := s.awaitRunning(t, name); pid != pids[name] {
					t.Errorf("%s: %s has pid %d and had %d", step, name, pid, pids[name])
				}
			}
			status, onBoard, fifos := s.shown(t)
			if status != names || onBoard != names {
				t.Errorf("%s: status %q, board %q, want %q", step, status, onBoard, names)
			}
			for deadline := time.Now().Add(patience / 4); len(strings.Fields(fifos)) != len(strings.Fields(names)); _, _, fifos = s.shown(t) {
				if time.Now().After(deadline) { // nothing tells when they are made
					t.Fatalf("%s: FIFOs of %q, want %q", step, fifos, names)
				}
			}
		}
		const before = "same live anew gone down "
		check("nothing", before, "same", "live", "anew", "gone")

		after := same + live + "stop.timeout = \"3s\"\n" + anew + "umask = \"077\"\n" + strings.ReplaceAll(gone, "gone", "renamed") + down + "umask = \"077\"\n"
		s.rewrite(t, after)
		plan := s.must(t, "update", "--dry-run")
		for _, text := range []string{`restart service "anew": umask`, `change service "live" while it runs: stop.ladder`, `remove service "gone"`, `add service "renamed"`, `"live"`, `"down"`} {
			if !strings.Contains(plan, text) {
				t.Errorf("the plan lacks %s:\n%s", text, plan)
			}
		}
		check("a dry run", before, "same", "live", "anew", "gone")

		for name, wrong := range map[string]string{
			"an unknown key":   after + "[service.x]\ncomand = \"true\"\n",
			"no TOML":          after + "[",
			"an unknown user":  after + "[service.x]\ncommand = \"true\"\nuser = \"nobody-of-this-name\"\n",
			"nothing to write": after + "[service.x]\ncommand = \"true\"\nlog.file = \"$DIR/none/such/log\"\n",
		} {
			s.rewrite(t, wrong)
			if out, code := s.run(t, "update"); code == 0 {
				t.Errorf("%s is no error: %s", name, out)
			}
			check(name, before, "same", "live", "anew", "gone")
		}

		s.rewrite(t, after)
		if got := s.must(t, "update", "--no-wait"); got != plan {
			t.Errorf("the plan was %q, and is %q", plan, got)
		}
		s.await("the keys", func(l line) bool {
			return says("", "the configuration is updated")(l) && strings.Contains(l.raw, `live`) && strings.Contains(l.raw, `"keys":["stop.ladder"]`)
		})
		renamed := s.awaitRunning(t, "renamed")
		awaitGone(t, pids["gone"])
		awaitGone(t, pids["anew"])
		s.awaitRunning(t, "anew")
		if marked(s.sandbox.mark, "SUPERVISE_SERVICE=gone") != nil {
			t.Error("something of a service that was removed is left")
		}
		s.awaitNames(t, "same live anew down renamed ")
		check("an update", "same live anew down renamed ", "same", "live")
		if state := s.status(t, "down").State; state != "stopped" {
			t.Errorf("down is %s", state)
		}
		if out := s.must(t, "update"); !strings.Contains(out, "nothing to change") {
			t.Errorf("again: %s", out)
		}
		if out, code := s.run(t, "status", "gone"); code != 4 {
			t.Errorf("status of what was removed: %d: %s", code, out)
		}

		// The other way, and by another file.
		other := filepath.Join(s.dir, "other.toml")
		s.rewrite(t, same+gone)
		if err := os.Rename(filepath.Join(s.dir, "test.toml"), other); err != nil {
			t.Fatal(err)
		}
		s.must(t, "update", "--no-wait", other)
		awaitGone(t, renamed)
		s.awaitRunning(t, "gone")
		s.awaitNames(t, "same gone ")
		check("another file", "same gone ", "same")
		s.stop(t, syscall.SIGTERM)
	})
}

// awaitNames waits until status lists these services, as those that are removed have to go
// first.
func (s *supervised) awaitNames(t *testing.T, names string) {
	t.Helper()
	events := s.follow(t)
	for {
		status, _, _ := s.shown(t)
		if status == names {
			return
		}
		events.await("what is removed is gone, of "+status, func(request.Event) bool { return true })
	}
}

// TestUpdateWhileStopping removes a service that does not want to go, and wants it back in
// the meantime; then it updates while everything is shutting down.
func TestUpdateWhileStopping(t *testing.T) {
	t.Parallel()
	stubborn := "[service.deaf]\nstop.timeout = \"60s\"\n" + deaf
	s := start(t, entryBuild, "[service.web]\n"+sleeper+stubborn)
	web := s.awaitRunning(t, "web")
	s.await("it is ready", wrote("deaf", "ready"))
	s.rewrite(t, "[service.web]\n"+sleeper)
	s.must(t, "update", "--no-wait")
	s.awaitState(t, "deaf", "stopping")
	s.rewrite(t, "[service.web]\n"+sleeper+stubborn)
	s.must(t, "update", "--no-wait")
	s.killAll(t, "deaf")
	s.await("it is ready again", wrote("deaf", "ready"))
	if again := s.awaitRunning(t, "web"); again != web {
		t.Error("web was restarted")
	}
	s.signal(t, syscall.SIGTERM)
	s.awaitState(t, "deaf", "stopping")
	s.rewrite(t, "[service.web]\n"+sleeper+"[service.new]\n"+sleeper)
	if out, code := s.run(t, "update"); code != 1 || !strings.Contains(out, "a shutdown has begun") {
		t.Errorf("update in a shutdown: status %d: %s", code, out)
	}
	s.signal(t, syscall.SIGQUIT)
	if lines := s.end(t); count(lines, up("new")) > 0 {
		t.Error("a service was started in a shutdown")
	}
}
