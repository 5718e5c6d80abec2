package main_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/deliver"
)

// target starts a shell command that prints ready.
func target(t *testing.T, as func(*exec.Cmd), script string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	as(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // a shell can wait for it without forking
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	var line [6]byte
	if _, err := out.Read(line[:]); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// send runs supervise send.
func runSend(t *testing.T, as func(*exec.Cmd), args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(entryBuild, append([]string{"send"}, args...)...)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	as(cmd)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// sent is a line of send --format json.
type sent struct {
	PID               int
	Comm              string
	Signal            signals.Signal
	Value             *uint64
	Predicted, Result *struct {
		Verdict, Reason, Then, Text string
		Lost                        bool `json:"siginfo_lost"`
	}
	End *struct {
		Known bool
		Code  int
		By    signals.Signal `json:"signal"`
	}
}

func sendJSON(t *testing.T, as func(*exec.Cmd), args ...string) (all []sent, code int) {
	t.Helper()
	out, code := runSend(t, as, append([]string{"--format", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v: %v, %s", args, err, out)
	}
	return all, code
}

// TestSend sends to processes of its own user, and looks at verdicts and exit statuses.
func TestSend(t *testing.T) {
	asUsers(t, func(t *testing.T, as func(*exec.Cmd)) {
		for _, test := range []struct {
			script string
			args   string // behind send, PID for the pid
			code   int
			want   string // signal and verdict of each
			end    string // of the last, "" for none
		}{
			{"echo ready; exec sleep 100", "PID TERM", 0, "SIGTERM terminated", ""},
			{"echo ready; exec sleep 100", "--dry-run PID TERM", 0, "SIGTERM terminated", ""},
			{"echo ready; exec sleep 100", "PID WINCH", 1, "SIGWINCH ignored", ""},
			{"echo ready; exec sleep 100", "--wait 20s PID USR1", 0, "SIGUSR1 terminated", "SIGUSR1 -1"},
			{"echo ready; exec sleep 100", "--wait 20s PID RTMIN+3 5", 0, "SIGRTMIN+3 terminated", "SIGRTMIN+3 -1"},
			{"trap '' TERM; echo ready; exec sleep 100", "PID TERM", 1, "SIGTERM ignored", ""},
			{"trap '' TERM; echo ready; exec sleep 100", "--wait 50ms PID TERM", 1, "SIGTERM ignored", ""},
			{"trap '' TERM; echo ready; exec sleep 100", "--wait 50ms --then INT --then KILL PID TERM", 0, "SIGTERM ignored, SIGINT terminated", "SIGINT -1"},
			{"trap '' TERM INT; echo ready; exec sleep 100", "--wait 50ms --then INT --then KILL PID TERM", 0, "SIGTERM ignored, SIGINT ignored, SIGKILL terminated", "SIGKILL -1"},
			{"trap : TERM; echo ready; while :; do read never; done", "--wait 50ms PID TERM", 5, "SIGTERM handled", ""},
			{"trap 'exit 3' TERM; echo ready; while :; do read never; done", "--wait 20s PID TERM", 0, "SIGTERM handled", " 3"},
		} {
			cmd := target(t, as, test.script)
			args := strings.Fields(strings.ReplaceAll(test.args, "PID", strconv.Itoa(cmd.Process.Pid)))
			done := make(chan struct{})
			go func() { // it is to be reaped as soon as it ends
				defer close(done)
				_, _ = cmd.Process.Wait()
			}()
			all, code := sendJSON(t, as, args...)
			var got []string
			end := ""
			for _, s := range all {
				verdict := s.Predicted
				if s.Result != nil {
					verdict = s.Result
				}
				got = append(got, s.Signal.String()+" "+verdict.Verdict)
				if end = ""; s.End != nil && !s.End.Known {
					end = test.end // Linux before 6.15
				} else if s.End != nil {
					name := ""
					if s.End.By != 0 {
						name = s.End.By.String()
					}
					end = name + " " + strconv.Itoa(s.End.Code)
				}
			}
			if code != test.code || strings.Join(got, ", ") != test.want || end != test.end {
				t.Errorf("%s, send %s: status %d, %q, %q", test.script, test.args, code, got, end)
			}
			_ = cmd.Process.Kill()
			<-done
		}
	})
}

// TestSendStopped has signals wait for the end of a stop.
func TestSendStopped(t *testing.T) {
	as := func(*exec.Cmd) {}
	cmd := target(t, as, "echo ready; exec sleep 100")
	pid := strconv.Itoa(cmd.Process.Pid)
	for _, step := range []struct{ args, want string }{
		{"STOP", "stopped"},
		{"TERM", "pending"},
		{"TERM", "coalesced"},
		{"RTMIN 7", "pending"},
		{"CONT", "continued"},
	} {
		all, _ := sendJSON(t, as, append([]string{pid}, strings.Fields(step.args)...)...)
		if len(all) != 1 || all[0].Result.Verdict != step.want {
			t.Errorf("%s: %+v", step.args, all[0].Result)
		}
	}
	if state, err := cmd.Process.Wait(); err != nil || state.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("%v, %v", state, err)
	}
}

// TestSendText looks at what people see.
func TestSendText(t *testing.T) {
	as := func(*exec.Cmd) {}
	cmd := target(t, as, "echo ready; exec sleep 100")
	pid := strconv.Itoa(cmd.Process.Pid)
	out, code := runSend(t, as, "--predict", pid, "WINCH")
	text := "ignored: SIGWINCH does nothing by default, and the program does not catch it\n"
	want := "pid " + pid + " (sleep), SIGWINCH, predicted: " + text + "pid " + pid + " (sleep), SIGWINCH: " + text
	if code != 1 || out != want {
		t.Errorf("status %d: %s", code, out)
	}
	out, code = runSend(t, as, "--wait", "0.05s", pid, "CHLD")
	if code != 1 || !strings.Contains(out, "pid "+pid+" (sleep): still runs after ") {
		t.Errorf("status %d: %s", code, out)
	}
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"4194304 TERM", 3, "no such process"},
		{pid + " TREM", 2, "did you mean SIGTERM?"},
		{pid + " TERM x", 2, "cannot be the value"},
		{pid + " KILL --then TERM", 2, "--then needs --wait"},
		{pid + " KILL --dry-run --wait 1s", 2, "--dry-run sends nothing"},
		{pid, 2, "SIGNAL is missing"},
		{"--thread " + strconv.Itoa(os.Getpid()) + " " + pid + " TERM", 3, "no such process"},
		{"--group --tree " + pid + " TERM", 2, "exclude each other"},
		{"web TERM", 3, "no supervise runs"},
	} {
		if out, code := runSend(t, as, strings.Fields(test.args)...); code != test.code || !strings.Contains(out, test.says) {
			t.Errorf("send %s: status %d: %s", test.args, code, out)
		}
	}
}

// TestSendSets sends to a tree, a group and a cgroup.
func TestSendSets(t *testing.T) {
	const script = "sleep 100 & setsid sleep 100 & echo ready; wait"
	for flag, want := range map[string]int{"--group": 2, "--tree": 3} {
		cmd := target(t, func(*exec.Cmd) {}, script)
		pid := strconv.Itoa(cmd.Process.Pid)
		awaitTree(t, cmd.Process.Pid, 3)
		rest, _ := sendJSON(t, func(*exec.Cmd) {}, "--dry-run", "--tree", pid, "KILL")
		all, code := sendJSON(t, func(*exec.Cmd) {}, flag, pid, "KILL")
		if code != 0 || len(all) != want {
			t.Errorf("%s: status %d, %+v", flag, code, all)
		}
		for _, s := range rest { // those that were not reached
			_ = syscall.Kill(s.PID, syscall.SIGKILL)
		}
	}
	needRoot(t)
	group := testproc.Cgroup(t)
	fd, err := syscall.Open(group, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	cmd := target(t, func(cmd *exec.Cmd) { cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, fd }, script)
	awaitTree(t, cmd.Process.Pid, 3)
	if all, code := sendJSON(t, func(*exec.Cmd) {}, "--cgroup", "--wait", "20s", strconv.Itoa(cmd.Process.Pid), "KILL"); code != 0 || len(all) != 3 {
		t.Errorf("--cgroup: status %d, %+v", code, all)
	}
}

// awaitTree waits until a process and its descendants are a number.
func awaitTree(t *testing.T, pid, want int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if len(deliver.Tree(pid)) == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the processes have not started")
		}
	}
}

// TestSendService sends to the main process of a service by its name.
func TestSendService(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, "[service.web]\ncommand = [\"sleep\", \"1000\"]\nrestart.policy = \"never\"\n", as)
		pid := int(s.awaitState(t, "web", "running").PID)
		out := s.must(t, "send", "--wait", "20s", "web", "USR1")
		if want := "pid " + strconv.Itoa(pid) + " (sleep): "; !strings.Contains(out, want) {
			t.Error(out)
		}
		if out, code := s.run(t, "send", "wbe", "USR1"); code != 4 || !strings.Contains(out, `did you mean "web"?`) {
			t.Error(code, out)
		}
		if out, code := s.run(t, "send", "web", "USR1"); code != 3 || !strings.Contains(out, `service "web" does not run`) {
			t.Error(code, out)
		}
		s.stop(t, syscall.SIGTERM)
	})
}
