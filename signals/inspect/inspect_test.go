package inspect_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/bpf"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/inspect"
	"supervise/signals/state/procfs"
)

func TestMain(m *testing.M) { testproc.Main(m) }

func look(t *testing.T, pid int, o inspect.Options) *inspect.Report {
	t.Helper()
	i := inspect.New(o)
	defer i.Close()
	r, err := i.Look(pid)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// permitted says whether this user may see what root may.
func permitted() bool { return bpf.Permitted() == nil }

// TestRows compares with what a program does with its signals.
func TestRows(t *testing.T) {
	prog := testproc.Build(t, "../state/procfs/testdata", [][]string{{"gcc", "-o", "prog", "DIR/states.c", "-lpthread"}})
	cmd := testproc.Inheriting(t, 0, signals.SetOf(signals.SIGUSR2), "", prog)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(line, err)
	}
	pid := cmd.Process.Pid
	r := look(t, pid, inspect.Options{Queue: true})
	thread := map[string]int{}
	for _, th := range r.Threads {
		thread[th.Comm] = th.TID
	}
	main, blocker, waiter := pid, thread["blocker"], thread["waiter"]
	all, none := []int{main, blocker, waiter}, []int{}
	slices.Sort(all[1:])
	type row struct {
		disposition, origin, handler string
		blocked                      []int
		pending                      inspect.Pending
		takenBy                      []inspect.Taker
	}
	nowhere := inspect.Pending{Threads: none}
	want := map[signals.Signal]row{
		signals.SIGHUP:   {"ignored", "program", "", none, nowhere, nil},
		signals.SIGQUIT:  {"default", "", "", []int{main, blocker}, nowhere, []inspect.Taker{{Thread: waiter}}},
		signals.SIGUSR1:  {"default", "", "", all, inspect.Pending{Process: true, Threads: none}, nil},
		signals.SIGUSR2:  {"ignored", "inherited", "", none, nowhere, nil},
		signals.SIGTERM:  {"caught", "program", "handler", none, nowhere, nil},
		signals.SIGCHLD:  {"default", "", "", all, nowhere, []inspect.Taker{{SignalFD: 3}}},
		signals.SIGWINCH: {"default", "", "", []int{blocker}, inspect.Pending{Threads: []int{blocker}}, nil},
		34:               {"default", "", "", all, inspect.Pending{Process: true, Threads: none}, nil},
	}
	for _, s := range r.Signals {
		if s.Signal == 32 || s.Signal == 33 {
			continue // the C library's
		}
		w, ok := want[s.Signal]
		delete(want, s.Signal)
		if !permitted() {
			w.origin, w.handler = "", ""
			if s.Flags != nil || s.Mask != nil {
				t.Errorf("%v has flags that nobody knows", s.Signal)
			}
		} else if s.Flags == nil || s.Mask == nil {
			t.Errorf("%v has no flags: %+v", s.Signal, s)
		}
		if got := (row{s.Disposition, s.Origin, s.Handler, s.Blocked, s.Pending, s.TakenBy}); !ok || !reflect.DeepEqual(got, w) {
			t.Errorf("%v: %+v, want %+v", s.Signal, got, w)
		}
	}
	for s := range want {
		t.Errorf("%v is not there", s)
	}
	if permitted() != (len(r.Missing) == 0) {
		t.Errorf("missing: %q", r.Missing)
	}
	var queue []string
	for _, q := range r.Queue.Signals {
		if q.PID != int32(pid) || q.Comm != "prog" {
			t.Errorf("%+v", q)
		}
		queue = append(queue, q.Signal.String()+" "+string(rune('0'+q.Value)))
	}
	if want := []string{"SIGWINCH 0", "SIGUSR1 0", "SIGRTMIN 7"}; !slices.Equal(queue, want) {
		t.Errorf("queue %q, want %q", queue, want)
	}
}

