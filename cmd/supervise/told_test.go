package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// again starts another supervise run with the files of one that has ended.
func (s *supervised) again(t *testing.T, setups ...setup) *supervised {
	t.Helper()
	next := &supervised{dir: s.dir, runtime: s.runtime}
	next.cmd = exec.Command(s.cmd.Path, s.cmd.Args[1:]...)
	next.enterSandbox(t)
	for _, setup := range setups {
		setup(next)
	}
	next.launch(t)
	next.await("the start", says("", "supervise starts"))
	return next
}

// endsOf are the last lines of the ends of a service that are told, each with its exit.
func endsOf(t *testing.T, events []request.Event) (ends []string) {
	t.Helper()
	exits := map[uint64]request.Event{}
	for _, e := range events {
		if e.Kind == "leader-exited" {
			exits[e.ID] = e
		}
		if e.Kind == "lines" {
			if _, known := exits[e.Cause]; !known || exits[e.Cause].Lines != nil {
				t.Errorf("%+v does not come of an exit", e)
			}
			ends = append(ends, strings.Join(e.Lines, "|"))
		}
	}
	return ends
}

// TestLinesOfEnds has each end told with what was written before it: of earlier ends too, to
// followers, and after a new start of supervise.
func TestLinesOfEnds(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, `journal = "$DIR/journal"
[service.loops]
command = ["sh", "-c", 'echo x >>$DIR/count; n=$(wc -l <$DIR/count); echo "run $n"; printf "\033[2Jlast\377 words" >&2; exit 4']
startup = "disabled"
restart = { delay = "10ms", jitter = 0.0, limit = 2 }
[service.polite]
command = ["sh", "-c", 'trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.05; done']
[service.silent]
command = "true"
startup = "disabled"
`, as)
		follower := s.follow(t)
		s.run(t, "start", "loops")
		s.awaitState(t, "loops", "failed")
		want := []string{"run 1|\x1b[2Jlast\ufffd words", "run 2|\x1b[2Jlast\ufffd words", "run 3|\x1b[2Jlast\ufffd words"}
		for _, lines := range want {
			follower.await("the lines", func(e request.Event) bool { return e.Kind == "lines" && strings.Join(e.Lines, "|") == lines })
		}
		history := decode[request.Event](t, s.must(t, "events", "--format", "json", "-n", "0", "loops"))
		if got := endsOf(t, history); !slices.Equal(got, want) {
			t.Errorf("events: %q, want %q", got, want)
		}
		const printed = "its last 2 lines before that\n  | run 1\n  | ^[[2JlastM-oM-?M-= words\n"
		inOrder(t, s.must(t, "events", "-n", "0", "loops"), "exited with code 4", strings.Replace(printed, "M-oM-?M-=", "\ufffd", 1), "run 3\n")
		explained := decode[[]request.Event](t, s.must(t, "why", "--format", "json", "loops"))
		if got := endsOf(t, explained[0]); !slices.Contains(got, want[2]) {
			t.Errorf("why: %q", got)
		}
		inOrder(t, s.must(t, "why", "loops"), "exited with code 4", "its last 2 lines before that\n  | run 3\n")
		if got := s.status(t, "loops").Exit; got.Lines != strings.ReplaceAll(want[2], "|", "\n") {
			t.Errorf("status: %+v", got)
		}
		out, _ := s.run(t, "status", "--format", "json", "loops")
		inOrder(t, out, `"lines": [`, `"run 3"`, `"\u001b[2Jlast`)
		s.run(t, "start", "silent")
		s.awaitSlot(t, "silent", "ended", func(s status.Service) bool { return s.Exited })
		if got := endsOf(t, s.history(t, "silent")); got != nil {
			t.Errorf("who wrote nothing has written %q", got)
		}
		s.await("the trap", func(l line) bool { return l.Service == "polite" && l.Line == "ready" })
		s.stop(t, syscall.SIGTERM)
		if got := endsOf(t, follower.all()); !slices.Contains(got, "ready|bye") {
			t.Errorf("what was written at the end is not told: %q", got)
		}

		next := s.again(t, as)
		if got := endsOf(t, next.history(t, "loops")); !slices.Equal(got, want) {
			t.Errorf("after a new start: %q, want %q", got, want)
		}
		next.awaitState(t, "polite", "running")
		inOrder(t, next.must(t, "why", "polite"), "exited with code 0", "\n  | ready\n  | bye\n", "started, pid ")
		next.stop(t, syscall.SIGTERM)
		if out, err := exec.Command(entryBuild, "replay", filepath.Join(s.dir, "journal")).CombinedOutput(); err != nil {
			t.Errorf("replay: %v: %s", err, out)
		}
	})
}

