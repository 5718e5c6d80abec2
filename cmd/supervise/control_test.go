package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// golden compares a text with that of a file, or writes it there with -update.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" {
		writeFile(t, file, text)
		return
	}
	if want, _ := os.ReadFile(file); text != string(want) {
		t.Errorf("%s is not what it was (go test -update rewrites it):\n%s", file, text)
	}
}

// answers are what a scripted supervisor says to the next request: all but the last by
// [control.Call.Tell].
type answers []*request.Reply

// scripted is a supervisor with scripted answers.
type scripted struct {
	variables []string           // in the environment of commands
	held      chan *control.Call // if it is not nil, where requests go instead of being answered

	dir    string
	server *control.Server
	wake   chan struct{}
	tasks  sync.WaitGroup

	mu       sync.Mutex
	answers  answers
	requests []string
	services []status.Service // the answer to every status, when there is no other
}

// root opens a directory until nobody needs it any more.
func root(dir string) *os.Root {
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	return root
}

func newScripted(t *testing.T) *scripted {
	t.Helper()
	s := &scripted{dir: t.TempDir(), wake: make(chan struct{}, 1)}
	var err error
	s.server, _, err = control.Open(control.Options{
		Dir: root(s.dir), Mode: 0o600, Group: -1,
		Wake: func() {
			select {
			case s.wake <- struct{}{}:
			default:
			}
		},
		Report: func(source string, err error) { t.Errorf("%s: %v", source, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.server.Serve(nil)
	s.tasks.Go(func() {
		for range s.wake {
			for call, ended, ok := s.server.Take(); ok; call, ended, ok = s.server.Take() {
				if !ended {
					s.answer(call)
				}
			}
		}
	})
	t.Cleanup(func() {
		s.server.Close()
		close(s.wake)
		s.tasks.Wait()
	})
	return s
}

func (s *scripted) answer(call *control.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil {
		s.held <- call
		return
	}
	text, _ := request.Marshal(call.Request)
	s.requests = append(s.requests, string(text))
	_, status := call.Request.(request.Status)
	if len(s.answers) == 0 && status && s.services != nil {
		call.Reply(&request.Reply{Services: s.services})
		return
	}
	if len(s.answers) == 0 {
		return // for ever
	}
	last := len(s.answers) - 1
	for _, r := range s.answers[:last] {
		call.Tell(r)
	}
	if end := s.answers[last]; end != nil {
		call.Reply(end)
	}
	s.answers = nil
}

// say sets what is to be answered next; a nil at the end keeps the request waiting.
func (s *scripted) say(a answers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers, s.requests = a, nil
}

// transcript runs a command against the supervisor and returns what was asked, printed
// and answered.
func (s *scripted) transcript(t *testing.T, a answers, args ...string) string {
	t.Helper()
	s.say(a)
	out, code := askWith(t, s.dir, s.variables, args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	var text strings.Builder
	fmt.Fprintf(&text, "$ supervise %s\n", strings.Join(args, " "))
	for _, r := range s.requests {
		fmt.Fprintf(&text, "-> %s\n", r)
	}
	text.WriteString(out)
	if code != 0 {
		fmt.Fprintf(&text, "exit status %d\n", code)
	}
	text.WriteByte('\n')
	out = strings.ReplaceAll(text.String(), s.dir, "$DIR")
	return strings.ReplaceAll(out, "pid "+strconv.Itoa(os.Getpid()), "pid $PID")
}

// ask runs a command that asks the supervisor of a directory. It returns what it printed,
// its errors last.
func ask(t *testing.T, dir string, args ...string) (out string, code int) {
	t.Helper()
	return askWith(t, dir, nil, args...)
}

// askWith is ask with variables in the environment.
func askWith(t *testing.T, dir string, variables []string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(entryBuild, args...)
	cmd.Env = append(append(os.Environ(), "SUPERVISE_RUNTIME_DIR="+dir, "TZ=UTC"), variables...)
	cmd.Dir = "/"
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	testproc.Start(t, cmd)
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Wait(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatal(err)
		}
		code = exitCode(t, err)
	}
	return stdout.String() + stderr.String(), code
}

// moment is when everything happens in a scripted answer.
var moment = time.Date(2026, 3, 1, 14, 2, 3, 123e6, time.UTC)

func later(ms int) time.Time { return moment.Add(time.Duration(ms) * time.Millisecond) }

func failure(code request.Code, text string) answers {
	return answers{{Error: &request.Failure{Code: code, Text: text}}}
}

// runtimeFirst has the Go runtime start before anything else.
const runtimeFirst = "SUPERVISE_NUCLEUS=off"

// TestTranscripts holds what each command asks, prints and returns, before there is a Go runtime, if it
// is answered there, and after that.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	for _, variables := range [][]string{nil, {runtimeFirst}} {
		testTranscripts(t, variables)
	}
}

func testTranscripts(t *testing.T, variables []string) {
	t.Helper()
	s := newScripted(t)
	s.mu.Lock()
	s.services, s.variables = testServices(), variables
	s.mu.Unlock()
	for name, conversations := range transcripts() {
		var text strings.Builder
		for _, c := range conversations {
			text.WriteString(s.transcript(t, c.answers, c.args...))
		}
		golden(t, "testdata/transcripts/"+name+".txt", text.String())
	}
}

func TestTranscriptOfNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"status"}, {"start", "web"}, {"signal", "web", "HUP"}, {"shutdown"}, {"logs", "-f", "web"}, {"update"}, {"why", "web"},
	} {
		out, code := ask(t, dir, args...)
		if code != 3 || !strings.Contains(out, "no supervise runs in "+dir) || !strings.Contains(out, "--runtime-dir") {
			t.Errorf("supervise %v: status %d: %s", args, code, out)
		}
	}
}

