package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// TestWhy has services end in the ways that there are, and asks how it came to that.
func TestWhy(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.killed]
command = "sleep 1000"
restart.delay = "0s"

[service.crash]
command = ["sh", "-c", "kill -ABRT $$"]
directory = "$DIR"
core.limit = "unlimited"
restart.policy = "never"

[service.slow]
command = ["sh", "-c", "exit 3"]
restart = { delay = "20ms", max-delay = "20ms" }

[service.hangs-up]
command = ["sh", "-c", "exec sleep 1000"]
signals.forward = { SIGUSR1 = "SIGUSR2" }
restart.policy = "never"

[service.minds]
command = ["sh", "-c", "trap 'trap - USR2; echo minds it' USR2; echo ready; while :; do sleep 0.01; done"]
restart.policy = "never"

[service.missing]
command = "/nonexistent/program"
`)
	self := "pid " + strconv.Itoa(syscall.Getpid()) + " ("

	t.Run("operator", func(t *testing.T) {
		kill(t, s.awaitRunning(t, "killed"), syscall.SIGKILL)
		s.rewind()
		s.await("killed is killed", says("killed", "killed by SIGKILL"))
		s.await("it runs again", says("killed", "running"))
		exit := s.status(t, "killed").Exit
		if exit.By != (status.Process{}) || !strings.Contains(exit.String(), "from an unknown sender: the kernel does not say who it was") {
			t.Errorf("exit: %+v", exit)
		}
		inOrder(t, s.why(t, "killed"), "killed by SIGKILL", "the kernel does not say who it was", "restarts at once", "started, pid ")
	})

	t.Run("command", func(t *testing.T) {
		inOrder(t, s.must(t, "signal", "killed", "KILL"), "delivered")
		s.await("killed is killed by us", says("killed", "killed by SIGKILL after"))
		s.await("it runs again", says("killed", "running"))
		exit := s.status(t, "killed").Exit
		if exit.By.PID != os.Getpid() || exit.By.UID != syscall.Getuid() || // who has started the client
			!strings.Contains(exit.String(), "killed by SIGKILL, from "+self) || strings.Contains(exit.String(), "supervise,") {
			t.Errorf("exit: %+v", exit)
		}
		inOrder(t, s.must(t, "why", "killed"), "came: SIGKILL from pid ", "sent SIGKILL from pid ", "killed by SIGKILL", "from pid ", "started, pid ")
		out, _ := s.run(t, "status", "--board", "killed")
		inOrder(t, out, "SIGKILL by "+exit.By.Name+"\n")
	})

	t.Run("core", func(t *testing.T) {
		s.awaitState(t, "crash", "failed")
		why := s.why(t, "crash")
		inOrder(t, why, "killed by SIGABRT", "by a fault of its own or from an unknown sender", "given up")
		var limit unix.Rlimit
		_ = unix.Getrlimit(unix.RLIMIT_CORE, &limit)
		if cores, _ := filepath.Glob(filepath.Join(s.dir, "*core*")); len(cores) == 0 || limit.Max == 0 {
			t.Skip("the kernel leaves no core here")
		}
		inOrder(t, why, "killed by SIGABRT, core dumped")
		if exit := s.status(t, "crash").Exit; !exit.Core {
			t.Errorf("exit: %+v", exit)
		}
	})

	t.Run("backoff", func(t *testing.T) {
		s.rewind()
		s.await("the second restart", says("slow", "2 restarts in a row"))
		s.must(t, "stop", "slow")
		s.must(t, "start", "--no-wait", "slow")
		s.rewind()
		s.awaitState(t, "slow", "backoff")
		inOrder(t, s.why(t, "slow"), "exited with code 3", "restarts in ")
	})

	t.Run("forwarded", func(t *testing.T) {
		s.awaitRunning(t, "hangs-up")
		s.signal(t, syscall.SIGUSR1)
		s.awaitState(t, "hangs-up", "failed")
		exit := s.status(t, "hangs-up").Exit
		if exit.By.PID != syscall.Getpid() || !strings.Contains(exit.String(), "killed by SIGUSR2, from "+self) {
			t.Errorf("exit: %+v", exit)
		}
		var texts strings.Builder
		for _, e := range s.call(t, request.Events{Services: []string{"hangs-up"}}).Events {
			texts.WriteString(e.Text + "\n")
		}
		inOrder(t, texts.String(), "came: SIGUSR1 from "+self, "SIGUSR2", "sent SIGUSR2 from "+self, "killed by SIGUSR2")
	})

	// It handles the one of a command, and ends by one of somebody else.
	t.Run("handled", func(t *testing.T) {
		pid := s.awaitRunning(t, "minds")
		s.rewind()
		s.await("its handler", wrote("minds", "ready"))
		s.must(t, "signal", "minds", "USR2") // the shell blocks it while it forks
		s.await("that it has handled it", wrote("minds", "minds it"))
		kill(t, pid, syscall.SIGUSR2)
		s.awaitState(t, "minds", "failed")
		exit := s.status(t, "minds").Exit
		if exit.Signal == 0 || exit.By != (status.Process{}) || strings.Contains(exit.String(), "killed by SIGUSR2, from pid") {
			t.Errorf("exit: %+v", exit)
		}
	})

	t.Run("spawn", func(t *testing.T) {
		s.awaitState(t, "missing", "failed")
		inOrder(t, s.why(t, "missing"), "cannot start: execve /nonexistent/program: no such file or directory", "given up: ")
	})
	s.stop(t, syscall.SIGTERM)
}

// awaitRunning waits until a service runs and returns its pid.
func (s *supervised) awaitRunning(t *testing.T, service string) int {
	t.Helper()
	return int(s.awaitState(t, service, "running").PID)
}

// TestWhyLadder stops a family of three by a ladder that none of them minds, but the main
// process at its second rung: each step is in the explanation, and who survived it.
// TestWhyAndStray has signals that change nothing leave the explanation of a state alone.
func TestWhyAndStray(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.web]
# A shell that starts programs all the time may be stopped with one that it has started by vfork(2),
# and is then not seen to be stopped.
command = ["sh", "-c", "trap : USR1; sleep 1000 & echo ready; while :; do wait; done"]
`)
	s.await("web", wrote("web", "ready"))
	for name, test := range map[string]struct {
		command []string
		later   string
	}{
		"signal":   {[]string{"signal", "web", "USR1"}, "came: SIGUSR1"},
		"CONT":     {[]string{"signal", "web", "CONT"}, "came: SIGCONT"},
		"pause":    {[]string{"pause", "web"}, "SIGSTOP sent to "},
		"continue": {[]string{"continue", "web"}, "SIGCONT sent to "},
		"start":    {[]string{"start", "web"}, "start asked for by "},
	} {
		t.Run(name, func(t *testing.T) {
			s.must(t, test.command...)
			inOrder(t, s.why(t, "web"), "supervise starts", "started, pid ", test.later)
		})
	}
	s.must(t, "stop", "web")
	if out, code := s.run(t, "signal", "web", "USR1"); code != 1 {
		t.Errorf("signal: status %d: %s", code, out)
	}
	inOrder(t, s.why(t, "web"), "stop asked for by pid ", "to stop it: sent SIGTERM", "killed by SIGTERM", "came: SIGUSR1", "lost SIGUSR1")
	s.stop(t, syscall.SIGTERM)
}

