package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"supervise/internal/bpf"
	"supervise/internal/testproc"
	"supervise/signals/trace"
)

// runTrace runs supervise trace, as root or as a plain user.
func runTrace(t *testing.T, plain bool, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(entryBuild, append([]string{"trace"}, args...)...)
	var out, notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &notes
	if plain && os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	code = exitCode(t, cmd.Run())
	return out.String(), notes.String(), code
}

// TestTraceUser traces as a plain user: by ptrace, and it says what root would see.
func TestTraceUser(t *testing.T) {
	out, notes, code := runTrace(t, true, "--", "sh", "-c", `trap 'exit 3' TERM; kill $$`)
	if code != 3 || !strings.Contains(out, "SIGTERM") || !strings.Contains(out, "handled by its handler") ||
		!strings.Contains(notes, "root sees more") || !strings.Contains(notes, "by ptrace") {
		t.Errorf("code %d\n%s\n%s", code, out, notes)
	}
	if _, notes, code := runTrace(t, true, "--all"); code != 1 || !strings.Contains(notes, "root sees all") {
		t.Errorf("--all: code %d\n%s", code, notes)
	}
	if _, notes, code := runTrace(t, true, "1"); code != 1 || !strings.Contains(notes, "process 1") {
		t.Errorf("another's: code %d\n%s", code, notes)
	}
}

// TestTraceJSON reads what is printed as JSON.
func TestTraceJSON(t *testing.T) {
	out, _, code := runTrace(t, false, "--quiet", "--format", "json", "--context", "--", "sh", "-c", `kill -TERM $$`)
	if code != 128+15 {
		t.Errorf("code %d", code)
	}
	var terms, events int
	var counts *trace.Counts
	for line := range strings.Lines(out) {
		var object struct {
			trace.Life
			Event  string
			Counts *trace.Counts
		}
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		switch {
		case object.Counts != nil:
			counts = object.Counts
		case object.Event != "":
			events++
		case object.Signal.String() == "SIGTERM" && object.Verdict == trace.Terminated && object.Exit != nil && object.Exit.Signal == 15:
			terms++
		}
	}
	if terms != 1 || events == 0 || counts == nil || counts.Lives == 0 {
		t.Errorf("%d SIGTERM, %d events, counts %+v of\n%s", terms, events, counts, out)
	}
}

func TestTraceFilters(t *testing.T) {
	script := `trap : TERM USR1; kill -TERM $$; kill -USR1 $$; sleep 0.01`
	for _, test := range []struct {
		args []string
		want []string
		not  string
	}{
		{[]string{"--signal", "TERM"}, []string{"SIGTERM"}, "SIGUSR1"},
		{[]string{"--signal", "!TERM,!CHLD"}, []string{"SIGUSR1"}, "SIGTERM"},
		{[]string{"--from", "sleep"}, []string{"SIGCHLD"}, "SIGTERM"},
		{[]string{"--to", "nobody*"}, nil, "SIG"},
	} {
		args := append(test.args, "--quiet", "--", "sh", "-c", script)
		out, notes, code := runTrace(t, false, args...)
		for _, want := range test.want {
			if !strings.Contains(out, want) || strings.Contains(out, test.not) || code != 0 {
				t.Errorf("%q: code %d\n%s\n%s", test.args, code, out, notes)
			}
		}
		if len(test.want) == 0 && strings.Contains(out, test.not) {
			t.Errorf("%q:\n%s", test.args, out)
		}
	}
}

func TestTraceUsage(t *testing.T) {
	t.Setenv("PATH", "/usr/bin:/bin")
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "what to trace is missing"},
		{[]string{"--"}, 2, "COMMAND is missing"},
		{[]string{"x"}, 2, `"x" is no pid`},
		{[]string{"--all", "1"}, 2, "--all includes"},
		{[]string{"--signal", "NOPE", "--all"}, 2, "unknown signal"},
		{[]string{"--signal", "TERM,!TERM", "--all"}, 2, "leaves no signal"},
		{[]string{"--backend", "magic", "--all"}, 2, "must be one of"},
		{[]string{"--buffer", "3", "--all"}, 2, "power of two"},
		{[]string{"1234567"}, 1, "there is no process 1234567"},
		{[]string{"--", "no-such-program-at-all"}, 127, "no-such-program-at-all"},
		{[]string{"--", "/dev/null"}, 126, "/dev/null"},
	} {
		_, notes, code := runTrace(t, false, test.args...)
		if code != test.code || !strings.Contains(notes, test.want) {
			t.Errorf("%q: code %d, want %d\n%s", test.args, code, test.code, notes)
		}
	}
}