func testServices() []status.Service {
	return []status.Service{
		{Name: "web", State: "running", Wanted: status.Up, PID: 812, Ready: true, Since: moment.UnixNano(), SigQ: status.SigQ{Used: 1, Limit: 96365}},
		{
			Name: "worker", State: "backoff", Wanted: status.Up, Since: moment.UnixNano(), Restarts: 3, Exited: true,
			Exit: status.Exit{
				Exit: signals.Exit{Code: -1, Signal: signals.SIGKILL}, Time: moment.UnixNano(), By: status.Process{PID: 812, Name: "bash"},
				Cause: "from pid 812 (bash, uid 0)",
			},
			NextRestart: later(2000).UnixNano(), Held: 4,
		},
		{Name: "database", State: "stopping", Wanted: status.Down, PID: 900, Since: moment.UnixNano(), Rung: 1, Rungs: 3},
	}
}

type conversation struct {
	args    []string
	answers answers
}

// talk is a command line, its arguments one space apart, and what it is answered.
func talk(line string, a answers) conversation { return conversation{strings.Split(line, " "), a} }

func transcripts() map[string][]conversation {
	stopped := answers{
		{Events: []request.Event{{ID: 7, Service: "web", Kind: "ladder-rung", Text: "SIGQUIT to pid 812 (rung 1 of 3)"}}},
		{Events: []request.Event{{ID: 9, Service: "web", Kind: "survivors", Text: "pid 815 (nginx) survives its main process"}}},
		{Outcomes: []request.Outcome{{Service: "web", OK: true, Result: "down", Text: "is down: exited with code 0"}}},
	}
	events := []request.Event{
		{ID: 41, Time: moment, Kind: "signal", By: &request.Process{
			PID: 700, UID: 0, Name: "bash", Parent: &request.Parent{PID: 7, UID: 1000, Name: "ssh"}, TTY: "pts/3", User: "root", Login: "alice",
		}, Text: "SIGHUP from pid 700 (bash, uid 0)"},
		{ID: 42, Cause: 41, Origin: 41, Time: later(1), Service: "web", Kind: "forwarded", PID: 812, Text: "SIGHUP forwarded to pid 812"},
		{ID: 44, Cause: 42, Origin: 41, Time: later(9), Service: "web", Kind: "exited", PID: 812, Text: "exited with code 1"},
		{ID: 45, Cause: 44, Origin: 41, Time: later(9), Service: "web", Kind: "backoff"},
		{
			ID: 47, Cause: 44, Origin: 41, Time: later(9), Service: "web", Kind: "lines", Text: "its last 2 lines before that",
			Lines: []string{"listening\ton :80", "\x1b[31mcannot\x1b[m\x1b[2J \u202ebind"},
		},
		{ID: 46, Cause: 42, Origin: 41, Time: later(10), Service: "web", Kind: "queue", Text: "nothing is held any more"},
	}
	lines := []request.Line{
		{Time: moment, Service: "web", Stream: "stdout", Text: "GET / 200"},
		{Time: later(5), Service: "web", Stream: "stderr", Text: "<warning> \"slow\""},
	}
	several := append(lines[:1:1], request.Line{Time: later(2), Service: "database", Stream: "stderr", Text: "ready"}, lines[1])
	outcome := func(service string, ok bool, result, text string) answers {
		return answers{{Outcomes: []request.Outcome{{Service: service, OK: ok, Result: result, Text: text}}}}
	}
	return map[string][]conversation{
		"status": {
			talk("status --format json", nil),
			talk("status --format json web", answers{{Services: testServices()[:1]}}),
			talk("status --format json worker", answers{{Services: testServices()[1:2]}}),
			talk("status --format json", answers{{}}),
			talk("status wbe", failure(request.UnknownService, "no service wbe")),
			talk("status nothing-like-it web", failure(request.UnknownService, "no service nothing-like-it")),
			talk("status .", failure(request.Usage, "\".\" cannot be the name of a service")),
			talk("status --format yaml", nil),
		},
		"start": {
			talk("start web worker", answers{{Outcomes: []request.Outcome{
				{Service: "web", OK: true, Result: "up", Text: "was up already, pid 812"},
				{Service: "worker", Result: "failed", Text: "cannot be started: execve /nowhere: no such file or directory"},
			}}}),
			talk("start --all --once --no-wait", answers{{Text: "accepted"}}),
			talk("start --format json web", outcome("web", true, "up", "")),
			talk("start web", failure(request.Refused, "a shutdown has begun")),
			talk("start", nil),
			talk("start --all web", nil),
			talk("start --timeout -1s web", nil),
		},
		"stop": {
			talk("stop web", stopped),
			talk("stop --format json web", stopped),
			talk("stop --timeout 300ms web", nil),
			talk("stop --all --no-wait", answers{{Text: "accepted"}}),
		},
		"restart": {
			talk("restart web", outcome("web", true, "up", "is up, pid 901")),
			talk("restart --all", outcome("web", true, "up", "")),
			talk("restart -x", nil),
		},
		"reload": {
			talk("reload web", outcome("web", true, "delivered", "delivered to its handler")),
			talk("reload web", outcome("web", false, "ignored", "pid 812 ignores it")),
		},
		"signal": {
			talk("signal web HUP", outcome("web", true, "delivered", "")),
			talk("signal --scope tree web RTMIN+3 0x2a", outcome("web", true, "held", "held until it has started")),
			talk("signal web RTMIN+3 -- -1", outcome("web", true, "delivered", "")),
			talk("signal --format json web 15", outcome("web", false, "refused", "operation not permitted")),
			talk("signal web SIGHPU", nil),
			talk("signal web HUP many", nil),
			talk("signal web", nil),
			talk("signal --scope all web HUP", nil),
		},
		"pause": {
			talk("pause web", outcome("web", true, "paused", "is paused: 2 processes stopped")),
			talk("continue --all", outcome("web", true, "running", "")),
			talk("pause", nil),
		},
		"wait": {
			talk("wait web", answers{{Services: testServices()[:1]}}),
			talk("wait --for down --timeout 30s --format json worker", answers{{Services: testServices()[1:2]}}),
			talk("wait --for ready worker", failure(request.TimedOut, "worker is not ready after 1s: it is in backoff")),
			talk("wait --for gone worker", nil),
		},
		"events": {
			talk("events", answers{{Events: events}}),
			talk("events -f -n 2 web", answers{{Events: events[1:2]}, {Events: events[2:], Dropped: 12}, {Error: &request.Failure{Code: request.Failed, Text: "supervise ends"}}}),
			talk("events --format json --lines 0", answers{{Events: events[:2]}}),
			talk("events -n -1", nil),
		},
		"why": {
			talk("why web", answers{{Services: testServices()[1:2], Events: events}}),
			talk("why --format json web", answers{{Events: events[:1]}}),
			talk("why web", failure(request.NotSupported, "nothing is remembered of that")),
			talk("why", nil),
		},
		"update": {
			talk("update --dry-run etc/new.toml", answers{{Plan: []request.Change{
				{Action: "add", Service: "cache"},
				{Action: "restart", Service: "web", Text: "restart service \"web\"", Keys: []string{"command", "stop.ladder"}},
				{Action: "change", Text: "change the supervisor while it runs"},
			}}}),
			talk("update", answers{{}}),
			talk("update --format json", answers{{}}),
			talk("update", failure(request.Failed, "/etc/services.toml:3:1: unknown key \"comand\"\n  3 | comand = 1\n    | ^ did you mean \"command\"?")),
			talk("update a b", nil),
		},
		"logs": {
			talk("logs web", answers{{Lines: lines}}),
			talk("logs -f -t -n 2 web", answers{{Lines: lines[:1]}, {Lines: lines[1:]}, {}}),
			talk("logs --format json web", answers{{Lines: lines}}),
			talk("logs wurker", failure(request.UnknownService, "no service wurker")),
			talk("logs web database", answers{{Lines: several}}),
			talk("logs -f web database web", answers{{Lines: several[:2]}, {Lines: several[2:], Dropped: 3}, {}}),
			talk("logs --format json -n 3 web database", answers{{Lines: several}}),
			talk("logs -t", answers{{Lines: several}}),
			talk("logs web web", answers{{Lines: lines}}),
			talk("logs web wurker dtabase", failure(request.UnknownService, "no service wurker")),
			talk("logs --all", nil),
			talk("logs -n -1", nil),
		},
		"shutdown": {
			talk("shutdown --no-wait", answers{{Text: "the shutdown begins"}}),
			talk("shutdown --now --timeout 10ms", answers{{}}),
		},
		"complete": {
			talk("__complete stop web w", nil),
			talk("__complete why web w", nil),
			talk("__complete wait --for ", nil),
			talk("__complete signal web SIGTT", nil),
			talk("__complete signal web hu", nil),
			talk("__complete signal w", nil),
		},
	}
}

