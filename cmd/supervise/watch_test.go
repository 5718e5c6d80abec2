package main_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/supervisor/board"
	"supervise/supervisor/status"
)

// newBoard makes a status board that shows some services.
func newBoard(t *testing.T, dir string) *board.Board {
	t.Helper()
	b, _, err := board.Create(board.Options{Dir: root(dir), Slots: 3, Mode: 0o600, Group: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	b.Set(0, &status.Service{
		Name: "web", State: "running", Wanted: status.Up, Ready: true, PID: 812, Since: moment.UnixNano(), Exited: true, SigQ: status.SigQ{Used: 1, Limit: 10},
		Exit: status.Exit{
			Exit: signals.Exit{Signal: signals.SIGKILL}, Time: moment.UnixNano(), By: status.Process{PID: 700, Name: "bash"}, Cause: "from pid 700 (bash, uid 0)",
		},
	})
	b.Set(1, &status.Service{
		Name: "worker", State: "backoff", Wanted: status.Up, Since: moment.UnixNano(), Restarts: 3, NextRestart: later(500).UnixNano(),
		Held: 2, Exited: true, Exit: status.Exit{Exit: signals.Exit{Signal: signals.SIGSEGV, Core: true}, Time: moment.UnixNano()},
	})
	b.Set(2, &status.Service{Name: "database", State: "running", Wanted: status.Down, PID: 900, Paused: true})
	publish(t, b)
	return b
}

func publish(t *testing.T, b *board.Board) {
	t.Helper()
	if err := b.Publish(); err != nil {
		t.Fatal(err)
	}
}

func TestStatusFromBoard(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	newBoard(t, s.dir)
	var text strings.Builder
	for _, line := range []string{
		"status --board --format json", "status --board --format json database", "status --board wbe work", "status --board --format json worker web",
	} {
		text.WriteString(s.transcript(t, nil, strings.Fields(line)...))
	}
	golden(t, "testdata/transcripts/board.txt", text.String())
}

// TestStatusOfDead reads the board of a supervisor that was killed.
func TestStatusOfDead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	owner := testproc.Command(t, "board", dir)
	ready, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, owner)
	if _, err := bufio.NewReader(ready).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	watch, lines := startWatch(t, dir)
	if line := lines(); !strings.HasSuffix(line, "  web is running, pid 5") {
		t.Errorf("the first line of --watch: %q", line)
	}
	_ = owner.Process.Kill()
	_ = owner.Wait()
	t.Cleanup(func() { newBoard(t, dir) }) // and with it go the objects of the dead one
	if code := exitCode(t, watch.Wait()); code != 3 {
		t.Errorf("--watch ends with status %d", code)
	}
	out, code := ask(t, dir, "status", "--board")
	if code != 3 || !strings.Contains(out, "web") || !strings.Contains(out, "was killed") {
		t.Errorf("status %d: %s", code, out)
	}
}

func init() { testproc.Role("board", keepBoard) }

// keepBoard shows a board until it is killed.
func keepBoard(args []string) int {
	b, _, err := board.Create(board.Options{Dir: root(args[0]), Slots: 1, Mode: 0o600, Group: -1})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	b.Set(0, &status.Service{Name: "web", State: "running", PID: 5})
	if err := b.Publish(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("ready")
	for {
		_ = syscall.Pause()
	}
}

// startWatch starts status --watch, and returns how to get its next line.
func startWatch(t *testing.T, dir string, args ...string) (*exec.Cmd, func() string) {
	t.Helper()
	cmd := exec.Command(entryBuild, append([]string{"status", "--watch", "--runtime-dir", dir}, args...)...)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	lines := bufio.NewReader(out)
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() { timer.Stop() })
	return cmd, func() string {
		t.Helper()
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("status --watch says no more: %v", err)
		}
		return strings.TrimSuffix(line, "\n")
	}
}

// TestWatch has --watch tell of changes, and of nothing else.
func TestWatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := newBoard(t, dir)
	watch, lines := startWatch(t, dir)
	json, objects := startWatch(t, dir, "--format", "json", "web")
	for _, want := range []string{
		"web is running, pid 812, ready", "worker is backoff, last exit: killed by SIGSEGV, core dumped", "database is paused, pid 900",
	} {
		if line := lines(); !strings.HasSuffix(line, "  "+want) {
			t.Errorf("%q, want %q", line, want)
		}
	}
	if line := objects(); !strings.HasPrefix(line, `{"name":"web","state":"running"`) {
		t.Errorf("%q", line)
	}
	b.Set(2, &status.Service{Name: "database", State: "running", Wanted: status.Down, PID: 900, Paused: true, SigQ: status.SigQ{Limit: 5}}) // no text has that
	publish(t, b)
	b.Set(0, &status.Service{Name: "web", State: "stopping", PID: 812, Rung: 1, Rungs: 2})
	publish(t, b)
	if line := lines(); !strings.HasSuffix(line, "  web is stopping 1/2, pid 812") {
		t.Errorf("%q", line)
	}
	if line := objects(); !strings.Contains(line, `"state":"stopping"`) {
		t.Errorf("%q", line)
	}
	b.Close()
	for _, cmd := range []*exec.Cmd{watch, json} {
		if code := exitCode(t, cmd.Wait()); code != 3 {
			t.Errorf("status %d at the end of the supervisor", code)
		}
	}
}

// TestWatchOnTerminal makes it redraw the table on a terminal, and end by Ctrl-C.
func TestWatchOnTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := newBoard(t, dir)
	cmd := exec.Command(entryBuild, "status", "--watch", "--runtime-dir", dir)
	cmd.Env = append(os.Environ(), "NO_COLOR=")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 5, Cols: 200})
	if err != nil {
		t.Skip("no pseudo terminal:", err)
	}
	defer terminal.Close()
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	screen := make(chan string, 1<<10)
	go func() {
		defer close(screen)
		reader := bufio.NewReader(terminal)
		for {
			drawn, err := reader.ReadString('J') // what clears the rest ends each table
			if err != nil {
				return // EIO: nobody has the terminal open any more
			}
			screen <- drawn
		}
	}()
	await := func(texts ...string) {
		t.Helper()
		var last string
	next:
		for drawn := range screen {
			last = drawn
			for _, text := range texts {
				if !strings.Contains(drawn, text) {
					continue next
				}
			}
			return
		}
		t.Fatalf("%q are not shown; last: %q", texts, last)
	}
	await("\x1b[H", "\x1b[32mrunning\x1b[0m", "... and 1 more", "\x1b[K")
	b.Set(0, &status.Service{Name: "web", State: "failed"})
	publish(t, b)
	await("\x1b[H", "\x1b[31mfailed\x1b[0m")
	if _, err := terminal.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	for range screen {
	}
	if code := exitCode(t, cmd.Wait()); code != 128+int(syscall.SIGINT) {
		t.Errorf("Ctrl-C ends it with status %d", code)
	}
}
