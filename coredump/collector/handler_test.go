package collector

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/internal/testproc"
)

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o700)
}

// TestSwappedExe has a process whose executable is replaced while it runs.
func TestSwappedExe(t *testing.T) {
	p := open(t, func(_ *Options, p *place) { p.order.Capture = order.Mini })
	path := filepath.Join(t.TempDir(), "prog")
	for _, c := range []struct {
		name string
		swap func() error
	}{
		{"not", func() error { return nil }},
		{"by another program", func() error { return copyFile("/bin/ls", path) }},
		{"by a link to a secret", func() error { return os.Symlink("/etc/shadow", path) }},
		{"by a FIFO", func() error { return unix.Mkfifo(path, 0o600) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			_ = os.Remove(path)
			if err := copyFile(testproc.Argv(t)[0], path); err != nil {
				t.Fatal(err)
			}
			e := startEater(t, func(cmd *exec.Cmd) { cmd.Path = path }, "1")
			if c.name != "not" {
				_ = os.Remove(path)
			}
			if err := c.swap(); err != nil {
				t.Fatal(err)
			}
			e.crash()
			r := p.wait(e.pid).last
			if len(r.Modules) == 0 || r.Modules[0].Path != path || r.Modules[0].Problem != "" {
				t.Fatalf("modules %+v, problems %v", r.Modules, r.Problems)
			}
			ours := func(f report.Frame) bool { return strings.HasSuffix(f.Function, "collector.eat") }
			if !slices.ContainsFunc(r.Threads[0].Frames, ours) {
				t.Errorf("the stack is %+v", r.Threads[0].Frames)
			}
		})
	}
}

// TestDiskFull writes into a file system that has not enough room.
func TestDiskFull(t *testing.T) {
	p := open(t, func(_ *Options, p *place) {
		dir := t.TempDir()
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=8m,mode=700"); err != nil {
			t.Skip("cannot mount a tmpfs: ", err)
		}
		t.Cleanup(func() {
			if err := unix.Unmount(dir, 0); err != nil {
				t.Error(err)
			}
		})
		p.store, p.order.Directory = dir, dir
	})
	e := startEater(t, nil, "100")
	e.crash()
	r := p.wait(e.pid).last
	if !testproc.Dumped(t, e.Cmd) {
		t.Error("WCOREDUMP is not set")
	}
	if r.Core.State != report.Truncated || !strings.Contains(r.Core.Reason, "no space is left") || r.Mini.Size == 0 || len(r.Threads) == 0 {
		t.Errorf("core %+v, mini %+v, problems %v", r.Core, r.Mini, r.Problems)
	}
	if p.items()[e.pid].Report.Core.State != report.Truncated {
		t.Errorf("the store says %+v", p.items()[e.pid].Report.Core)
	}
}

// TestNoStore releases and explains a process whose core cannot be kept.
func TestNoStore(t *testing.T) {
	p := open(t, func(_ *Options, p *place) { p.order.Directory = "/proc/nowhere" })
	cmd := testproc.Crash(t, nil)
	r := p.wait(cmd.Process.Pid).last
	testproc.Dumped(t, cmd)
	if r.Core.State != report.Refused || !strings.Contains(r.Core.Reason, "/proc/nowhere") || len(r.Threads) == 0 || r.ID != "" {
		t.Errorf("%+v", r)
	}
}

// TestFreePorts binds the port of a process whose core is still being written.
func TestFreePorts(t *testing.T) {
	for _, c := range []struct {
		by   string
		free bool
	}{{"listen", false}, {"listen", true}, {"mptcp", true}} {
		t.Run(c.by+" "+strconv.FormatBool(c.free), func(t *testing.T) {
			var e *eater
			var bound error
			p := open(t, func(o *Options, p *place) {
				p.order.FreePorts = c.free
				next := o.Progress
				o.Progress = func(o order.Order, g order.Progress) {
					if g.Stage == order.Explained && o.PID == e.pid {
						bound = bind(e.port)
						if err := unix.Kill(e.pid, 0); err != nil {
							t.Error("the process is gone already")
						}
					}
					next(o, g)
				}
			})
			e = startEater(t, nil, large, c.by)
			e.crash()
			r := p.wait(e.pid).last
			testproc.Dumped(t, e.Cmd)
			if bound == nil != c.free || r.Core.State != report.Complete {
				t.Errorf("%v, %+v", bound, r.Core)
			}
		})
	}
}

