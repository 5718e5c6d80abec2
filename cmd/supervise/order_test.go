package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// said waits until the services have said some words in their file, and returns and forgets all that
// they have said; or what that is after a while.
func (s *supervised) said(t *testing.T, words ...string) string {
	t.Helper()
	file := filepath.Join(s.dir, "order")
	var all []string
	missing := func() bool {
		text, _ := os.ReadFile(file)
		all = strings.Fields(string(text))
		return slices.ContainsFunc(words, func(word string) bool { return !slices.Contains(all, word) })
	}
	for deadline := time.Now().Add(patience); missing(); time.Sleep(time.Millisecond) { // nothing tells
		if time.Now().After(deadline) {
			t.Errorf("%v, want %v", all, words)
			break
		}
	}
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

// taken is said for words in this order.
func (s *supervised) taken(t *testing.T, want string) string {
	t.Helper()
	return s.said(t, strings.Fields(want)...)
}

// startTime is when a process was started, in clock ticks: proc_pid_stat(5), field 22.
func startTime(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	ticks, err := strconv.Atoi(strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))[19])
	if err != nil {
		t.Fatal(err)
	}
	return ticks
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
		// What shells say when they have started is in any order: when they were is the kernel's to say.
		started := func(what string) {
			t.Helper()
			s.said(t, "+db", "+app", "+web")
			db, app, web := startTime(t, s.status(t, "db").PID), startTime(t, s.status(t, "app").PID), startTime(t, s.status(t, "web").PID)
			if db > app || app > web {
				t.Errorf("%s: db was started at %d, app at %d, web at %d", what, db, app, web)
			}
		}
		s.must(t, "wait", "--for", "up", "web")
		started("the start")
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
		started("a start of what it needs")

		s.must(t, "stop", "web", "db")
		expect("a stop of both ends", "-web -app -db")
		s.must(t, "start", "web")
		started("a start with what it needs")
		if out, code := s.run(t, "restart", "--all"); code == 0 || !strings.Contains(out, "cache: is failed") {
			t.Errorf("restart --all: %d, %s", code, out)
		}
		if got := s.said(t, "+db", "+app", "+web"); !strings.HasPrefix(got, "-web -app -db ") {
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
