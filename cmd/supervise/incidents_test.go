package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/recorder"
)

// incident is something that happens to a service, and what why has to say of it.
type incident struct {
	name   string
	keys   string // of the service; $PROG is testdata/incidents/incident.c
	waits  string // the line by which it says that it is ready; "": it need not
	happen func(t *testing.T, s *supervised, service string, pid int)
	state  string   // what follows: that of the service
	why    []string // in this order; SELF is the test
}

// run is a service that runs a mode of the program.
func program(mode string) string {
	return `command = ["$PROG", "` + mode + `"]` + "\n"
}

// incidents name each who sent a signal, how, and what followed.
var incidents = []incident{
	{
		name: "an operator's kill -9", keys: `command = "sleep 1000"`, state: "failed", happen: sends(syscall.SIGKILL),
		why: []string{"recorded: SIGKILL", "from SELF: ends it", "killed by SIGKILL after", "from SELF", "given up"},
	},
	{
		name: "no memory", keys: `command = ["sh", "-c", 'echo $$ >"$MEMORY/cgroup.procs" && exec tail /dev/zero']`, state: "failed",
		why: []string{"sent by the kernel's OOM killer: ends it", "killed by SIGKILL after", "sent by the kernel's OOM killer", "given up"},
	},
	{
		name: "SIGTERM from a sidecar", keys: `command = "sleep 1000"`, state: "stopped",
		happen: func(t *testing.T, s *supervised, _ string, pid int) {
			writeFile(t, filepath.Join(s.dir, "pid"), strconv.Itoa(pid))
			s.must(t, "start", "--no-wait", "sidecar")
		},
		why: []string{"recorded: SIGTERM", `of service "sidecar": ends it`, "killed by SIGTERM", `from pid `, ` (sh, uid 0) of service "sidecar"`, "stopped"},
	},
	{
		name: "a full queue", keys: `command = ["$SUPERVISE", "exec", "--block", "RTMIN+1", "--pending-limit", "1", "--", "sleep", "1000"]`, state: "running",
		happen: func(t *testing.T, s *supervised, _ string, pid int) {
			awaitName(t, pid, "sleep")
			for range 5 {
				info := signals.Info{Signal: signals.SIGRTMIN + 1, Code: signals.CodeQueue, PID: int32(os.Getpid())}
				if err := sys.Queue(pid, info); err != nil && !errors.Is(err, syscall.EAGAIN) {
					t.Error(err)
				}
			}
		},
		why: []string{"started, pid", "SIGRTMIN+1 to pid ", "from SELF: not sent: the queue is full, and the sender got EAGAIN"},
	},
	{
		name: "SIGTERM to a shell as PID 1", keys: `command = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", "echo ready; sleep 1000; :"]`,
		waits: "ready", state: "running",
		happen: func(t *testing.T, s *supervised, _ string, pid int) {
			shell := awaitChild(t, pid)
			awaitUnblocked(t, shell)
			kill(t, shell, syscall.SIGTERM)
		},
		why: []string{"recorded: SIGTERM to pid ", "(sh), from SELF: dropped: the init of a PID namespace gets only what it handles"},
	},
	{
		name: "a shell that ignores SIGTERM", keys: `command = ["sh", "-c", "trap '' TERM; echo ready; sleep 1000; :"]`,
		waits: "ready", state: "stopped", happen: func(t *testing.T, s *supervised, service string, pid int) {
			awaitUnblocked(t, pid)
			kill(t, pid, syscall.SIGTERM)
			s.must(t, "stop", service)
		},
		why: []string{"from SELF: ignored by it", "stop asked for by", "sent SIGTERM to its main process", "killed by SIGKILL", "from supervise: the end of its ladder", "stopped"},
	},
	{
		name: "a terminal that hangs up", keys: program("hang-up"), state: "failed",
		why: []string{"SIGHUP to pid", "its terminal was hung up: ends it", "killed by SIGHUP", "from the kernel: its terminal was hung up", "given up"},
	},
	{
		name: "the end of a parent", keys: `command = ["sh", "-c", "setpriv --pdeathsig TERM sleep 1000 & wait"]`, state: "failed",
		happen: func(t *testing.T, s *supervised, _ string, pid int) {
			awaitName(t, awaitChild(t, pid), "sleep")
			kill(t, pid, syscall.SIGKILL)
		},
		why: []string{
			"SIGKILL to pid ", "from SELF: ends it", "SIGTERM to pid ", "(sleep), as its parent ended, pid ", " (sh, uid 0)", "(PR_SET_PDEATHSIG): ends it",
			"killed by SIGKILL",
		},
	},
	{
		name: "abort", keys: program("abort"), state: "failed",
		why: []string{"from itself, by abort(3): ends it", "killed by SIGABRT", "from itself, by abort(3)", "given up"},
	},
	{
		name: "a kill of its own", keys: `command = ["sh", "-c", "kill -9 $$"]`, state: "failed",
		why: []string{"from itself: ends it", "killed by SIGKILL", "from itself", "given up"},
	},
	{
		name: "setitimer", keys: program("alarm"), state: "failed",
		why: []string{"from a timer of alarm(2) or setitimer(2): ends it", "killed by SIGALRM", "from a timer of alarm(2) or setitimer(2)", "given up"},
	},
	{
		name: "timer_create", keys: program("timer"), state: "failed",
		why: []string{"from a timer of timer_create(2): ends it", "killed by SIGUSR1", "from a timer of timer_create(2)", "given up"},
	},
	{
		name: "no more CPU time", keys: program("cpu"), state: "failed",
		why: []string{"it has used up its CPU time (RLIMIT_CPU): ends it", "killed by SIGKILL", "from the kernel: it has used up its CPU time (RLIMIT_CPU)", "given up"},
	},
	{
		name: "a broken pipe", keys: program("pipe"), state: "failed",
		why: []string{"nobody reads any more: ends it", "killed by SIGPIPE", "from the kernel: it wrote to a pipe or socket that nobody reads any more", "given up"},
	},
	{
		name: "a file that is too large", keys: program("file-size"), state: "failed",
		why: []string{"(RLIMIT_FSIZE): ends it", "killed by SIGXFSZ", "from the kernel: a file of it is as large as it may be (RLIMIT_FSIZE)", "given up"},
	},
	{
		name: "seccomp", keys: program("seccomp"), state: "failed",
		why: []string{
			"SIGSYS to pid ", "killed by SIGSYS", "from the kernel: its seccomp filter forbids what it did: system call " + strconv.Itoa(unix.SYS_GETPPID), "given up",
		},
	},
	{
		name: "cgroup.kill", keys: `command = "sleep 1000"`, state: "failed",
		happen: func(t *testing.T, s *supervised, _ string, pid int) { writeCgroup(t, pid, "cgroup.kill", "1") },
		why: []string{
			"from SELF, which wrote to cgroup.kill: ends it", "killed by SIGKILL", "from SELF, which wrote to cgroup.kill", "given up",
		},
	},
	{
		name: "a frozen cgroup", keys: program("handler"), waits: "ready", state: "running",
		happen: func(t *testing.T, s *supervised, _ string, pid int) {
			writeCgroup(t, pid, "cgroup.freeze", "1")
			t.Cleanup(func() { writeCgroup(t, pid, "cgroup.freeze", "0") })
			kill(t, pid, syscall.SIGTERM)
		},
		why: []string{"SIGTERM to pid ", "from SELF: still pending: it does not run (stopped, or its cgroup is frozen)"},
	},
	{
		name: "SIGSEGV by kill", keys: `command = ["sh", "-c", "ulimit -c 0; exec sleep 1000"]`, state: "failed", happen: sends(syscall.SIGSEGV),
		why: []string{"from SELF: ends it", "killed by SIGSEGV", "from SELF", "given up"},
	},
	{
		name: "a fault", keys: program("fault"), state: "failed",
		why: []string{"killed by SIGSEGV", "by a fault of its own: SEGV_MAPERR at 0x10", "given up"},
	},
	{
		name: "job control", keys: `command = "sleep 1000"`, state: "running", happen: sends(syscall.SIGTSTP),
		why: []string{"started, pid", "SIGTSTP to pid ", "from SELF: stops it"},
	},
	{
		name: "a handler that sends it again", keys: program("handler"), waits: "ready", state: "stopped", happen: sends(syscall.SIGTERM),
		why: []string{"from SELF: handled", "killed by SIGTERM", "from itself, when it had handled the one from SELF", "stopped"},
	},
	{
		name: "two SIGTERMs at once", keys: `command = ["$SUPERVISE", "exec", "--block", "TERM", "--", "sleep", "1000"]`, state: "running",
		happen: func(t *testing.T, s *supervised, _ string, pid int) {
			awaitName(t, pid, "sleep")
			kill(t, pid, syscall.SIGTERM)
			kill(t, pid, syscall.SIGTERM)
		},
		why: []string{"from SELF: blocked: pending until that changes", "from SELF: merged with one that was pending"},
	},
}