// TestFollowEnds ends a command that goes on for ever: as its reader goes, as somebody
// presses Ctrl-C.
func TestFollowEnds(t *testing.T) {
	t.Parallel()
	for _, how := range []syscall.Signal{syscall.SIGPIPE, syscall.SIGINT} {
		s := newScripted(t)
		event := &request.Reply{Events: []request.Event{{ID: 1, Time: moment, Kind: "signal", Text: "SIGHUP"}}}
		s.say(answers{event, nil})
		cmd := exec.Command(entryBuild, "events", "--follow", "--runtime-dir", s.dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		testproc.Start(t, cmd)
		timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if how == syscall.SIGPIPE {
			_ = out.Close()
		} else {
			_ = cmd.Process.Signal(how)
			_, _ = io.Copy(io.Discard, out)
		}
		if code := exitCode(t, cmd.Wait()); code != 128+int(how) || stderr.Len() > 0 {
			t.Errorf("%v: status %d: %s", how, code, stderr.String())
		}
	}
}

// TestForeigner may not command the supervisor.
func TestForeigner(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := newScripted(t)
	if err := os.Chmod(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(s.dir), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(entryBuild, "status", "--runtime-dir", s.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	testproc.Start(t, cmd)
	if code := exitCode(t, cmd.Wait()); code != 1 || !strings.Contains(out.String(), "permission denied") || !strings.Contains(out.String(), "control.group") {
		t.Errorf("status %d: %s", code, out.String())
	}
}
