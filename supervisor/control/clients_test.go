package control

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/ipc"
	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
)

// TestKilledClients kills clients at every point of a request, from before its answer to
// the middle of one of many parts.
func TestKilledClients(t *testing.T) {
	all := services(200)
	var mu sync.Mutex
	points := map[int]int{} // by pid: how often it has asked
	const workers = 4
	kill := func(call *Call) { _ = syscall.Kill(call.Origin.PID, syscall.SIGKILL) }
	l := serve(t, t.TempDir(), func(call *Call) {
		if call.Origin.PID == os.Getpid() {
			call.Reply(&request.Reply{Services: all})
			return
		}
		mu.Lock()
		points[call.Origin.PID]++
		asked := points[call.Origin.PID]
		mu.Unlock()
		switch call.Origin.PID % 4 {
		case 0:
			kill(call)
			call.Reply(&request.Reply{Services: all})
		case 1:
			call.Reply(&request.Reply{Services: all})
			kill(call)
		case 2: // never answered
			kill(call)
		case 3:
			call.Reply(&request.Reply{Services: all[:1]})
			if asked == 3 {
				kill(call)
			}
		}
	})
	victims := func(n int) {
		var group sync.WaitGroup
		for range workers {
			group.Go(func() {
				for range n / workers {
					cmd := testproc.Command(t, "ask", l.dir, "0")
					cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
					out, err := cmd.CombinedOutput()
					if state, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || state.Signal() != syscall.SIGKILL {
						t.Errorf("%v: %s", err, out)
						return
					}
				}
			})
		}
		group.Wait()
		eventually(t, "no message is left", l.empty)
		eventually(t, "no client is known", func() bool {
			l.queueServer.mu.Lock()
			defer l.queueServer.mu.Unlock()
			return len(l.queueServer.clients) == 0
		})
	}
	victims(20)
	files, memory := descriptors(t), heap()
	victims(killed)
	if n := descriptors(t); n > files {
		t.Errorf("%d descriptors before, %d after", files, n)
	}
	if grown := int64(heap()) - int64(memory); grown > 1<<20 {
		t.Errorf("%d bytes of memory more", grown)
	}
	if reply, err := l.dial().Call(limited(t), request.Status{}); err != nil || len(reply.Services) != len(all) {
		t.Errorf("afterwards: %v", err)
	}
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// start starts a server in a process of its own and returns when it serves.
func start(t *testing.T, dir string) (cmd *exec.Cmd, line string) {
	t.Helper()
	cmd = testproc.Command(t, "serve", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	line, _ = bufio.NewReader(out).ReadString('\n')
	if !strings.HasPrefix(line, "ready ") {
		t.Fatalf("the server says %q", line)
	}
	return cmd, line
}

// TestKilledServer finds what a killed server has left, tells, and puts it right.
func TestKilledServer(t *testing.T) {
	dir := t.TempDir()
	cmd, line := start(t, dir)
	if line != "ready {0 0}\n" {
		t.Errorf("at first: %q", line)
	}
	var old queues
	if err := ipc.ReadFile(dir, wire.FileName, &old); err != nil {
		t.Fatal(err)
	}
	waits := make(chan error)
	go func() {
		c, err := client.Dial(dir)
		if err == nil {
			_, err = c.Call(limited(t), request.Events{})
		}
		waits <- err
	}()
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Dial(dir); err != nil {
		t.Error("stopped, but alive:", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err := <-waits; err == nil {
		t.Error("a killed server has answered")
	}
	_, err := client.Dial(dir)
	if not, ok := err.(*client.NotRunningError); !ok || not.PID != cmd.Process.Pid {
		t.Errorf("dial: %v", err)
	}
	s, left, err := Open(Options{Dir: root(dir), Services: []string{"web"}, Mode: 0o600, Group: -1, Wake: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if left.Queues != 2 || left.FIFOs != 3 {
		t.Errorf("left: %+v", left)
	}
	if _, err := os.Stat(filepath.Join(dir, "services", "db")); err == nil {
		t.Error("the FIFO of a service that is no more is left")
	}
	if s.queueServer.queues.Requests.Key != old.Requests.Key {
		t.Errorf("the key has changed from %#x to %#x", old.Requests.Key, s.queueServer.queues.Requests.Key)
	}
}

// TestTwoDirectories has two servers at once, the second with the keys of the first.
func TestTwoDirectories(t *testing.T) {
	one, two := serve(t, t.TempDir(), answerAs(1)), serve(t, t.TempDir(), answerAs(2))
	for i, l := range []*loop{one, two} {
		reply, err := l.dial().Call(limited(t), request.Status{})
		if err != nil || len(reply.Services) != i+1 {
			t.Errorf("%+v, %v", reply, err)
		}
	}
	requests, _ := one.queues()
	again, left, err := openQueues(root(one.dir), ipc.Permission{Mode: 0o600, Group: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer again.remove()
	if left != 0 || again.Request == requests || again.Requests.Key != 0 {
		t.Errorf("met: %+v, %d left", again, left)
	}
}

// TestReplacedDirectory ends a server whose directory was removed and is another one's now,
// which keeps what is its own.
func TestReplacedDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	web := func(o *Options) { o.Services = []string{"web"} }
	first := serve(t, dir, answerAs(1), web)
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	second := serve(t, dir, answerAs(2), web)
	first.SetServices([]string{"db"})
	first.shutNow()
	for _, name := range []string{controlName, fifoOf("web"), wire.FileName} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, fifoOf("db"))); err == nil {
		t.Error("the first server made a FIFO in the second one's directory")
	}
	if reply, err := second.dial().Call(limited(t), request.Status{}); err != nil || len(reply.Services) != 2 {
		t.Errorf("%+v, %v", reply, err)
	}
}

// TestMove has a server go on in a new directory in the middle of a call.
func TestMove(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	calls := make(chan *Call, 1)
	l := serve(t, dir, func(call *Call) { calls <- call }, func(o *Options) { o.Services = []string{"web"} })
	answered := make(chan error)
	c := l.dial()
	go func() {
		_, err := c.Call(limited(t), request.Status{})
		answered <- err
	}()
	call := <-calls
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	before := l.root
	l.root = root(dir)
	moved := make(chan struct{})
	l.Move(l.root, func() { close(moved) })
	<-moved
	_ = before.Close()
	call.Reply(&request.Reply{})
	if err := <-answered; err != nil {
		t.Error("the call:", err)
	}
	for name, text := range map[string]string{controlName: "start web", fifoOf("web"): "u"} {
		if err := client.Command(dir, name, text); err != nil {
			t.Error(err)
		}
		<-calls
	}
	go func() { (<-calls).Reply(&request.Reply{}) }()
	if _, err := l.dial().Call(limited(t), request.Status{}); err != nil {
		t.Error(err)
	}
	l.shutNow()
	if left, err := os.ReadDir(dir); len(left) != 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestPermissions has other users try.
func TestPermissions(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to become another user takes root")
	}
	const nobody, group = 65534, 31337
	for _, test := range []struct {
		name  string
		mode  uint32
		group int
		who   syscall.Credential
		may   bool
	}{
		{"owner alone", 0o600, -1, syscall.Credential{Uid: nobody, Gid: nobody}, false},
		{"group, not in it", 0o660, group, syscall.Credential{Uid: nobody, Gid: nobody}, false},
		{"group, in it", 0o660, group, syscall.Credential{Uid: nobody, Gid: nobody, Groups: []uint32{group}}, true},
		{"group, as the first one", 0o660, group, syscall.Credential{Uid: nobody, Gid: group}, true},
		{"all", 0o666, -1, syscall.Credential{Uid: nobody, Gid: nobody}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, program := open(t)
			l := serve(t, dir, answerAs(3), func(o *Options) {
				o.Mode, o.Group, o.Services = test.mode, test.group, []string{"web"}
			})
			for role, arg := range map[string]string{"ask": "1", "tell": "restart web"} {
				cmd := testproc.Command(t, role, dir, arg)
				cmd.Path = program
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &test.who, Pdeathsig: syscall.SIGKILL}
				out := output(t, cmd)
				if test.may && out != "ok\n" || !test.may && !strings.Contains(out, "permission denied") {
					t.Errorf("%s: %s", role, out)
				}
			}
			if !l.empty() {
				t.Error("something is left in the queues")
			}
			into := test.mode &^ 0o044 // others write, we read
			for _, name := range []string{"control", "services/web/control"} {
				if info, err := os.Stat(filepath.Join(dir, name)); err != nil || uint32(info.Mode().Perm()) != into {
					t.Errorf("%s: %v, %v, want mode %o", name, info.Mode(), err, into)
				}
			}
			q := l.queueServer.queues
			for id, want := range map[int]uint32{q.Request: into, q.Reply: test.mode} {
				if stat, err := sys.MsgStat(id); err != nil || stat.Perm.Mode&0o777 != want {
					t.Errorf("a queue has mode %o, %v, want %o", stat.Perm.Mode, err, want)
				}
			}
		})
	}
}

// TestShared has the loop know whether a call may be a stranger's.
func TestShared(t *testing.T) {
	for mode, want := range map[uint32]bool{0o600: false, 0o640: false, 0o644: false, 0o660: true, 0o622: true, 0o666: true} {
		shared := make(chan bool, 2)
		l := serve(t, t.TempDir(), func(call *Call) {
			shared <- call.Origin.Shared
			call.Reply(&request.Reply{})
		}, func(o *Options) { o.Mode = mode })
		if err := client.Command(l.dir, "control", "update\n"); err != nil {
			t.Fatal(err)
		}
		if got := <-shared; got != want {
			t.Errorf("mode %o: a FIFO's call is shared: %v", mode, got)
		}
		if _, err := l.dial().Call(limited(t), request.Update{}); err != nil {
			t.Fatal(err)
		}
		if got := <-shared; got != want {
			t.Errorf("mode %o: a queue's call is shared: %v", mode, got)
		}
		l.shutNow()
	}
}

// TestForeignFIFO takes no FIFO over that somebody else has made, and can have open.
func TestForeignFIFO(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to give a FIFO to another user takes root")
	}
	dir := t.TempDir()
	main := filepath.Join(dir, "control")
	if err := errors.Join(unix.Mkfifo(main, 0o666), os.Chown(main, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(main, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	before, err := reader.Stat()
	if err != nil {
		t.Fatal(err)
	}
	serve(t, dir, answerAs(1))
	info, err := os.Stat(main)
	if err != nil || os.SameFile(info, before) || info.Mode() != os.ModeNamedPipe|0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// open returns a directory that everybody can reach, with the test's program in it.
func open(t *testing.T) (dir, program string) {
	t.Helper()
	base, err := os.MkdirTemp("", "supervise-control")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir, program = filepath.Join(base, "run"), filepath.Join(base, "program")
	for _, err := range []error{
		os.Chmod(base, 0o755), os.Mkdir(dir, 0o755), os.WriteFile(program, text, 0o755),
		os.Chmod(program, 0o755), unix.Access(program, unix.X_OK),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir, program
}