// TestLastLinesOfAnOlderMatter has why tell of the last end, though the state goes back to
// something else.
func TestLastLinesOfAnOlderMatter(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.web]
command = ["sh", "-c", 'trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.05; done']
`)
	s.await("the trap", func(l line) bool { return l.Line == "ready" })
	s.must(t, "stop", "web")
	s.must(t, "start", "web")
	inOrder(t, s.must(t, "why", "web"), "exited with code 0", "\n  | ready\n  | bye\n", "start asked for by ", "started, pid ")
	if got := endsOf(t, decode[[]request.Event](t, s.must(t, "why", "--format", "json", "web"))[0]); !slices.Equal(got, []string{"ready|bye"}) {
		t.Errorf("why: %q", got)
	}
	s.stop(t, syscall.SIGTERM)
}

// TestCannotStart says in the table why a service could not be started, also where it ran
// before, and all of it in JSON and in why.
func TestCannotStart(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, `
[service.missing]
command = "/nonexistent/program"
[service.nowhere]
command = "/bin/sleep 1000"
directory = "$DIR/nowhere"
[service.forbidden]
command = "$DIR/text"
[service.unset]
command = "/bin/sleep 1000"
environment-file = "$DIR/nothing"
[service.moves]
command = "$DIR/moves"
startup = "disabled"
restart = { delay = "1h", max-delay = "1h" }
`, as)
		for name, want := range map[string]string{
			"missing": "no such file", "nowhere": "cannot chdir", "forbidden": "no such file", "unset": "environment file",
		} {
			s.awaitState(t, name, "failed")
			for _, args := range [][]string{{"status", name}, {"status", "--board", name}} {
				if out, code := s.run(t, args...); code != 3 || !strings.HasSuffix(out, " "+want+"\n") {
					t.Errorf("%v: status %d: %s", args, code, out)
				}
			}
			got := s.status(t, name)
			if got.Unstarted.Obstacle.String() != want || got.Unstarted.Text == "" || got.Exited {
				t.Errorf("%s: %+v", name, got.Unstarted)
			}
			inOrder(t, s.must(t, "why", name), name+" is failed, cannot start: "+got.Unstarted.Text+"\n", "cannot start: "+got.Unstarted.Text)
		}
		out, _ := s.run(t, "status", "--format", "json", "missing")
		inOrder(t, out, `"exit": null`, `"unstarted": {`, `"reason": "no such file"`, `"text": "execve /nonexistent/program: no such file or directory"`)

		writeFile(t, s.dir+"/text", "text")
		s.run(t, "start", "forbidden")
		if got := s.status(t, "forbidden"); got.Unstarted.Obstacle != status.PermissionDenied {
			t.Errorf("forbidden: %+v", got)
		}
		if err := os.WriteFile(s.dir+"/moves", []byte("#!/bin/sh\nexit 7\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		s.run(t, "start", "moves")
		s.awaitSlot(t, "moves", "ended", func(s status.Service) bool { return s.Exited })
		if out, _ := s.run(t, "status", "moves"); !strings.HasSuffix(out, " code 7\n") {
			t.Errorf("it has ended: %s", out)
		}
		if err := os.Rename(s.dir+"/moves", s.dir+"/moved"); err != nil {
			t.Fatal(err)
		}
		s.run(t, "start", "moves")
		if out, _ := s.run(t, "status", "moves"); !strings.HasSuffix(out, " no such file\n") {
			t.Errorf("it is not there any more: %s", out)
		}
		if err := os.Rename(s.dir+"/moved", s.dir+"/moves"); err != nil {
			t.Fatal(err)
		}
		s.run(t, "start", "moves")
		if out, _ := s.run(t, "status", "moves"); !strings.HasSuffix(out, " code 7\n") {
			t.Errorf("it is there again: %s", out)
		}
		s.stop(t, syscall.SIGTERM)
	})
}

// TestWhoAsks tells of a command who is behind the client: the shell, its terminal, and who
// has logged in there.
func TestWhoAsks(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, "[service.web]\ncommand = \"sleep 1000\"\n", as)
		s.awaitRunning(t, "web")
		master, terminal, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer master.Close()
		defer terminal.Close()
		const login = 4242 // has no account
		script := fmt.Sprintf("echo %d 2>/dev/null >/proc/self/loginuid; cat /proc/self/loginuid >&3; %q restart web; exit $?", login, entryBuild)
		shell := exec.Command("sh", "-c", script)
		logged := writeFile(t, filepath.Join(s.dir, "login"), "")
		to, err := os.OpenFile(logged, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer to.Close()
		shell.ExtraFiles = []*os.File{to}
		shell.Env = append(os.Environ(), "SUPERVISE_RUNTIME_DIR="+s.runtime)
		shell.Stdin, shell.SysProcAttr = terminal, &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if s.cmd.SysProcAttr.Credential != nil {
			shell.SysProcAttr.Credential = s.cmd.SysProcAttr.Credential
		}
		if out, err := shell.CombinedOutput(); err != nil {
			t.Fatalf("restart: %v: %s", err, out)
		}
		i := slices.IndexFunc(s.history(t, "web"), func(e request.Event) bool { return e.Kind == "restart" })
		if i < 0 {
			t.Fatal("the restart is not told")
		}
		e := s.history(t, "web")[i]
		by, tty := e.By, strings.TrimPrefix(terminal.Name(), "/dev/")
		if by == nil || by.Name != "supervise" || by.Parent == nil || by.Parent.Name != "sh" || by.Parent.PID != shell.Process.Pid || by.TTY != tty || by.User == "" {
			t.Fatalf("%+v", by)
		}
		want := fmt.Sprintf("restart asked for by pid %d (sh, tty %s, user ", shell.Process.Pid, tty)
		if text, _ := os.ReadFile(logged); strings.TrimSpace(string(text)) == strconv.Itoa(login) {
			want += "uid 4242 as "
			if by.Login != "uid 4242" {
				t.Errorf("logged in: %+v", by)
			}
		}
		if !strings.HasPrefix(e.Text, want) || !strings.HasSuffix(e.Text, by.User+")") {
			t.Errorf("%q, want %q...", e.Text, want)
		}
		inOrder(t, s.must(t, "events", "--format", "json", "-n", "0", "web"), `"by":{"pid":`, `"name":"supervise","parent":{"pid":`, `"name":"sh"},"tty":"`+tty+`","user":"`)
		s.await("who asked", func(l line) bool { return l.Message == e.Text && strings.HasSuffix(e.Text, l.By) })
		s.stop(t, syscall.SIGTERM)
	})
}
