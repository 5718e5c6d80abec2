package host

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/kernel"
	"supervise/supervisor/launch"
	"supervise/supervisor/logs"
	"supervise/supervisor/output"
	"supervise/supervisor/process/tree"
)

// silent is told of the output of services, and says nothing.
type silent struct{}

func (silent) FallbackBegan(string, error) {}
func (silent) FallbackEnded(string)        {}
func (silent) Tail(string, []string)       {}
func (silent) Trouble(logs.Trouble)        {}

// newHost returns a host without signals, whose loop is the test: woken has room for one
// wake-up, as Wake has.
func newHost(t *testing.T) (h *Host, woken chan struct{}) {
	t.Helper()
	woken = make(chan struct{}, 1)
	h = &Host{began: time.Now(), awaited: map[int]struct{}{}, launcher: launch.New(nil, launch.Rlimit{})}
	h.mailbox.wake = func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	h.outputs, err = output.New(output.Options{Stdout: int(null.Fd()), Stderr: int(null.Fd()), Post: h.Post, Observer: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.outputs.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		_ = null.Close()
	})
	return h, woken
}

// runPosted is the loop, until n functions have been called.
func runPosted(t *testing.T, h *Host, woken chan struct{}, n int) {
	t.Helper()
	for n > 0 {
		select {
		case <-woken:
		case <-time.After(20 * time.Second):
			t.Fatalf("%d more were to be posted", n)
		}
		for _, f := range h.Posted() {
			f()
			n--
		}
	}
}

// TestPosted calls everything once, in the order of each goroutine.
func TestPosted(t *testing.T) {
	h, woken := newHost(t)
	const each, posters = 1000, 4
	last := make([]int, posters)
	var all sync.WaitGroup
	for i := range posters {
		all.Go(func() {
			for n := 1; n <= each; n++ {
				h.Post(func() {
					if last[i] != n-1 {
						t.Errorf("poster %d: %d comes after %d", i, n, last[i])
					}
					last[i] = n
				})
			}
		})
	}
	runPosted(t, h, woken, each*posters)
	all.Wait()
	if left := h.Posted(); len(left) != 0 || !slices.Equal(last, []int{each, each, each, each}) {
		t.Errorf("%d are left, the last ones are %v", len(left), last)
	}
}

// TestBesideAndLater have the loop called back, unless there is nothing to call, or it is
// prevented.
func TestBesideAndLater(t *testing.T) {
	h, woken := newHost(t)
	var did []string
	stop := h.Later(time.Hour, func() { did = append(did, "never") })
	stop()
	h.Beside(func() func() { return nil })
	h.Beside(func() func() { return func() { did = append(did, "beside") } })
	runPosted(t, h, woken, 1)
	h.Later(time.Millisecond, func() { did = append(did, "later") })
	runPosted(t, h, woken, 1)
	if want := []string{"beside", "later"}; !slices.Equal(did, want) {
		t.Errorf("called were %v, want %v", did, want)
	}
}

// load is Load, with the test as the loop.
func load(t *testing.T, h *Host, woken chan struct{}, path string, dry bool) (c kernel.Configuration, err error) {
	t.Helper()
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		c, err = h.Load(path, kernel.Loading{Dry: dry})
	}()
	runPosted(t, h, woken, 1)
	<-loaded
	return c, err
}

// TestLoad reads configurations, and leaves nothing of those that cannot be put in force.
func TestLoad(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		dry   bool
		fails string
		makes []string // log files, in a directory of the test's
	}{
		"good":            {"[service.web]\ncommand = \"x\"\nlog = { mode = \"file\", file = \"DIR/web.log\" }\n", false, "", []string{"web.log"}},
		"dry":             {"[service.web]\ncommand = \"x\"\nlog = { mode = \"file\", file = \"DIR/web.log\" }\n", true, "", nil},
		"a mistake":       {"[service.web]\ncomand = \"x\"\n", false, "comand", nil},
		"nobody":          {"[service.web]\ncommand = \"x\"\nuser = \"no such user\"\n", false, `unknown user "no such user"`, nil},
		"no directory":    {"[service.web]\ncommand = \"x\"\nlog = { mode = \"file\", file = \"DIR/none/web.log\" }\n", false, `service "web"`, nil},
		"none, dry":       {"[service.web]\ncommand = \"x\"\nlog = { mode = \"file\", file = \"DIR/none/web.log\" }\n", true, `service "web"`, nil},
		"good, then none": {"[service.a]\ncommand = \"x\"\nlog = { mode = \"file\", file = \"DIR/a.log\" }\n[service.b]\ncommand = \"x\"\nlog = { mode = \"file\", file = \"DIR/none/b.log\" }\n", false, `service "b"`, []string{"a.log"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, woken := newHost(t)
			dir := t.TempDir()
			logs := filepath.Join(dir, "logs")
			if err := os.Mkdir(logs, 0o755); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "s.toml")
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(test.text, "DIR", logs)), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := load(t, h, woken, path, test.dry)
			if test.fails == "" && err == nil {
				c.Release()
			}
			if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("the error is %v, want one with %q", err, test.fails)
			}
			made, _ := filepath.Glob(logs + "/*")
			for i := range made {
				made[i] = filepath.Base(made[i])
			}
			if !slices.Equal(made, test.makes) {
				t.Errorf("it has made %v, want %v", made, test.makes)
			}
		})
	}
}

// fakeTree is a tree of no processes.
type fakeTree struct {
	tree.Tree
	sent   []signals.Signal
	killed int
}

func (f *fakeTree) Signal(s signals.Signal) (int, error) { f.sent = append(f.sent, s); return 3, nil }
func (f *fakeTree) Kill() (bool, error)                  { f.killed++; return true, nil }

// TestSignalWithoutLeader sends to whom there still is: nobody is sent a signal by a pid of
// 0, which would be our own group.
func TestSignalWithoutLeader(t *testing.T) {
	fake := &fakeTree{}
	s := &service{tree: fake}
	for _, test := range []struct {
		scope config.Scope
		sent  int
	}{{config.Main, 0}, {config.Group, 0}, {config.Tree, 3}} {
		if sent, err := s.Signal(0, test.scope, signals.SIGWINCH); sent != test.sent || err != nil {
			t.Errorf("%v: %d were sent it, want %d: %v", test.scope, sent, test.sent, err)
		}
	}
	if result := s.Deliver(0, signals.Info{Signal: signals.SIGWINCH}); result != send.Gone {
		t.Errorf("a signal for no main process: %v", result)
	}
	if err := s.Kill(0); err != nil || fake.killed != 1 || !slices.Equal(fake.sent, []signals.Signal{signals.SIGWINCH}) {
		t.Errorf("the tree was sent %v and killed %d times: %v", fake.sent, fake.killed, err)
	}
}
