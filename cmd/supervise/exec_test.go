package main_test

import (
	"encoding/json"
	"errors"
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

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/send"
)

// inheritProgram builds testdata/inherit.c, which prints what it inherits, where every user can
// execute it.
func inheritProgram(t *testing.T) string {
	t.Helper()
	prog := testproc.Build(t, "testdata", [][]string{{"gcc", "-O1", "-o", "prog", "DIR/inherit.c"}})
	text, err := os.ReadFile(prog)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(openDir(t), "inherit")
	if err := os.WriteFile(file, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// inherited runs a command in a state of its own, and returns what it prints.
func inherited(t *testing.T, as func(*exec.Cmd), inherit string, state []string, command ...string) (out string, code int) {
	t.Helper()
	argv := append(append([]string{"state"}, state...), "--")
	cmd := exec.Command(inherit, append(argv, command...)...)
	var text strings.Builder
	cmd.Stdout, cmd.Stderr = &text, &text
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	as(cmd)
	testproc.Start(t, cmd)
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return text.String(), 128 + int(status.Signal())
	}
	return text.String(), status.ExitStatus()
}

// asUsers are root and nobody, as far as this user can be both.
func asUsers(t *testing.T, test func(t *testing.T, as func(*exec.Cmd))) {
	t.Helper()
	t.Run("root", func(t *testing.T) {
		needRoot(t)
		test(t, func(*exec.Cmd) {})
	})
	t.Run("user", func(t *testing.T) {
		test(t, func(cmd *exec.Cmd) {
			if os.Geteuid() == 0 {
				cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
			}
		})
	})
}

// TestExecKeeps executes a program that prints what it inherits directly, and by exec without
// any flag: both must print the same, pending signals with sender and value among it.
func TestExecKeeps(t *testing.T) {
	inherit := inheritProgram(t)
	everything := []string{"34:5", "34:6", "34:7", "40:1", "40:2", "64:3", "64:18446744073709551615", "33:9", "15:3", "17:9", "1:k", "10:k", "11:8", "12:4", "28:1", "20:2"}
	asUsers(t, func(t *testing.T, as func(*exec.Cmd)) {
		for name, state := range map[string][]string{
			"nothing":          {"0", "0"},
			"mask":             {"8000000180004a00", "0"},
			"all ignored":      {"0", "fffffffffffbfeff"},
			"all blocked":      {"ffffffffffffffff", "0"},
			"pending":          append([]string{"ffffffffffffffff", "0"}, everything...),
			"pending, ignored": append([]string{"ffffffffffffffff", "ffffffffffffffff"}, everything...),
		} {
			want, code := inherited(t, as, inherit, state, inherit, "report")
			if code != 0 {
				t.Fatalf("%s: status %d: %s", name, code, want)
			}
			got, code := inherited(t, as, inherit, state, entryBuild, "exec", "--", inherit, "report")
			if code != 0 || got != want {
				t.Errorf("%s: status %d\n%swant\n%s", name, code, got, want)
			}
			if len(state) > 2 {
				continue // the Go runtime takes pending signals, or dies of them: signals/intake/boot
			}
			if got, code = inherited(t, as, inherit, state, reexecBuild, "exec", inherit, "report"); code != 0 || got != want {
				t.Errorf("%s without the entry point: status %d\n%swant\n%s", name, code, got, want)
			}
		}
	})
}

// facts are the lines of a report, by their first word.
func facts(report string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(report) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		all[name] += value + ";"
	}
	return all
}