func sends(sig syscall.Signal) func(*testing.T, *supervised, string, int) {
	return func(t *testing.T, _ *supervised, _ string, pid int) { kill(t, pid, sig) }
}

// TestIncidents lets services come to grief in all ways that there are, and asks why: the answer has
// to name the sender, what became of the signal, and what followed.
func TestIncidents(t *testing.T) {
	t.Parallel()
	needRecorder(t)
	prog := testproc.Build(t, "testdata/incidents", [][]string{{"gcc", "-w", "-o", "prog", "DIR/incident.c"}})
	var config strings.Builder
	config.WriteString(`recorder = "auto"
[service.sidecar]
command = ["sh", "-c", "kill -TERM $(cat $DIR/pid); exec sleep 1000"]
startup = "disabled"
`)
	for i := range incidents {
		fmt.Fprintf(&config, "[service.i%d]\n%s\nstartup = \"disabled\"\nrestart.policy = \"never\"\nstop.timeout = \"100ms\"\n", i, incidents[i].keys)
	}
	replace := strings.NewReplacer("$PROG", prog, "$SUPERVISE", entryBuild, "$MEMORY", memoryCgroup(t, 20<<20))
	s := start(t, entryBuild, replace.Replace(config.String()))
	s.await("the recorder", says("", "it is recorded who sends signals"))
	for i := range incidents {
		t.Run(incidents[i].name, func(t *testing.T) {
			why := s.incident(t, fmt.Sprintf("i%d", i), &incidents[i])
			for range 3 {
				if !strings.Contains(why, "from an unknown sender") {
					break
				}
				// The kernel does not run the program for a signal that comes, by a timer, while it runs.
				why = s.incident(t, fmt.Sprintf("i%d", i), &incidents[i])
			}
			incidents[i].check(t, why)
		})
	}
	s.stop(t, syscall.SIGTERM)
}