// TestAll has all signals, and what nobody knows as null.
func TestAll(t *testing.T) {
	r := look(t, os.Getpid(), inspect.Options{All: true})
	if len(r.Signals) != 64 {
		t.Errorf("%d signals", len(r.Signals))
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"pid":`, `"comm":`, `"threads":[`, `"signals":[{"signal":"SIGHUP","disposition":`, `"flags":`, `"mask":`, `"blocked":[`, `"pending":{`, `"queue":{"used":`, `"limit":`, `"findings":[`} {
		if !strings.Contains(string(text), key) {
			t.Errorf("no %s in %s", key, text)
		}
	}
}

// sleeping is a command that inherits this.
func sleeping(mask, ignored signals.Set) func(t *testing.T) *exec.Cmd {
	return func(t *testing.T) *exec.Cmd { return testproc.Inheriting(t, mask, ignored, "", "/bin/sleep", "1000") }
}

func command(args ...string) func(t *testing.T) *exec.Cmd {
	return func(*testing.T) *exec.Cmd { return exec.Command(args[0], args[1:]...) }
}

// TestFindings makes processes that have something wrong, and asks.
func TestFindings(t *testing.T) {
	set := signals.SetOf
	const root = "needs root"
	tests := map[string]struct {
		start func(t *testing.T) *exec.Cmd
		then  func(t *testing.T, pid int) // when comm is as wanted
		comm  string
		want  string // the ids, and in parentheses a part of the last text
		needs string
	}{
		"nothing":            {sleeping(0, 0), nil, "sleep", "", ""},
		"background":         {sleeping(0, set(signals.SIGINT, signals.SIGQUIT)), nil, "sleep", "background-ignores", ""},
		"of a shell":         {command("/bin/sh", "-c", "sleep 1000 & echo $!; read x"), nil, "sleep", "background-ignores", ""},
		"SIGPIPE":            {sleeping(0, set(signals.SIGPIPE)), nil, "sleep", "pipe-ignored", root},
		"SIGCHLD":            {sleeping(0, set(signals.SIGCHLD)), nil, "sleep", "chld-ignored", ""},
		"SIGTERM":            {sleeping(0, set(signals.SIGTERM)), nil, "sleep", "term-ignored", ""},
		"blocked":            {sleeping(set(signals.SIGTERM), 0), nil, "sleep", "blocked", ""},
		"stopped":            {sleeping(0, 0), stopWithTerm, "sleep", "stopped (and SIGTERM waits until SIGCONT)", ""},
		"full queue":         {sleeping(set(40), 0), fillQueue, "sleep", "queue-full", ""},
		"nearly full queue":  {ofNobodyElse("prlimit", "--sigpending=100", "env", "--block-signal=RTMIN+6", "sleep", "1000"), nearlyFill, "sleep", "queue-full (97 % full (97 of 100))", root},
		"npm":                {npmStart, nil, "npm start", "wrapper runtime-node", ""},
		"shell":              {command("/bin/sh", "-c", "sleep 1000; :"), nil, "sh", "wrapper", ""},
		"Go":                 {func(t *testing.T) *exec.Cmd { return testproc.Command(t, "sleep") }, nil, "inspect.test", "runtime-go", ""},
		"node":               {command("node", "-e", "setTimeout(() => 0, 1e6)"), nil, "node", "runtime-node", ""},
		"namespace":          {command("unshare", "--pid", "--fork", "--kill-child", "sleep", "1000"), nil, "sleep", "init-without-term", root},
		"shell in namespace": {command("unshare", "--pid", "--fork", "--kill-child", "sh", "-c", "sleep 1000; :"), nil, "sh", "init-without-term shell-init", root},
		"zombies": {func(t *testing.T) *exec.Cmd {
			return exec.Command(testproc.Build(t, "testdata", [][]string{{"gcc", "-o", "prog", "DIR/zombies.c"}}), "3")
		}, nil, "prog", "zombies (3 children have ended and it does not wait for them)", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.needs == root && os.Geteuid() != 0 {
				t.Skip(root)
			}
			cmd := test.start(t)
			if _, err := exec.LookPath(cmd.Path); err != nil {
				t.Skip(err)
			}
			if _, err := cmd.StdinPipe(); err != nil {
				t.Fatal(err)
			}
			testproc.Start(t, cmd)
			pid := await(t, cmd.Process.Pid, test.comm)
			if test.then != nil {
				test.then(t, pid)
			}
			ids, text, _ := strings.Cut(test.want, " (")
			text = strings.TrimSuffix(text, ")")
			var got []string
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
				got = nil
				last := ""
				for _, f := range look(t, pid, inspect.Options{}).Findings {
					got, last = append(got, f.ID), f.Text
				}
				if strings.Join(got, " ") == ids && strings.Contains(last, text) {
					return
				}
			}
			t.Errorf("found %q, want %q", got, test.want)
		})
	}
}

// await waits until a process or one below it has a name, and executes nothing more.
func await(t *testing.T, pid int, comm string) int {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		for _, one := range procfs.Tree(pid) {
			if p, err := procfs.Read(one); err == nil && p.Comm == comm && !p.NoExec {
				return one
			}
		}
	}
	t.Fatalf("no %s below %d", comm, pid)
	return 0
}

// stopWithTerm stops a process before it sends SIGTERM, which would be first if both came at
// once.
func stopWithTerm(t *testing.T, pid int) {
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for stopped := false; !stopped; {
		p, err := procfs.Read(pid)
		if err != nil {
			t.Fatal(err)
		}
		stopped = p.Stopped()
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// fillQueue has a process wait for one signal, which is as many as it may.
func fillQueue(t *testing.T, pid int) {
	if err := syscall.Kill(pid, 40); err != nil {
		t.Fatal(err)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_SIGPENDING, &unix.Rlimit{Cur: 1, Max: 1}, nil); err != nil {
		t.Fatal(err)
	}
}

// ofNobodyElse is a command of a user who has no other process, and no other signal that waits.
func ofNobodyElse(args ...string) func(t *testing.T) *exec.Cmd {
	return func(*testing.T) *exec.Cmd {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 61235, Gid: 61235}}
		return cmd
	}
}

// nearlyFill has 97 signals wait, of the 100 that may.
func nearlyFill(t *testing.T, pid int) {
	for range 97 {
		if err := syscall.Kill(pid, 40); err != nil {
			t.Fatal(err)
		}
	}
}

// npmStart is npm, which runs a script of a package.
func npmStart(t *testing.T) *exec.Cmd {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/package.json", []byte(`{"name": "x", "scripts": {"start": "sleep 1000"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("npm", "start")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "npm_config_update_notifier=false", "npm_config_offline=true")
	return cmd
}

// TestPrograms names handlers of real programs.
func TestPrograms(t *testing.T) {
	if !permitted() {
		t.Skip("needs root")
	}
	tests := map[string]struct {
		args    []string
		signal  signals.Signal
		handler string // the beginning
		module  string // the end
	}{
		"bash":    {[]string{"bash", "-c", "trap 'echo' TERM; while :; do read -t 1000; done"}, signals.SIGTERM, "trap_handler", "/bash"},
		"python3": {[]string{"/usr/bin/python3", "-c", "import signal, time; signal.signal(15, lambda *a: 0); time.sleep(1000)"}, signals.SIGTERM, "", "/python3"},
		"nginx":   {[]string{"nginx", "-p", "DIR", "-c", "DIR/nginx.conf", "-e", "DIR/error.log", "-g", "daemon off;"}, signals.SIGQUIT, "", "/nginx"},
		"Go":      {testproc.Argv(t), signals.SIGURG, "runtime.", ".test"},
		"node":    {[]string{"node", "-e", "process.on('SIGTERM', () => 0); setTimeout(() => 0, 1e6)"}, signals.SIGTERM, "uv__signal_handler", "node"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			config := "pid " + dir + "/pid; events {} http { access_log off; server { listen unix:" + dir + "/sock; } }"
			if err := os.WriteFile(dir+"/nginx.conf", []byte(config), 0o644); err != nil {
				t.Fatal(err)
			}
			var args []string
			for _, a := range test.args {
				args = append(args, strings.ReplaceAll(a, "DIR", dir))
			}
			if _, err := exec.LookPath(args[0]); err != nil {
				t.Skip(err)
			}
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Env = testproc.Environ("sleep")
			if _, err := cmd.StdinPipe(); err != nil {
				t.Fatal(err)
			}
			testproc.Start(t, cmd)
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
				for _, s := range look(t, cmd.Process.Pid, inspect.Options{}).Signals {
					if s.Signal == test.signal && s.Disposition == "caught" && strings.HasPrefix(s.Handler, test.handler) && strings.Contains(s.Module, test.module) {
						return
					}
				}
			}
			t.Errorf("%v of %q: %+v", test.signal, args, look(t, cmd.Process.Pid, inspect.Options{}).Signals)
		})
	}
}

// TestKernelThread is of one that ignores everything.
func TestKernelThread(t *testing.T) {
	r, err := inspect.New(inspect.Options{}).Look(2)
	if err != nil || r.Comm != "kthreadd" {
		t.Skip("no kthreadd: this is a PID namespace")
	}
	if !r.Kernel || len(r.Signals) > 0 || len(r.Findings) > 0 {
		t.Errorf("%+v", r)
	}
}
