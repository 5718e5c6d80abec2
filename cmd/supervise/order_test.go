package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// marks is a service that says in a file when it starts and when it is asked to end.
func marks(name, keys string) string {
	return "[service." + name + "]\ncommand = [\"sh\", \"-c\", 'sleep 1000 & trap \"kill $!; echo -" + name + " >>$DIR/order; exit 0\" TERM; echo +" + name +
		" >>$DIR/order; wait']\n" + keys
}

// stack is a web server and what it needs, in the worst order. "cache" is only wanted, and does not
// exist.
var stack = marks("web", "requires = [\"app\"]\nwants = [\"cache\"]\nup-after = \"0s\"\n") +
	marks("app", "requires = { db = { until = \"started\" } }\nmilestone = [\"migrate\"]\nup-after = \"50ms\"\n") +
	"[service.migrate]\ntype = \"once\"\nrequires = [\"db\"]\ncommand = [\"sh\", \"-c\", 'echo +migrate >>$DIR/order']\n" +
	marks("db", "startup = \"disabled\"\nup-after = \"50ms\"\n") +
	"[service.cache]\ncommand = \"/nonexistent/cache\"\n"

// taken returns what the services have said in their file since the last time, when it ends as it
// should; or else what they have said after a while.
func (s *supervised) taken(t *testing.T, last string) string {
	t.Helper()
	file := filepath.Join(s.dir, "order")
	said := ""
	for deadline := time.Now().Add(patience / 4); !strings.HasSuffix(said, last) && time.Now().Before(deadline); time.Sleep(time.Millisecond) { // nothing tells
		text, _ := os.ReadFile(file)
		said = strings.Join(strings.Fields(string(text)), " ")
	}
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	return said
}

// TestOrder has services that need each other start and stop in their order, by every command.
func TestOrder(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, stack, as)
		expect := func(what, want string) {
			t.Helper()
			if got := s.taken(t, want); got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		s.must(t, "wait", "--for", "up", "web")
		expect("the start", "+db +migrate +app +web")
		if state := s.state(t, "migrate"); state != "done" {
			t.Errorf("migrate is %s", state)
		}

		out := s.must(t, "stop", "db")
		expect("a stop", "-web -app -db")
		if !strings.Contains(out, `db: stops after "app"`) || !strings.Contains(out, "db: is down") {
			t.Errorf("a stop says: %s", out)
		}
		if web := s.status(t, "web"); web.State != "waiting" || web.Wanted != "up" || web.Awaits != `"app" (waiting)` {
			t.Errorf("without db web is %+v", web)
		}
		if out, code := s.run(t, "status", "web"); code != 3 || !strings.Contains(out, `"app" (waiting)`) {
			t.Errorf("status: %d, %s", code, out)
		}
		if out := s.must(t, "why", "web"); !strings.Contains(out, "stop") || !strings.Contains(out, "db") {
			t.Errorf("why web waits: %s", out)
		}

		s.must(t, "start", "db")
		s.must(t, "wait", "--for", "up", "web")
		expect("a start of what it needs", "+db +app +web")

		s.must(t, "stop", "web", "db")
		expect("a stop of both ends", "-web -app -db")
		s.must(t, "start", "web")
		expect("a start with what it needs", "+db +app +web")
		if out, code := s.run(t, "restart", "--all"); code == 0 || !strings.Contains(out, "cache: is failed") {
			t.Errorf("restart --all: %d, %s", code, out)
		}
		if got := s.taken(t, "+web"); !strings.HasPrefix(got, "-web -app -db ") || !strings.HasSuffix(got, " +web") {
			t.Errorf("a restart: %s", got)
		}
		s.stop(t, syscall.SIGTERM)
		expect("a shutdown", "-web -app -db")
	})
}

// TestLostAndFound has a service fail, and those that wait for it found by it when it comes back,
// as nobody has ever commanded anything of them.
func TestLostAndFound(t *testing.T) {
	t.Parallel()
	config := marks("web", "requires = [\"db\"]\n") +
		"[service.db]\ncommand = [\"sh\", \"-c\", 'test -e $DIR/disk || exit 3; exec sleep 1000']\nrestart = { limit = 1, delay = \"1ms\" }\nup-after = \"0s\"\n"
	s := prepare(t, entryBuild, config)
	disk := writeFile(t, filepath.Join(s.dir, "disk"), "")
	s.launch(t)
	s.await("the start", says("", "supervise starts"))
	s.must(t, "wait", "--for", "up", "web")
	if err := os.Remove(disk); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.status(t, "db").PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.await("db to fail", says("db", "given up"))
	s.await("web to wait", says("web", "waits for \"db\" (failed)"))
	if out, code := s.run(t, "start", "web"); code == 0 || !strings.Contains(out, `waits for "db"`) {
		t.Errorf("started without what it needs: %d, %s", code, out)
	}
	writeFile(t, disk, "")
	s.must(t, "start", "db")
	s.must(t, "wait", "--for", "up", "web")
	s.stop(t, syscall.SIGTERM)
}

// TestGraphOfRunning has the graph of a supervisor that runs, with states.
func TestGraphOfRunning(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, stack)
	s.must(t, "wait", "--for", "up", "web")
	if out := s.must(t, "graph"); !strings.Contains(out, "4     web      run   running  requires app, wants cache\n") || !strings.Contains(out, "migrate  once  done ") {
		t.Errorf("%s", out)
	}
	if out := s.must(t, "graph", "--format", "dot"); !strings.Contains(out, `"web" -> "app"`) {
		t.Errorf("%s", out)
	}
	s.stop(t, syscall.SIGTERM)
}