// TestSignalByFIFO makes reports of a signal that came by a FIFO name the FIFO: its writer
// is not known, and it was not supervise that wanted it.
func TestSignalByFIFO(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.web]
command = ["sh", "-c", "trap : USR1; echo ready; while :; do sleep 0.01; done"]
restart.policy = "never"
`)
	s.await("web", wrote("web", "ready"))
	s.must(t, "wait", "web") // who answers has made the FIFOs
	own, fifo := "pid "+strconv.Itoa(s.cmd.Process.Pid)+" ", filepath.Join(s.runtime, "services/web/control")
	s.command(t, "services/web/control", "1")
	s.command(t, "control", "signal web USR1\n")
	for _, letter := range []string{"k", "K"} {
		s.command(t, "services/web/control", letter)
		s.awaitState(t, "web", "failed")
		exit := s.status(t, "web").Exit
		if exit.By != (status.Process{}) || exit.String() != "killed by SIGKILL, from supervise: asked for by "+fifo {
			t.Errorf("%s: exit: %+v", letter, exit)
		}
		s.must(t, "start", "web")
	}
	s.must(t, "stop", "web")
	s.command(t, "services/web/control", "1")
	s.await("it is lost", says("web", "lost SIGUSR1, asked for by "+fifo+": "))
	events := ""
	for _, e := range s.call(t, request.Events{Services: []string{"web"}}).Events {
		events += e.Text + "\n"
	}
	inOrder(t, events, "came: SIGUSR1, asked for by "+fifo+"\n", "sent SIGUSR1, asked for by "+fifo+"\n",
		"SIGKILL sent to its process group, asked for by "+fifo+"\n")
	inOrder(t, events, "came: SIGKILL, asked for by "+fifo+"\n")
	inOrder(t, events, "came: SIGUSR1, asked for by "+filepath.Join(s.runtime, "control")+"\n")
	if strings.Contains(events, "from "+own) {
		t.Errorf("supervise itself is named:\n%s", events)
	}
	s.stop(t, syscall.SIGTERM)
}

// command writes to a FIFO of the runtime directory.
func (s *supervised) command(t *testing.T, name, text string) {
	t.Helper()
	fifo, err := os.OpenFile(filepath.Join(s.runtime, name), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	if _, err := fifo.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// TestLogAndEvents has the log say who commanded what, and name each event by the number
// under which supervise events shows it.
func TestLogAndEvents(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.web]
command = ["sleep", "1000"]
restart.delay = "10ms"
`)
	kill(t, s.awaitRunning(t, "web"), syscall.SIGKILL)
	s.await("its end", says("web", "killed by SIGKILL"))
	s.await("it runs again", up("web"))
	s.must(t, "pause", "web")
	s.must(t, "restart", "web")
	s.must(t, "signal", "web", "WINCH")
	s.command(t, "services/web/control", "d")
	s.awaitState(t, "web", "stopped")
	events := map[uint64]request.Event{}
	for _, e := range s.call(t, request.Events{}).Events {
		events[e.ID] = e
	}
	s.must(t, "shutdown")
	numbered := 0
	for _, l := range s.end(t) {
		e, known := events[l.Event]
		if l.Event == 0 || !known && strings.Contains(l.Message, "shutdown") {
			continue
		}
		numbered++
		if !strings.HasPrefix(e.Text, l.Message) && (l.Message != "running" || !strings.HasPrefix(e.Text, "started, pid ")) && !strings.Contains(l.Message, " -> ") {
			t.Errorf("event %d is %q, and in the log %q", l.Event, e.Text, l.Message)
		}
	}
	if numbered < 10 {
		t.Errorf("%d lines with the number of an event", numbered)
	}
	s.rewind()
	fifo := filepath.Join(s.runtime, "services/web/control")
	s.await("who restarted it", func(l line) bool {
		return says("web", "restart asked for by pid ")(l) && strings.HasSuffix(l.By, ")") && strings.HasSuffix(l.Message, l.By) && l.Level == "info"
	})
	s.await("who stopped it", func(l line) bool { return says("web", "stop asked for by "+fifo)(l) && l.By == fifo })
	s.await("who shut it down", says("", "shutdown asked for by pid "))
	if n := count(s.all(), func(l line) bool { return strings.Contains(l.Message, " asked for by ") }); n != 4 {
		t.Errorf("%d lines tell of commands, want 4", n)
	}
}