// TestExecSets looks at the one thing that each flag changes.
func TestExecSets(t *testing.T) {
	inherit := inheritProgram(t)
	const block, ignore = "0000000000004200", "0000000000003000" // USR1 TERM; PIPE ALRM
	for name, test := range map[string]struct {
		flags string
		want  map[string]string
	}{
		"block":            {"--block HUP,RTMIN", map[string]string{"blocked": "0000000200004201;"}},
		"unblock":          {"--unblock USR1", map[string]string{"blocked": "0000000000004000;"}},
		"ignore":           {"--ignore 64 --ignore HUP", map[string]string{"ignored": "8000000000003001;"}},
		"default":          {"--default PIPE", map[string]string{"ignored": "0000000000002000;"}},
		"reset":            {"--reset-all --block TERM", map[string]string{"blocked": "0000000000004000;", "ignored": "0000000000000000;"}},
		"reset and more":   {"--reset-all --block CHLD,TERM --ignore CHLD", map[string]string{"blocked": "0000000000014000;", "ignored": "0000000000010000;"}},
		"all":              {"--block all --ignore all", map[string]string{"blocked": "fffffffffffbfeff;", "ignored": "fffffffffffbfeff;"}},
		"pending limit":    {"--pending-limit 3", map[string]string{"pending-limit": "3 3;"}},
		"core limit":       {"--core-limit 0", map[string]string{"core-limit": "0 0;"}},
		"core filter":      {"--core-filter elf-headers,private-anonymous", map[string]string{"core-filter": "00000011;"}},
		"subreaper":        {"--subreaper", map[string]string{"subreaper": "1;"}},
		"no subreaper":     {"--subreaper=false", map[string]string{"subreaper": "0;"}},
		"parent death":     {"--parent-death-signal RTMIN+1", map[string]string{"parent-death": "35;"}},
		"no parent death":  {"--parent-death-signal none", map[string]string{"parent-death": "0;"}},
		"new session":      {"--new-session", map[string]string{"own-session": "1;", "own-group": "1;"}},
		"new group":        {"--new-group", map[string]string{"own-session": "0;", "own-group": "1;"}},
		"dumpable":         {"--dumpable", map[string]string{"dumpable": "1;"}},
		"pending, ignored": {"--ignore TERM", map[string]string{"ignored": "0000000000007000;", "pending": "0000000000004000;", "queued": "15 code -1 pid 4711 uid 12 value 3;"}},
		"pending, no room": {"--pending-limit 0", map[string]string{"pending-limit": "0 0;", "pending": "0000000000004000;", "queued": "15 code -1 pid 4711 uid 12 value 3;"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asUsers(t, func(t *testing.T, as func(*exec.Cmd)) {
				state := []string{block, ignore, "15:3"}
				before, _ := inherited(t, as, inherit, state, inherit, "report")
				command := append([]string{entryBuild, "exec"}, strings.Fields(test.flags)...)
				after, code := inherited(t, as, inherit, state, append(command, "--", inherit, "report")...)
				if code != 0 {
					t.Fatalf("status %d: %s", code, after)
				}
				want, got := facts(before), facts(after)
				for fact, value := range test.want {
					want[fact] = value
				}
				for fact, value := range want {
					if got[fact] != value {
						t.Errorf("%s is %q, want %q", fact, got[fact], value)
					}
				}
			})
		})
	}
}

// TestExecFails looks at the exit status of what cannot be executed.
func TestExecFails(t *testing.T) {
	inherit := inheritProgram(t)
	as := func(*exec.Cmd) {}
	dir := openDir(t)
	plain := writeFile(t, filepath.Join(dir, "plain"), "text")
	text := writeFile(t, filepath.Join(dir, "text"), "text")
	if err := os.Chmod(text, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		state, args string
		code        int
		says        string
	}{
		{"0 0", "/nonexistent", 127, "no such file"},
		{"0 0", "nonexistent-program", 127, "nonexistent-program"},
		{"0 0", plain, 126, "chmod +x"},
		{"0 0", text, 126, "exec format error"},
		{"0 0", "--block TERM --unblock TERM true", 2, "exclude each other"},
		{"0 0", "--block TERMM true", 2, "did you mean SIGTERM?"},
		{"0 0", "--ignore KILL true", 2, "neither blocked nor ignored"},
		{"0 0", "--pending-limit 4:3 true", 2, "above the hard one"},
		{"0 0", "", 2, "COMMAND is missing"},
		{"4000 0 15:1", "--unblock TERM true", 128 + 15, ""},
		{"200 0 10:1", "--unblock USR1 --ignore USR1 true", 0, ""},
	} {
		out, code := inherited(t, as, inherit, strings.Fields(test.state), append([]string{"/usr/bin/env", "PATH=/usr/bin:/bin", entryBuild, "exec"}, strings.Fields(test.args)...)...)
		if code != test.code || !strings.Contains(out, test.says) {
			t.Errorf("exec %s: status %d, %s", test.args, code, out)
		}
	}
}