// running is a trace that goes on until it is told to end.
type running struct {
	cmd   *exec.Cmd
	out   bytes.Buffer
	notes *bufio.Reader
}

// startTrace starts a trace, and returns when it traces.
func startTrace(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{cmd: exec.Command(entryBuild, append([]string{"trace"}, args...)...)}
	r.cmd.Stdout = &r.out
	notes, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.notes = bufio.NewReader(notes)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := ""
	for {
		line, err := r.notes.ReadString('\n')
		said += line
		if err != nil {
			_ = r.cmd.Wait()
			if strings.Contains(said, "cannot trace") && bpf.Permitted() != nil {
				t.Skip(said)
			}
			t.Fatalf("it does not trace: %s", said)
		}
		if strings.Contains(line, "tracing by") {
			return r
		}
	}
}

// end ends the trace by a signal, 0 for none, and returns what it printed.
func (r *running) end(t *testing.T, s syscall.Signal) string {
	t.Helper()
	if s != 0 {
		_ = r.cmd.Process.Signal(s)
	}
	rest, _ := io.ReadAll(r.notes)
	if err := r.cmd.Wait(); err != nil && s != syscall.SIGKILL {
		t.Errorf("%v\n%s", err, rest)
	}
	return r.out.String()
}

// sleeping is a process that sleeps, and what waits for its end.
func sleeping(t *testing.T) (pid int, ended func()) {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(end)
	return cmd.Process.Pid, end
}

// TestTraceProcess traces a process that runs already, until it has ended.
func TestTraceProcess(t *testing.T) {
	for _, backend := range []string{"bpf", "tracefs"} {
		t.Run(backend, func(t *testing.T) {
			pid, ended := sleeping(t)
			r := startTrace(t, "--backend", backend, strconv.Itoa(pid))
			_ = syscall.Kill(pid, syscall.SIGWINCH)
			_ = syscall.Kill(pid, syscall.SIGTERM)
			ended()
			if out := r.end(t, 0); !strings.Contains(out, "terminated") || !strings.Contains(out, "SIGWINCH") || !strings.Contains(out, "killed by SIGTERM") {
				t.Error(out)
			}
		})
	}
}

// TestTraceKilled kills the tracer: the process goes on, and the next trace removes what the
// first one left.
func TestTraceKilled(t *testing.T) {
	for _, backend := range []string{"bpf", "tracefs", "ptrace"} {
		t.Run(backend, func(t *testing.T) {
			pid, ended := sleeping(t)
			r := startTrace(t, "--backend", backend, strconv.Itoa(pid))
			r.end(t, syscall.SIGKILL)
			again := startTrace(t, "--backend", backend, strconv.Itoa(pid))
			if left, _ := filepath.Glob("/sys/kernel/tracing/instances/supervise-trace-" + strconv.Itoa(r.cmd.Process.Pid) + "-*"); len(left) > 0 {
				t.Errorf("%q is still there", left)
			}
			_ = syscall.Kill(pid, syscall.SIGTERM)
			ended()
			if out := again.end(t, 0); !strings.Contains(out, "terminated") {
				t.Error(out)
			}
			if left, _ := filepath.Glob("/sys/kernel/tracing/instances/supervise-trace-" + strconv.Itoa(again.cmd.Process.Pid) + "-*"); len(left) > 0 {
				t.Errorf("%q is left behind", left)
			}
		})
	}
}