// TestWaitReady has a service that is paused be up and not ready, whoever paused it and
// has it go on.
func TestWaitReady(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, "[service.web]\ncommand = [\"sleep\", \"1000\"]\n")
	pid := s.awaitRunning(t, "web")
	inOrder(t, s.must(t, "wait", "--for", "ready", "web"), "web is running, pid ", ", ready")
	for name, change := range map[string]struct{ pause, goOn func() }{
		"by command": {func() { s.must(t, "pause", "web") }, func() { s.must(t, "continue", "web") }},
		"by others":  {func() { s.halt(t, pid) }, func() { kill(t, pid, syscall.SIGCONT) }},
	} {
		change.pause()
		if out, code := s.run(t, "wait", "--for", "ready", "--timeout", "50ms", "web"); code != 1 || !strings.Contains(out, "timed out: service \"web\" is still paused") {
			t.Errorf("%s: status %d: %s", name, code, out)
		}
		inOrder(t, s.must(t, "wait", "--for", "up", "web"), "web is paused, pid ")
		ready := make(chan string, 1)
		go func() {
			out, _ := s.run(t, "wait", "--for", "ready", "web")
			ready <- out
		}()
		change.goOn()
		if out := await(t, name+": that it is ready", ready); !strings.Contains(out, ", ready") {
			t.Errorf("%s: %s", name, out)
		}
	}
	s.stop(t, syscall.SIGTERM)
}

