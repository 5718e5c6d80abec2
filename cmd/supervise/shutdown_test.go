package main_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// deaf is a service that ends of nothing but SIGKILL.
const deaf = `command = ["sh", "-c", 'trap "" TERM; echo ready; while :; do sleep 1000; done']` + "\n"

// TestShutdownParallel stops ten services that need a second each: together they need
// little more than one.
func TestShutdownParallel(t *testing.T) {
	t.Parallel()
	const n = 10
	var config strings.Builder
	for i := range n {
		fmt.Fprintf(&config, "[service.slow-%d]\ncommand = [\"sh\", \"-c\", 'trap \"sleep 1; exit 0\" TERM; echo ready; while :; do read x < $DIR/never; done']\n", i)
	}
	s := start(t, entryBuild, config.String(), withFIFO(t, "never"))
	for i := range n {
		s.rewind()
		s.await("it is ready", wrote("slow-"+strconv.Itoa(i), "ready"))
	}
	begun := time.Now()
	lines := s.stop(t, syscall.SIGTERM)
	if took := time.Since(begun); took < time.Second || took > n*time.Second/2 {
		t.Errorf("it took %v", took)
	}
	if done := count(lines, func(l line) bool { return strings.HasPrefix(l.Message, "exited with code 0") }); done != n {
		t.Errorf("%d services ended by themselves, want %d", done, n)
	}
}

// TestShutdownTimeout has the shutdown cut a ladder that would take a minute, when its time
// is over or on request.
func TestShutdownTimeout(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		for name, c := range map[string]struct {
			timeout string
			send    []syscall.Signal
			says    string
		}{
			"timeout":    {"1s", []syscall.Signal{syscall.SIGTERM}, "the shutdown has taken 1s"},
			"interrupt":  {"1s", []syscall.Signal{syscall.SIGINT}, "the shutdown has taken 1s"},
			"cut":        {"60s", []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT}, "its ladder is cut"},
			"cut-at-all": {"60s", []syscall.Signal{syscall.SIGQUIT}, "killing all of its processes"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := start(t, entryBuild, "shutdown-timeout = \""+c.timeout+"\"\n[service.deaf]\nstop.timeout = \"60s\"\n"+deaf, as)
				s.await("it is ready", wrote("deaf", "ready"))
				for _, sig := range c.send {
					s.signal(t, sig)
					s.await("it is taken", says("", "shutdown"))
				}
				if n := count(s.end(t), func(l line) bool { return strings.Contains(l.Message, c.says) }); n == 0 {
					t.Errorf("nothing says %q", c.says)
				}
			})
		}
	})
}

// TestShutdownWaiting names who holds up a shutdown.
func TestShutdownWaiting(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.deaf]
command = ["sh", "-c", 'trap "" TERM; echo "pid $$"; while :; do sleep 1000; done']
stop.timeout = "60s"
[service.good]
command = "sleep 1000"
`)
	pid := s.awaitPID("deaf")
	s.signal(t, syscall.SIGTERM)
	l := s.await("the line", says("deaf", "the shutdown waits for it"))
	if want := fmt.Sprintf("%d (sh)", pid); !strings.Contains(l.Processes, want) {
		t.Errorf("it waits for %q, want %s", l.Processes, want)
	}
	if n := count(s.stop(t, syscall.SIGQUIT), says("good", "the shutdown waits for it")); n != 0 {
		t.Errorf("it is said to wait for a service that has stopped")
	}
}

// TestSecond starts a second supervisor in the same runtime directory.
func TestSecond(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, "[service.web]\ncommand = \"sleep 1000\"\n", as)
		s.await("web is up", up("web"))
		second := exec.Command(s.cmd.Args[0], s.cmd.Args[1:]...)
		second.SysProcAttr = &syscall.SysProcAttr{Credential: s.cmd.SysProcAttr.Credential}
		out, err := second.CombinedOutput()
		want := fmt.Sprintf("another supervise (pid %d) runs in %s", s.cmd.Process.Pid, s.runtime)
		if exitCode(t, err) != 1 || !strings.Contains(string(out), want) {
			t.Errorf("the second one ended with %v, %q, want %q", err, out, want)
		}
		lines := s.stop(t, syscall.SIGTERM)
		if n := count(lines, up("web")); n != 1 {
			t.Errorf("web was started %d times", n)
		}
	})
}

// TestLeftovers kills a supervisor, whose services live on. The next one kills them before
// it starts its own, where it can know them.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := prepare(t, entryBuild, `
[service.web]
command = ["sh", "-c", '''setsid sh -c 'trap "" TERM; echo "pid $$"; while :; do sleep 1000; done' & read x < $DIR/never''']
stop.timeout = "10ms"
`, withFIFO(t, "never"))
	again := *s.cmd
	s.launch(t)
	if s.await("the start", says("", "supervise starts")).Descendants != "cgroup" {
		t.Skip("no cgroups here")
	}
	first, worker := s.await("web is up", up("web")).PID, s.awaitPID("web")
	s.signal(t, syscall.SIGKILL)
	_ = s.cmd.Wait()
	if !alive(first) || !alive(worker) {
		t.Fatal("the services are gone with their supervisor")
	}
	next := &supervised{cmd: &again, dir: s.dir, runtime: s.runtime, sandbox: s.sandbox}
	next.launch(t)
	for range 2 {
		next.await("a leftover", says("", "left behind by an earlier supervise"))
	}
	if second := next.await("web again", up("web")).PID; alive(first) || alive(worker) || second == first {
		t.Errorf("pids %d and %d are still there when %d is", first, worker, second)
	}
	next.awaitPID("web")
	next.stop(t, syscall.SIGTERM)
}

// TestStuckOutput has nobody read what supervise and its services write. It must go on
// supervising, and end.
func TestStuckOutput(t *testing.T) {
	t.Parallel()
	s := prepare(t, entryBuild, `
[service.flood]
command = "yes"
[service.crash]
command = ["sh", "-c", 'echo $$ >$DIR/fifo; yes | head -1000; exec sleep 1000']
restart.delay = "10ms"
restart.max-delay = "10ms"
`, withFIFO(t, "fifo"))
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	s.cmd.Stdout, s.cmd.Stderr = write, write
	s.launch(t)
	_ = write.Close()
	for range 5 { // generations
		text, err := os.ReadFile(filepath.Join(s.dir, "fifo"))
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		kill(t, pid, syscall.SIGKILL)
		awaitGone(t, pid)
	}
	begun := time.Now()
	s.stop(t, syscall.SIGTERM)
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("the shutdown took %v", took)
	}
}

// TestReaderGone has the reader of supervise's output leave. Nothing else changes.
func TestReaderGone(t *testing.T) {
	t.Parallel()
	s := prepare(t, entryBuild, `
[service.chatty]
command = ["sh", "-c", 'echo hello; echo $$ >$DIR/fifo; while echo again; do sleep 0.01; done; echo failed >$DIR/fifo']
stop.timeout = "1s"
`, withFIFO(t, "fifo"))
	s.cmd.Stdin = nil
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = io.Discard
	s.launch(t)
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_ = out.Close()
	text, err := os.ReadFile(filepath.Join(s.dir, "fifo"))
	if err != nil || strings.TrimSpace(string(text)) == "failed" {
		t.Errorf("the service says %q, %v", text, err)
	}
	s.stop(t, syscall.SIGTERM)
}