// TestTraceTerminal presses ^C in a terminal, which no process sends.
func TestTraceTerminal(t *testing.T) {
	needRoot(t)
	for _, backend := range []string{"bpf", "tracefs"} {
		t.Run(backend, func(t *testing.T) {
			cmd := exec.Command("sleep", "1000")
			terminal, err := pty.Start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			defer terminal.Close()
			defer cmd.Process.Kill()
			r := startTrace(t, "--backend", backend, strconv.Itoa(cmd.Process.Pid))
			if _, err := terminal.Write([]byte{3}); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			out := r.end(t, 0)
			if !strings.Contains(out, "SIGINT") || !strings.Contains(out, "kernel, in ") || !strings.Contains(out, "killed by SIGINT") {
				t.Error(out)
			}
		})
	}
}

// TestTraceOOM has the kernel's OOM killer end a command: as often as the kernel counts it.
func TestTraceOOM(t *testing.T) {
	needRoot(t)
	for _, backend := range []string{"bpf", "tracefs"} {
		t.Run(backend, func(t *testing.T) {
			group := memoryCgroup(t, 20<<20)
			out, notes, code := runTrace(t, false, "--backend", backend, "--signal", "KILL", "--", "sh", "-c", `echo $$ >"`+group+`/cgroup.procs" && exec tail /dev/zero`)
			if code != 128+9 || !strings.Contains(out, "killed by SIGKILL") {
				t.Fatalf("code %d\n%s\n%s", code, out, notes)
			}
			if kills := strings.Count(out, "kernel, in tail"); kills != oomKills(t, group) {
				t.Errorf("%d SIGKILL of the kernel, want %d\n%s", kills, oomKills(t, group), out)
			}
		})
	}
}

// oomKills is how often the OOM killer has killed in a cgroup.
func oomKills(t *testing.T, group string) (kills int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(group, "memory.events"))
	if err != nil {
		if text, err = os.ReadFile(filepath.Join(group, "memory.oom_control")); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(string(text)) {
		if count, found := strings.CutPrefix(line, "oom_kill "); found {
			kills, _ = strconv.Atoi(strings.TrimSpace(count))
		}
	}
	return kills
}

// TestTraceService traces a service, also beyond a restart.
func TestTraceService(t *testing.T) {
	needRoot(t)
	s := start(t, entryBuild, `
[service.web]
command = "sleep 1000"
`)
	s.await("web", up("web"))
	r := startTrace(t, "--runtime-dir", s.runtime, "--service", "web")
	s.must(t, "restart", "web")
	s.must(t, "restart", "web")
	out := r.end(t, syscall.SIGINT)
	if strings.Count(out, "killed by SIGTERM") != 2 {
		t.Error(out)
	}
	_, notes, code := runTrace(t, false, "--runtime-dir", s.runtime, "--service", "wbe")
	if code != 4 || !strings.Contains(notes, `did you mean "web"?`) {
		t.Errorf("code %d\n%s", code, notes)
	}
	s.stop(t, syscall.SIGTERM)
}

// TestTraceCgroup traces what is in a cgroup, and its end by cgroup.kill.
func TestTraceCgroup(t *testing.T) {
	dir := testproc.Cgroup(t)
	inner := filepath.Join(dir, "inner")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, backend := range []string{"bpf", "tracefs"} {
		t.Run(backend, func(t *testing.T) {
			pid, ended := sleeping(t)
			writeFile(t, filepath.Join(inner, "cgroup.procs"), strconv.Itoa(pid))
			r := startTrace(t, "--backend", backend, "--format", "json", "--cgroup", dir)
			outside, _ := sleeping(t)
			_ = syscall.Kill(outside, syscall.SIGTERM)
			writeFile(t, filepath.Join(inner, "cgroup.kill"), "1")
			ended()
			out := r.end(t, syscall.SIGTERM)
			if !strings.Contains(out, `"signal":"SIGKILL"`) || !strings.Contains(out, `"verdict":"terminated"`) || strings.Contains(out, "SIGTERM") {
				t.Error(out)
			}
			if backend == "bpf" && !strings.Contains(out, strings.TrimPrefix(inner, testproc.CgroupRoot())) {
				t.Errorf("no cgroup in %s", out)
			}
		})
	}
}
