package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/signals"
	"supervise/supervisor/control/request"
)

// TestSignalRules commands a supervise run by signals, of which the log says who sent them.
func TestSignalRules(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[signals]
"SIGRTMIN+1" = { start = "worker" }
"SIGRTMIN+2" = { stop = ["worker", "other"] }
"SIGRTMIN+3" = { restart = "worker" }
"SIGRTMIN+4" = { reload = "worker" }
"SIGRTMIN+5" = { pause = "worker" }
"SIGRTMIN+6" = { continue = "worker" }
"SIGRTMIN+7" = { restart = true, service-from-value = true }

[service.worker]
command = ["sh", "-c", 'trap "echo reloaded" USR2; echo ready; while :; do read x <$DIR/never; done']
reload = "SIGUSR2"
startup = "disabled"

[service.other]
command = "sleep 1000"
`, withFIFO(t, "never"))
	self := "pid " + strconv.Itoa(os.Getpid()) + " ("
	other := s.awaitRunning(t, "other")

	s.queue(t, signals.SIGRTMIN+1, 0)
	first := s.awaitRunning(t, "worker")
	s.await("it is ready", wrote("worker", "ready"))
	s.queue(t, signals.SIGRTMIN+4, 0)
	s.await("it reloads", wrote("worker", "reloaded"))
	chained(t, s.history(t), "came: SIGRTMIN+4", "reload asked for by SIGRTMIN+4 from "+self, "sent SIGUSR2 from "+self)
	s.queue(t, signals.SIGRTMIN+5, 0)
	s.awaitState(t, "worker", "paused")
	chained(t, s.history(t), "came: SIGRTMIN+5", "SIGSTOP sent to ")
	s.queue(t, signals.SIGRTMIN+6, 0)
	s.awaitState(t, "worker", "running")
	s.queue(t, signals.SIGRTMIN+3, 0)
	s.await("it is ready again", wrote("worker", "ready"))
	if again := s.awaitRunning(t, "worker"); again == first {
		t.Errorf("worker has pid %d still", again)
	}
	inOrder(t, s.why(t, "worker"), "came: SIGRTMIN+3 with value 0 from "+self, `whose rule is { restart = "worker" }`,
		"restart asked for by SIGRTMIN+3 from "+self, "to stop it: sent SIGTERM", "killed by SIGTERM", "started, pid ")
	chained(t, s.call(t, request.Why{Service: "worker"}).Events, "came: SIGRTMIN+3", "restart asked for by SIGRTMIN+3", "to stop it: sent SIGTERM")
	chained(t, s.call(t, request.Why{Service: "worker"}).Events, "came: SIGRTMIN+3", "restart asked for by SIGRTMIN+3", "killed by SIGTERM")

	// The place in the list of status, from 0.
	s.queue(t, signals.SIGRTMIN+7, 1)
	s.rewind()
	s.await("other is up", up("other"))
	s.await("other is restarted", up("other"))
	if again := s.awaitRunning(t, "other"); again == other {
		t.Errorf("other has pid %d still", again)
	}
	for _, value := range []uint64{2, 1 << 40, ^uint64(0)} {
		s.queue(t, signals.SIGRTMIN+7, value)
		s.await("that is no service", says("", "SIGRTMIN+7"))
	}
	s.signal(t, syscall.Signal(signals.SIGRTMIN+7)) // without a value
	s.await("that is none either", says("", "SIGRTMIN+7"))

	s.queue(t, signals.SIGRTMIN+2, 0)
	s.awaitState(t, "worker", "stopped")
	s.awaitState(t, "other", "stopped")
	s.queue(t, signals.SIGRTMIN+4, 0)
	s.await("what is down cannot reload", says("worker", "cannot reload: the service does not run"))
	s.stop(t, syscall.SIGTERM)
}

// chained fails the test unless there is an event that begins with the last of these
// texts, whose cause begins with the one before, and so on, up to the first, which this
// process has sent.
func chained(t *testing.T, events []request.Event, texts ...string) {
	t.Helper()
	byID := map[uint64]request.Event{}
	for _, e := range events {
		byID[e.ID] = e
	}
	if !slices.ContainsFunc(events, func(e request.Event) bool {
		for i := len(texts) - 1; strings.HasPrefix(e.Text, texts[i]); i-- {
			if i == 0 {
				return e.By != nil && e.By.PID == os.Getpid()
			}
			e = byID[e.Cause]
		}
		return false
	}) {
		t.Errorf("no %q:\n%+v", texts, events)
	}
}

// TestHooks has signals run programs.
func TestHooks(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[signals]
"SIGRTMIN+1" = { run = ["sh", "-c", 'echo out; echo err >&2; echo "$SUPERVISE_SIGNAL $SUPERVISE_SENDER $SUPERVISE_VALUE $SUPERVISE_RUNTIME_DIR"; exit 3'] }
"SIGRTMIN+2" = { run = ["sh", "-c", 'sleep 1000 & echo "pid $!"; wait'], timeout = "100ms" }
"SIGRTMIN+3" = { run = "/nonexistent/hook" }
"SIGRTMIN+4" = { run = "true" }

[service.web]
command = "sleep 1000"
`)
	pid := s.awaitRunning(t, "web")
	s.queue(t, signals.SIGRTMIN+1, 42)
	for _, text := range []string{"out", "err", "SIGRTMIN+1 " + strconv.Itoa(os.Getpid()) + " 42 " + s.runtime} {
		s.rewind()
		s.await(text, wrote("hook", text))
	}
	if l := s.await("its end", says("", "the hook exited with code 3")); l.Level != "warn" {
		t.Errorf("a hook that fails: %s", l.raw)
	}
	s.queue(t, signals.SIGRTMIN+2, 0)
	child := s.awaitPID("hook")
	s.await("it times out", says("", "the hook has timed out"))
	s.await("its end", says("", "the hook killed by SIGKILL"))
	awaitGone(t, child)
	s.queue(t, signals.SIGRTMIN+3, 0)
	if l := s.await("that it is missing", says("", "cannot run the hook")); l.Level != "error" || !strings.Contains(l.raw, "/nonexistent/hook: no such file") {
		t.Errorf("a hook that is missing: %s", l.raw)
	}
	s.queue(t, signals.SIGRTMIN+4, 0)
	if l := s.await("its end", says("", "the hook exited with code 0")); l.Level != "info" {
		t.Errorf("a hook that does not fail: %s", l.raw)
	}
	chained(t, s.history(t), "came: SIGRTMIN+1 with value 42", "runs the hook sh -c ", "the hook exited with code 3")
	chained(t, s.history(t), "came: SIGRTMIN+3", "cannot run the hook: ")
	s.queue(t, signals.SIGRTMIN+2, 0) // it is under way when everything ends
	s.await("the last hook", says("", "runs the hook"))
	if again := s.awaitRunning(t, "web"); again != pid {
		t.Errorf("web was restarted")
	}
	s.stop(t, syscall.SIGTERM)
}