// TestFreePortsOfServers starts a server again, while the core of the one before is written that
// had its port.
func TestFreePortsOfServers(t *testing.T) {
	for _, c := range []struct {
		name    string
		command func(dir, port string) []string
	}{
		{"redis-server", func(dir, port string) []string {
			return []string{"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "", "--crash-log-enabled", "no"}
		}},
		{"nginx", func(dir, port string) []string {
			text := "daemon off; master_process off; error_log stderr; pid " + dir + "/pid; events {}\n" +
				"http { access_log off; client_body_temp_path " + dir + "; server { listen 127.0.0.1:" + port + "; } }\n"
			if err := os.WriteFile(dir+"/conf", []byte(text), 0o600); err != nil {
				panic(err)
			}
			return []string{"-p", dir, "-c", dir + "/conf"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, err := exec.LookPath(c.name)
			if err != nil {
				t.Skip(err)
			}
			dir, port := t.TempDir(), freePort(t)
			start := func() *exec.Cmd {
				cmd := exec.Command(path, c.command(dir, port)...)
				testproc.Start(t, cmd)
				return cmd
			}
			var first, second *exec.Cmd
			var answered error
			p := open(t, func(o *Options, p *place) {
				p.order.FreePorts = true
				next := o.Progress
				o.Progress = func(o order.Order, g order.Progress) {
					if g.Stage == order.Explained && o.PID == first.Process.Pid {
						// The core is small: it is held up.
						h := p.handlerOf()
						_ = unix.Kill(h, unix.SIGSTOP)
						second = start()
						answered = connect(port)
						_ = unix.Kill(h, unix.SIGCONT)
					}
					next(o, g)
				}
			})
			first = start()
			if err := connect(port); err != nil {
				t.Fatal(err)
			}
			_ = unix.Kill(first.Process.Pid, unix.SIGSEGV)
			p.wait(first.Process.Pid)
			testproc.Dumped(t, first)
			if answered != nil || second == nil || unix.Kill(second.Process.Pid, 0) != nil {
				t.Errorf("the second one: %v", answered)
			}
		})
	}
}

// freePort is one that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// connect waits until somebody accepts.
func connect(port string) (err error) {
	for range 1000 {
		var conn net.Conn
		if conn, err = net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			return conn.Close()
		}
		time.Sleep(5 * time.Millisecond) // whether a server listens is no event
	}
	return err
}

// bind listens on a port for a moment, as servers do: with SO_REUSEADDR.
func bind(port string) error {
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err == nil {
		err = l.Close()
	}
	return err
}

// TestHook runs a hook, and one that fails.
func TestHook(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	noted := make(chan string, 10)
	for _, c := range []struct {
		name string
		hook []string
		note string
	}{
		{"good", []string{"/bin/sh", "-c", `cat >"$0"; env >>"$0.env"; echo done`, out}, "says: done"},
		{"fails", []string{"/bin/sh", "-c", "exit 3"}, "exit status 3"},
		{"absent", []string{"/nowhere/hook"}, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := open(t, func(o *Options, p *place) {
				p.order.Compress, p.order.OnCore, p.order.Service = order.Zstd, c.hook, "web"
				o.Log = func(m Message) { noted <- m.Text }
			})
			cmd := testproc.Crash(t, nil)
			r := p.wait(cmd.Process.Pid).last
			if note := <-noted; !strings.Contains(note, c.note) {
				t.Errorf("noted %q", note)
			}
			if c.name != "good" {
				return
			}
			text, err := os.ReadFile(out)
			var got report.Report
			if err == nil {
				err = json.Unmarshal(text, &got)
			}
			if err != nil || got.ID != r.ID || !strings.HasSuffix(got.Core.Path, ".zst") || got.Service != "web" {
				t.Errorf("%v: %+v", err, got)
			}
			env, _ := os.ReadFile(out + ".env")
			if !strings.Contains(string(env), "SUPERVISE_CORE="+r.ID+"\n") || strings.Contains(string(env), "HOME=") {
				t.Errorf("its environment is %s", env)
			}
		})
	}
}

// TestStorm has hooks that take long: they hold up no further core, until there are too many.
func TestStorm(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	held, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { held.Close() }) // after the collector: hooks may still want to open it
	p := open(t, func(o *Options, p *place) {
		p.order.OnCore = []string{"/bin/sh", "-c", `read line <"$0"`, fifo}
		o.Handlers = 1
	})
	p.late = make(chan struct{}, 2)
	for range 3 { // the third keeps the only slot
		p.wait(crashed(t))
	}
	if len(p.late) != 2 || len(p.slots) != 1 {
		t.Errorf("%d handlers have stored their cores, and %d take one", len(p.late), len(p.slots))
	}
	fourth := crashed(t)
	for range 4 {
		if _, err := held.WriteString("\n"); err != nil {
			t.Fatal(err)
		}
	}
	p.wait(fourth)
}

// crashed is the pid of a process that crashes.
func crashed(t *testing.T) int {
	t.Helper()
	return testproc.Crash(t, nil).Process.Pid
}

// TestHookCrashes has a hook crash, whose core would start the next hook.
func TestHookCrashes(t *testing.T) {
	for _, without := range []Without{{}, {Socket: true}} {
		t.Run(fmt.Sprint(without), func(t *testing.T) {
			noted := make(chan string, 10)
			p := open(t, func(o *Options, p *place) {
				p.order.OnCore = []string{"/bin/sh", "-c", "ulimit -c unlimited; sh -c 'kill -SEGV $$'; exit 3"}
				o.Without, o.Handlers = without, 1
				o.Log = func(m Message) { noted <- m.Text }
				if without.Socket {
					o.Handler = script(t)
				}
			})
			cmd := testproc.Crash(t, nil)
			p.wait(cmd.Process.Pid)
			for note := ""; !strings.Contains(note, "exit status 3"); note = <-noted {
			}
			p.lock.Lock()
			defer p.lock.Unlock()
			if len(p.crashes) != 1 {
				t.Errorf("decided on %+v", p.crashes)
			}
		})
	}
}

// TestRelease measures how long a process that is only to leave a small core is held up: not
// longer because it has more memory.
func TestRelease(t *testing.T) {
	p := open(t, func(_ *Options, p *place) { p.order.Capture = order.Mini })
	took := map[string]int64{}
	for _, mb := range []string{"50", "500"} {
		best := int64(1 << 62)
		for range 3 {
			e := startEater(t, nil, mb)
			begun := unixNano()
			e.crash()
			_ = e.Wait()
			best = min(best, unixNano()-begun)
			p.wait(e.pid)
		}
		took[mb] = best / 1e6
	}
	t.Logf("released after %v ms", took)
	// Unmapping takes time, too: some 50 ms for 500 MB. To write them takes some seconds.
	if took["500"] > 3*took["50"]+500 {
		t.Errorf("released after %v ms", took)
	}
}

func unixNano() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return ts.Nano()
}
