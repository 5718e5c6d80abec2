package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

func TestMain(m *testing.M) {
	testproc.Role("serve", serveRole)
	testproc.Role("ask", askRole)
	testproc.Role("tell", tellRole)
	testproc.Main(m)
}

// patient is how long a test waits for what is to happen.
const patient = 30 * time.Second

// loop stands for the supervisor's: it takes one call after the other.
type loop struct {
	*Server
	t       testing.TB
	dir     string
	root    *os.Root
	woken   chan struct{}
	handle  func(*Call)
	ended   chan *Call
	reports chan error
	stop    sync.Once
	over    chan struct{}
}

// root opens a directory until nobody needs it any more.
func root(dir string) *os.Root {
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	return root
}

// serve starts a server in a directory and a loop that handles its calls, both until the
// test ends.
func serve(t testing.TB, dir string, handle func(*Call), change ...func(*Options)) *loop {
	t.Helper()
	l := &loop{
		t: t, dir: dir, root: root(dir), handle: handle, woken: make(chan struct{}, 1),
		ended: make(chan *Call, 10000), reports: make(chan error, 100), over: make(chan struct{}),
	}
	options := Options{
		Dir: l.root, Mode: 0o600, Group: -1,
		Wake: func() {
			select {
			case l.woken <- struct{}{}:
			default:
			}
		},
		Report: func(source string, err error) {
			select {
			case l.reports <- fmt.Errorf("%s: %w", source, err):
			default:
			}
		},
	}
	for _, f := range change {
		f(&options)
	}
	var err error
	if l.Server, _, err = Open(options); err != nil {
		t.Fatal(err)
	}
	l.Serve(nil)
	if l.queueServer == nil {
		t.Fatal(<-l.reports)
	}
	stop := make(chan struct{})
	go l.run(stop)
	t.Cleanup(func() { l.shut(stop) })
	l.over = stop
	return l
}

func (l *loop) shut(stop chan struct{}) {
	l.stop.Do(func() {
		l.Close()
		_ = l.root.Close()
		close(stop)
	})
}

// shutNow ends it before the test does.
func (l *loop) shutNow() { l.shut(l.over) }

func (l *loop) run(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-l.woken:
		}
		for {
			call, ended, ok := l.Take()
			if !ok {
				break
			}
			if ended {
				l.ended <- call
			} else {
				l.handle(call)
			}
		}
	}
}

// dial returns a client of the loop.
func (l *loop) dial() *client.Client {
	l.t.Helper()
	c, err := client.Dial(l.dir)
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

func limited(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	t.Cleanup(cancel)
	return ctx
}

// services is the state of n services, about as long as a real one.
func services(n int) []status.Service {
	all := make([]status.Service, n)
	for i := range all {
		all[i] = status.Service{
			Name: "service-" + strconv.Itoa(i), State: "running", Wanted: "up", PID: 10000 + i,
			Since: 1_700_000_000e9, Restarts: i, SigQ: status.SigQ{Used: 1, Limit: 96365}, Exited: true,
			Exit: status.Exit{Exit: signals.Exit{Signal: signals.SIGKILL}, Cause: "from pid 812 (bash, uid 0)"},
		}
	}
	return all
}

// answerAs answers as a supervisor with that many services does.
func answerAs(n int) func(*Call) {
	all := services(n)
	return func(call *Call) {
		switch r := call.Request.(type) {
		case request.Status:
			call.Reply(&request.Reply{Services: all})
		case request.Ping:
			call.Reply(&request.Reply{Supervisor: &request.Supervisor{PID: os.Getpid()}})
		case request.Stop:
			call.Fail(request.UnknownService, "there is no service "+r.Services[0])
		case request.Events: // stays open
		default:
			call.Reply(&request.Reply{Text: r.Verb() + " from " + call.Origin.String()})
		}
	}
}

// eventually waits until what the kernel shows is as it should be.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patient); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("in vain: ", what)
		}
	}
}

// queues returns the ids of the server's queues.
func (l *loop) queues() (requests, replies int) {
	l.queueServer.mu.Lock()
	defer l.queueServer.mu.Unlock()
	return l.queueServer.queues.Request, l.queueServer.queues.Reply
}

// empty reports whether there is no message left.
func (l *loop) empty() bool {
	request, reply := l.queues()
	requests, err := sys.MsgStat(request)
	replies, err2 := sys.MsgStat(reply)
	return err == nil && err2 == nil && requests.Messages == 0 && replies.Messages == 0
}

func descriptors(t testing.TB) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// serveRole serves the directory of its argument with two services until it is killed.
func serveRole(args []string) int {
	woken := make(chan struct{}, 1)
	s, left, err := Open(Options{
		Dir: root(args[0]), Services: []string{"web", "db"}, Mode: 0o600, Group: -1,
		Wake: func() {
			select {
			case woken <- struct{}{}:
			default:
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	s.Serve(nil)
	fmt.Println("ready", left)
	respond := answerAs(500)
	for range woken {
		for {
			call, ended, ok := s.Take()
			if !ok {
				break
			}
			if !ended {
				respond(call)
			}
		}
	}
	return 0
}

// askRole asks for the status, as often as its second argument says (0: for ever), and
// prints ok or the error.
func askRole(args []string) int {
	most, _ := strconv.Atoi(args[1])
	c, err := client.Dial(args[0])
	for i := 0; err == nil && (i < most || most == 0); i++ {
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		_, err = c.Call(ctx, request.Status{})
		cancel()
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ok")
	return 0
}

// tellRole writes its second argument into the FIFO of the first.
func tellRole(args []string) int {
	file, err := os.OpenFile(filepath.Join(args[0], controlName), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		_, err = file.WriteString(args[1] + "\n")
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ok")
	return 0
}

// output runs a command to its end and returns what it printed.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	ctx := limited(t)
	limit := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	limit.Env, limit.SysProcAttr = cmd.Env, cmd.SysProcAttr
	out, err := limit.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out)
}
