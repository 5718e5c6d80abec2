package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/bpf"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/inspect"
)

// reportOf is what sig says of one process.
func (s *supervised) reportOf(t *testing.T, args ...string) (r inspect.Report) {
	t.Helper()
	out := s.must(t, append([]string{"sig", "--format", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r
}

// reportsOf is what it says of several.
func (s *supervised) reportsOf(t *testing.T, args ...string) (r []inspect.Report) {
	t.Helper()
	out := s.must(t, append([]string{"sig", "--format", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r
}

const sigServices = `
[service.web]
command = ["sh", "-c", "trap '' HUP; sleep 1000; :"]

[service.worker]
command = ["sleep", "1000"]

[service.off]
command = ["sleep", "1000"]
startup = "disabled"
`

// TestSig asks for services and processes, as root and as a user.
func TestSig(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, sigServices, as)
		web, worker := s.awaitState(t, "web", "running").PID, s.awaitState(t, "worker", "running").PID
		var r inspect.Report
		for end := time.Now().Add(patience); ; { // until the shell has begun
			r = s.reportOf(t, "web")
			if len(r.Findings) == 1 && r.Findings[0].ID == "wrapper" {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%+v", r)
			}
		}
		if r.PID != web || r.Comm != "sh" || len(r.Threads) != 1 {
			t.Errorf("%+v", r)
		}
		for _, signal := range r.Signals {
			if signal.Signal == signals.SIGHUP && signal.Disposition != "ignored" {
				t.Errorf("%+v", signal)
			}
		}
		all := s.reportsOf(t)
		if len(all) != 2 || all[0].PID != web || all[1].PID != worker {
			t.Errorf("all services: %+v", all)
		}
		tree := s.reportsOf(t, "--tree", strconv.Itoa(web), "--all")
		if len(tree) != 2 || tree[1].Parent != web || len(tree[1].Signals) != 64 {
			t.Errorf("the tree: %+v", tree)
		}
		if out := s.must(t, "sig", "--queue", strconv.Itoa(worker)); !strings.Contains(out, "No signal is pending.") || !strings.Contains(out, "(sleep), 1 thread") {
			t.Error(out)
		}
		for args, want := range map[string]int{
			"off": 3, "nope": 4, "0": 2, "99999999": 1, "web worker": 2, "--tree 0": 2, "--tree 1 web": 2, "--tree x": 2, "--tree 99999999": 1,
		} {
			if out, code := s.run(t, append([]string{"sig"}, strings.Fields(args)...)...); code != want {
				t.Errorf("sig %s: status %d, want %d: %s", args, code, want, out)
			}
		}
		s.stop(t, 15)
	})
}

// TestSigPlainUser has a user see what /proc gives, and one line about what root would.
func TestSigPlainUser(t *testing.T) {
	t.Parallel()
	cmd := testproc.Inheriting(t, signals.SetOf(signals.SIGUSR1), signals.SetOf(signals.SIGUSR2), "", "/bin/sleep", "1000")
	testproc.Start(t, cmd)
	s := &supervised{cmd: exec.Command(entryBuild)}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{}
	asNobody(s)
	for {
		sig := exec.Command(entryBuild, "sig", strconv.Itoa(cmd.Process.Pid))
		sig.SysProcAttr = s.cmd.SysProcAttr
		out, err := sig.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if !strings.Contains(string(out), "(sleep)") {
			continue // not executed yet
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		missing := lines[len(lines)-1]
		if !strings.HasPrefix(missing, "as root it would also show handlers, flags, masks") || strings.Contains(string(out), "HANDLER") {
			t.Errorf("%s", out)
		}
		for _, want := range []string{"SIGUSR1  default      yes", "SIGUSR2  ignored"} {
			if !strings.Contains(string(out), want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
		return
	}
}

// TestSigWatch shows a process again when it changes, until it ends.
func TestSigWatch(t *testing.T) {
	t.Parallel()
	target := exec.Command("sleep", "1000")
	testproc.Start(t, target)
	watch := exec.Command(entryBuild, "sig", "--watch", "--format", "json", strconv.Itoa(target.Process.Pid))
	out, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, watch)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	next := func(what string, as func(*inspect.Report) bool) {
		t.Helper()
		for lines.Scan() {
			var r inspect.Report
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Fatalf("%v: %s", err, lines.Bytes())
			}
			if as(&r) {
				return
			}
		}
		t.Fatalf("it never shows %s", what)
	}
	signal := func(s syscall.Signal) {
		if err := target.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	next("the process", func(r *inspect.Report) bool { return r.Comm == "sleep" })
	signal(syscall.SIGSTOP)
	next("that it is stopped", func(r *inspect.Report) bool { return len(r.Findings) == 1 && r.Findings[0].ID == "stopped" })
	signal(syscall.SIGTERM)
	next("TERM", func(r *inspect.Report) bool { return len(r.Signals) == 1 && r.Signals[0].Pending.Process })
	signal(syscall.SIGCONT)
	_, _ = target.Process.Wait()
	if lines.Scan() {
		t.Errorf("more: %s", lines.Bytes())
	}
	if err := watch.Wait(); err != nil {
		t.Error(err)
	}
}

// TestSigWatchReused has the pid of a process used again before sig --watch looks once more: that
// is another process.
func TestSigWatchReused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("to choose a pid takes root")
	}
	const script = `sleep 1000 & first=$!
"$1" sig --watch --format json $first >out 2>err & watch=$!
until [ -s out ]; do sleep 0.01; done
kill $first; wait $first
echo $((first-1)) >/proc/sys/kernel/ns_last_pid
sleep 1000 & [ $! = $first ] || { echo "pid $! is not $first"; exit 9; }
wait $watch; status=$?
cat out err
exit $status`
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script, "sh", entryBuild)
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if err != nil || strings.Count(string(out), "\n") != 2 || !strings.HasSuffix(string(out), "the process has ended\n") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestSigHandlers names a handler of a real program.
func TestSigHandlers(t *testing.T) {
	t.Parallel()
	if err := bpf.Permitted(); err != nil {
		t.Skip(err)
	}
	prog := testproc.Build(t, "../../signals/actions/testdata", [][]string{{"gcc", "-o", "prog", "DIR/actions.c"}})
	cmd := exec.Command(prog)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(entryBuild, "sig", strconv.Itoa(cmd.Process.Pid)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 {
			rows[fields[0]] = strings.Join(fields[1:], " ")
		}
	}
	for signal, want := range map[string]string{
		"SIGHUP": "caught plain_handler", "SIGINT": "caught static_handler SIGINFO TERM RTMAX", "SIGUSR1": "caught plain_handler NODEFER RESETHAND",
		"SIGCHLD": "caught plain_handler NOCLDSTOP NOCLDWAIT", "SIGTERM": "ignored: by the program", "SIGTTIN": "ignored: inherited",
	} {
		if rows[signal] != want {
			t.Errorf("%s: %q, want %q", signal, rows[signal], want)
		}
	}
}