// TestIncidentFromOutside kills a service of a supervise that is PID 1 of a PID namespace, from
// outside.
func TestIncidentFromOutside(t *testing.T) {
	t.Parallel()
	needRecorder(t)
	s := prepare(t, entryBuild, `recorder = "auto"
[service.web]
command = "sleep 1000"
[service.own]
command = ["sh", "-c", "sleep 1000 & echo ready; read line <$DIR/go; kill -9 $$"]
`, withFIFO(t, "go"))
	namespaced(t, s.cmd)
	s.launch(t)
	s.await("the recorder", says("", "it is recorded who sends signals"))
	pid := onlyChild(t, s.cmd.Process.Pid)
	web := -1
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, child := range strings.Fields(string(text)) {
		if comm, _ := os.ReadFile("/proc/" + child + "/comm"); string(comm) == "sleep\n" {
			web = atoi(t, child)
		}
	}
	kill(t, web, syscall.SIGKILL)
	// Nobody here can ask it why: it says that it is pid 1.
	inOrder(t, s.await("web is killed", says("web", "killed by SIGKILL")).Message, "from "+me(t)+" outside our PID namespace")
	s.release(t, "go")
	inOrder(t, s.await("own is killed", says("own", "killed by SIGKILL")).Message, "from itself")
	kill(t, pid, syscall.SIGTERM)
	s.end(t)
}

// incident has one happen to a service of its own, and returns why it is as it is.
func (s *supervised) incident(t *testing.T, service string, i *incident) (why string) {
	t.Helper()
	s.must(t, "start", "--no-wait", service)
	pid := s.await("the start of "+service, up(service)).PID
	if i.waits != "" {
		s.await(service+" is ready", wrote(service, i.waits))
	}
	if i.happen != nil {
		i.happen(t, s, service, pid)
	}
	s.awaitState(t, service, i.state)
	if exit := s.status(t, service).Exit; strings.HasPrefix(i.name, "an operator") && (exit.By.PID != os.Getpid() || exit.By.Name == "") {
		t.Errorf("the status has %+v", exit)
	}
	return s.why(t, service)
}

// check holds that an explanation says what it has to.
func (i *incident) check(t *testing.T, why string) {
	t.Helper()
	me := me(t)
	parts := make([]string, 0, len(i.why))
	for _, part := range i.why {
		parts = append(parts, strings.ReplaceAll(part, "SELF", me))
	}
	inOrder(t, why, parts...)
}

// me is this process as it is told of.
func me(t *testing.T) string {
	t.Helper()
	name := func(pid int) string {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	own, by := name(os.Getpid()), name(os.Getppid())
	if by != own {
		own += " by " + by
	}
	return fmt.Sprintf("pid %d (%s, uid 0)", os.Getpid(), own)
}

// needRecorder skips the test where it is not recorded who sends signals.
func needRecorder(t *testing.T) {
	t.Helper()
	needRoot(t)
	if err := recorder.Permitted(); err != nil {
		t.Skip(err)
	}
}

// awaitChild waits until a process has a child.
func awaitChild(t *testing.T, pid int) int {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if hasChildren(pid) {
			return onlyChild(t, pid)
		}
	}
	t.Fatalf("pid %d has no children", pid)
	return 0
}

// awaitUnblocked waits until a shell waits for a child: when it forks it blocks signals.
func awaitUnblocked(t *testing.T, pid int) {
	t.Helper()
	awaitName(t, awaitChild(t, pid), "sleep")
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if state, err := sys.ReadSignalState(strconv.Itoa(pid)); err == nil && state.Blocked == 0 {
			return
		}
	}
	t.Fatalf("pid %d blocks signals", pid)
}

// awaitName waits until a process has executed a program.
func awaitName(t *testing.T, pid int, name string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm"); string(text) == name+"\n" {
			return
		}
	}
	t.Fatalf("pid %d does not become %s", pid, name)
}

func writeCgroup(t *testing.T, pid int, file, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(cgroupOf(t, pid), file), []byte(text), 0); err != nil {
		t.Error(err)
	}
}
