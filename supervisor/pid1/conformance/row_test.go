package conformance

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// patience bounds how long one row may take, beside the time that a storm lasts.
const patience = 40 * time.Second

// row is one behaviour: a command line, what is sent, and what comes of it.
type row struct {
	what    string
	name    string   // the program's
	env     []string // in addition
	args    []string
	script  string   // that sh runs as the command; it reads descriptor 0 to wait
	command []string // instead of it
	// signals are sent to init one after the other, each when the script says "ready".
	signals []syscall.Signal
	// confined is what init has to do without.
	confined confinement

	status int
	out    string // the lines that the script prints beside "ready", joined with ", "
	stderr string // a part of what is said there
	silent bool   // nothing is said there

	real    bool // the real program does the same
	plainly bool // only makes sense if it is not PID 1
	first   bool // only makes sense as PID 1
	in      bool // is tried in an OCI container, too
}

// place is where a program is run.
type place int

const (
	plainly place = iota
	asFirst       // PID 1 of a namespace
)

func (p place) String() string { return [...]string{"plainly", "as PID 1"}[p] }

// argv is the command line that runs a program in a place.
func (p place) argv(file string, args ...string) []string {
	argv := append([]string{file}, args...)
	if p == plainly {
		return argv
	}
	unshare := []string{"unshare", "--pid", "--fork", "--kill-child", "--mount-proc"}
	if os.Getuid() != 0 {
		unshare = append(unshare, "--map-root-user")
	}
	return append(append(unshare, "--"), argv...)
}

// unshares tells why a namespace cannot be made here, or nil.
var unshares = sync.OnceValue(func() error {
	argv := asFirst.argv("true")
	return exec.Command(argv[0], argv[1:]...).Run()
})

// run tries the rows of a table, with every build and in every place that they are for.
func run(t *testing.T, rows []row) {
	t.Helper()
	t.Parallel()
	for _, r := range rows {
		t.Run(r.what, func(t *testing.T) {
			t.Parallel()
			each(t, r.name, r.real, func(t *testing.T, p program) {
				for _, where := range []place{plainly, asFirst} {
					if where == plainly && r.first || where == asFirst && r.plainly {
						continue
					}
					t.Run(where.String(), func(t *testing.T) {
						t.Parallel()
						if why := r.beyond(where); why != "" {
							t.Skip(why)
						}
						if where == asFirst {
							if err := unshares(); err != nil {
								t.Skip("cannot make a PID namespace here:", err)
							}
						}
						counted(t, p.build, where.String())
						r.try(t, p, where)
					})
				}
			})
		})
	}
}

// command is what the row runs below init.
func (r row) argv() []string {
	if r.command != nil || r.script == "" {
		return slices.Concat(r.args, r.command)
	}
	return slices.Concat(r.args, []string{"--", "sh", "-c", r.script})
}

func (r row) try(t *testing.T, p program, where place) {
	t.Helper()
	env, argv := r.env, append([]string{p.file}, r.argv()...)
	if !r.confined.nothing() {
		more, wrapped := r.confined.wrap(t, argv...)
		env, argv = append(slices.Clone(env), more...), wrapped
	}
	argv = where.argv(argv[0], argv[1:]...)
	i := launch(t, env, argv...)
	for _, s := range r.signals {
		i.await(t, "ready")
		i.send(t, where, s)
	}
	status := i.status(t)
	if out := strings.Join(i.said(), ", "); status != r.status || out != r.out {
		t.Errorf("%q: status %d, output %q; want %d, %q\n%s", argv, status, out, r.status, r.out, i.errors())
	}
	if i.late.Load() {
		t.Errorf("%q: not all has ended within %v\n%s", argv, patience, i.errors())
	}
	if !strings.Contains(i.errors(), r.stderr) {
		t.Errorf("%q: it says %q, which lacks %q", argv, i.errors(), r.stderr)
	}
	if r.silent && i.errors() != "" {
		t.Errorf("%q: it says %q", argv, i.errors())
	}
}