// TestHangUp has SIGHUP read the configuration again, as it does by default.
func TestHangUp(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.web]
command = "sleep 1000"
`)
	file := filepath.Join(s.dir, "test.toml")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid := s.awaitRunning(t, "web")
	writeFile(t, file, string(before)+"[service.new]\ncomand = \"sleep 1000\"\n")
	s.signal(t, syscall.SIGHUP)
	if l := s.await("it is refused", says("", "the configuration is not updated: nothing is changed")); !strings.Contains(l.raw, "command") {
		t.Errorf("why: %s", l.raw)
	}
	chained(t, s.history(t), "came: SIGHUP", "the configuration is not updated")
	writeFile(t, file, string(before)+"[service.new]\ncommand = \"sleep 1000\"\n")
	s.signal(t, syscall.SIGHUP)
	s.awaitRunning(t, "new")
	chained(t, s.history(t), "came: SIGHUP", "update to "+file, "start asked for by SIGHUP", "started, pid ")
	if again := s.awaitRunning(t, "web"); again != pid {
		t.Errorf("web was restarted")
	}
	found := false
	for _, e := range s.history(t) {
		found = found || e.Kind == "update" && e.By != nil && e.By.PID == os.Getpid() && strings.Contains(e.Text, "SIGHUP")
	}
	if !found {
		t.Error("no event says who updated")
	}
	s.stop(t, syscall.SIGTERM)
}