// halt stops a process and waits until that shows.
func (s *supervised) halt(t *testing.T, pid int) {
	t.Helper()
	kill(t, pid, syscall.SIGSTOP)
	for deadline := time.Now().Add(patience); s.state(t, "web") != "paused"; {
		if time.Now().After(deadline) {
			t.Fatalf("%d does not stop", pid)
		}
	}
}

func TestWhyLadder(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, familyConfig+`command = ["$HELPER", "main=user defined signal 2"]
stop.ladder = [
  { signal = "SIGUSR1", scope = "main", timeout = "100ms" },
  { signal = "SIGUSR2", scope = "main", timeout = "100ms" },
  { signal = "SIGHUP", scope = "tree", timeout = "100ms" },
]
`, as)
		s.awaitFamily()
		out := s.must(t, "stop", "family")
		chain := []string{
			"to stop it: sent SIGUSR1 to its main process", "rung 1 of its ladder timed out",
			"to stop it: sent SIGUSR2 to its main process", "exited with code 0", "others of its tree are not: ",
			"to stop it: sent SIGUSR2 to all of its processes", "rung 2 of its ladder timed out",
			"to stop it: sent SIGHUP to all of its processes", "rung 3 of its ladder timed out",
			"killing all of its processes (SIGKILL)", "nothing of it is left", "stopped",
		}
		inOrder(t, s.must(t, "why", "family"), append([]string{"stop asked for by pid "}, chain...)...)
		inOrder(t, out, append(chain[:len(chain)-1:len(chain)-1], "is down")...)
		s.stop(t, syscall.SIGTERM)
	})
}

// TestEventsFollow has supervise events -f print everything from the first event to the
// last: none is missing, and what follows from something follows from what was printed.
func TestEventsFollow(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.loop]
command = ["sh", "-c", "sleep 0.01; kill -KILL $$"] # of others, ten in a row are braked
restart.delay = "0s"

[service.deaf]
stop.timeout = "50ms"
`+deaf)
	var out bytes.Buffer
	follow := exec.Command(entryBuild, "events", "--follow", "--lines", "0", "--format", "json", "--runtime-dir", s.runtime)
	follow.Stdout, follow.Stderr = &out, &out
	testproc.Start(t, follow)
	events := s.follow(t)
	s.await("deaf is ready", wrote("deaf", "ready"))
	for range 3 {
		s.must(t, "restart", "deaf")
		s.must(t, "signal", "deaf", "WINCH")
	}
	s.awaitSlotRestarts(t, "loop", 20)
	s.stop(t, syscall.SIGTERM)
	if code := exitCode(t, follow.Wait()); code > 1 {
		t.Errorf("events --follow: status %d", code)
	}
	text := out.String()
	if end := strings.LastIndex(text, "}\n"); end >= 0 {
		text = text[:end+2] // behind it is that supervise ended
	}
	printed := decode[request.Event](t, text)
	if len(printed) < 50 || len(printed) != len(events.all()) {
		t.Errorf("%d events are printed, %d were to be followed", len(printed), len(events.all()))
	}
	for i, e := range printed {
		if e.ID != uint64(i+1) || e.Cause >= e.ID || e.Origin > e.ID || e.Origin == 0 || e.Text == "" || e.Kind == "" || e.Time.IsZero() {
			t.Fatalf("event %d: %+v", i+1, e)
		}
		if i > 0 && e.Time.Before(printed[i-1].Time) {
			t.Errorf("event %d is earlier than the one before", i+1)
		}
		if e.Cause == 0 {
			continue
		}
		if cause := printed[e.Cause-1]; cause.Service != "" && e.Service != cause.Service {
			t.Errorf("what happened to %s follows from what happened to %s: %+v, %+v", e.Service, cause.Service, cause, e)
		}
	}
	for printed[len(printed)-1].Kind == "lines" { // which are read after the end
		printed = printed[:len(printed)-1]
	}
	if last := printed[len(printed)-1]; !strings.Contains(last.Text, "stopped") {
		t.Errorf("the last event is %+v", last)
	}
}