// running is a program that was launched, in a session of its own.
type running struct {
	cmd   *exec.Cmd
	out   io.Reader
	lines *bufio.Scanner
	rest  []string
	over  bool
	err   *guarded
	late  atomic.Bool // it, or what it has left behind, had to be killed
	quiet *os.File    // its standard input, to which empty lines are written
}

func launch(t *testing.T, env []string, argv ...string) *running {
	t.Helper()
	i := &running{cmd: exec.Command(argv[0], argv[1:]...), err: &guarded{}}
	entry := newMark()
	i.cmd.Env = append(append(os.Environ(), entry), env...)
	i.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	i.cmd.WaitDelay = patience // something left behind may hold the pipe
	i.cmd.Stderr = i.err
	in, err := i.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	i.quiet = in.(*os.File)
	out, err := i.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, i.cmd)
	t.Cleanup(func() {
		if !i.over { // else nobody is left who holds the pipe
			killMarked(entry)
		}
	})
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go i.poke(stop)
	timer := time.AfterFunc(patience+*storm, func() {
		i.late.Store(true)
		killMarked(entry)
	})
	t.Cleanup(func() { timer.Stop() })
	i.out, i.lines = out, bufio.NewScanner(out)
	return i
}

// poke writes an empty line now and then: see lines.
func (i *running) poke(stop <-chan struct{}) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			if _, err := i.quiet.WriteString("\n"); err != nil {
				return
			}
		}
	}
}

// await reads up to a line.
func (i *running) await(t *testing.T, line string) {
	t.Helper()
	for i.lines.Scan() {
		if i.lines.Text() == line {
			return
		}
		i.rest = append(i.rest, i.lines.Text())
	}
	_ = i.cmd.Process.Kill()
	i.over = i.cmd.Wait() != exec.ErrWaitDelay // all of its errors are there now
	t.Fatalf("%q: no %q but %q\n%s", i.cmd.Args, line, i.rest, i.errors())
}

// pid is that of init, outside.
func (i *running) pid(t *testing.T, where place) int {
	t.Helper()
	pid := i.cmd.Process.Pid
	if where == plainly {
		return pid
	}
	children := childrenOf(pid)
	if len(children) != 1 {
		t.Fatalf("%q has the children %v", i.cmd.Args, children)
	}
	return children[0]
}

func (i *running) send(t *testing.T, where place, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(i.pid(t, where), s); err != nil {
		t.Fatalf("kill %v: %v", s, err)
	}
}

// status reads the rest of the output and waits.
func (i *running) status(t *testing.T) int {
	t.Helper()
	for i.lines.Scan() {
		i.rest = append(i.rest, i.lines.Text())
	}
	i.over = i.cmd.Wait() != exec.ErrWaitDelay
	state := i.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if state.Signaled() {
		return -int(state.Signal())
	}
	return state.ExitStatus()
}

// said is what was printed beside "ready".
func (i *running) said() []string {
	return slices.DeleteFunc(slices.Clone(i.rest), func(line string) bool { return line == "ready" })
}

func (i *running) errors() string { return i.err.String() }

// guarded is a buffer that may be read while it is written.
type guarded struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (g *guarded) Write(text []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.buffer.Write(text)
}

func (g *guarded) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.buffer.String()
}

// childrenOf lists a process's children: proc_tid_children(5).
func childrenOf(pid int) (children []int) {
	tasks, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	for _, task := range tasks {
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + task.Name() + "/children")
		for field := range strings.FieldsSeq(string(text)) {
			child, _ := strconv.Atoi(field)
			children = append(children, child)
		}
	}
	return children
}

// mark is the variable by which everything that a launched program has left is known.
const mark = "SUPERVISE_CONFORMANCE="

var launches atomic.Int32

func newMark() string {
	return mark + strconv.Itoa(os.Getpid()) + "." + strconv.Itoa(int(launches.Add(1)))
}

// killMarked kills every process that carries a mark, until none is left.
func killMarked(entry string) {
	for found := true; found; {
		found = false
		all, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, file := range all {
			environ, err := os.ReadFile(file)
			if err != nil || !bytes.Contains(environ, []byte(entry+"\x00")) {
				continue
			}
			if pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file))); syscall.Kill(pid, syscall.SIGKILL) == nil {
				found = true
			}
		}
	}
}