// TestExecShow prints what a command would inherit, pending signals with sender and value.
func TestExecShow(t *testing.T) {
	inherit := inheritProgram(t)
	asUsers(t, func(t *testing.T, as func(*exec.Cmd)) {
		state := []string{"8000004200", "1000", "40:5", "15:k"}
		out, code := inherited(t, as, inherit, state, entryBuild, "exec", "--show", "--format", "json", "--block", "HUP", "--pending-limit", "7:")
		var got struct {
			Blocked, Ignored []string
			Exact            bool
			Pending          []struct {
				Signal, Sender string
				Value          uint64
			}
			Limit [2]*uint64 `json:"pending_limit"`
			Death string     `json:"parent_death_signal"`
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 {
			t.Fatalf("%v, status %d: %s", err, code, out)
		}
		all := fmt.Sprintln(got.Blocked, got.Ignored, got.Exact, len(got.Pending), got.Pending[1].Signal, got.Pending[1].Value, got.Pending[1].Sender, *got.Limit[0])
		if want := "[SIGHUP SIGUSR1 SIGTERM SIGRTMIN+6] [SIGPIPE] true 2 SIGRTMIN+6 5 pid 4711 (uid 12) 7\n"; all != want {
			t.Errorf("%s\nwant %s", all, want)
		}
		// Others may have been pending: signals/intake/boot.
		out, code = inherited(t, as, inherit, state[:2], reexecBuild, "exec", "--show")
		if code != 0 || !strings.Contains(out, "blocked              SIGUSR1 SIGTERM SIGRTMIN+6\n") || !strings.Contains(out, "taken signals that were pending") {
			t.Errorf("without the entry point: status %d: %s", code, out)
		}
		out, code = inherited(t, as, inherit, state, entryBuild, "exec", "--show", "echo", "done")
		if code != 0 || !strings.Contains(out, "blocked              SIGUSR1 SIGTERM SIGRTMIN+6\n") || !strings.HasSuffix(out, "done\n") {
			t.Errorf("status %d: %s", code, out)
		}
	})
}

// TestExecStorm sends signals all the while that a command is executed: it gets every one, and
// those that the Go runtime leaves alone in order.
func TestExecStorm(t *testing.T) {
	inherit := inheritProgram(t)
	const count, runtimes, others = 2000, 34, 40
	cmd := exec.Command(inherit, "state", "ffffffffffffffff", "0", "--", entryBuild, "exec", "--", inherit, "take", "34", "40")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	testproc.Start(t, cmd)
	awaitBlocked(t, cmd.Process.Pid)
	for n := count; n >= 0; n-- {
		for _, s := range []signals.Signal{runtimes, others} {
			for send.Info(cmd.Process.Pid, signals.Info{Signal: s, Code: signals.CodeQueue, Value: uint64(n)}) == send.Again {
				time.Sleep(time.Millisecond) // other tests fill the queue
			}
		}
		if n%100 == 0 {
			time.Sleep(100 * time.Microsecond) // so that it takes longer than the start of the program
		}
	}
	text, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	got, last := map[string]int{}, count+1
	for line := range strings.Lines(string(text)) {
		got[strings.TrimSpace(line)]++
		var s, n int
		if _, err := fmt.Sscan(line, &s, &n); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if s == others {
			if n != last-1 {
				t.Errorf("%d arrived behind %d", n, last)
			}
			last = n
		}
	}
	for n := range count + 1 {
		for _, s := range []int{runtimes, others} {
			if times := got[fmt.Sprintf("%d %d", s, n)]; times != 1 && n > 0 {
				t.Errorf("signal %d with value %d arrived %d times", s, n, times)
			}
		}
	}
}

// awaitBlocked waits until a process blocks all signals.
func awaitBlocked(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		state, err := sys.ReadSignalState(strconv.Itoa(pid))
		if err != nil || time.Now().After(deadline) {
			t.Fatal("it does not block them:", err)
		}
		if state.Blocked.Has(signals.SIGTERM) { // those that it waits for are not among them
			return
		}
	}
}
