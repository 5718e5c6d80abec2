package main_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
)

var soakFiles = flag.Int("files", 65, "how many hostile files TestSoakFiles gives to the commands of each user")

// uses are the ways to give a file to supervise, with what would be right there.
var uses = []struct {
	name, sample string
	try          func(f *hostileFile)
}{
	{"check", soakSample, (*hostileFile).check},
	{"run", soakSample, (*hostileFile).runIt},
	{"update", soakSample, (*hostileFile).update},
	{"environment", "A=1\nexport B='two words'\n# comment\nC=\"x\\\ny\"\nD = e\n", (*hostileFile).environment},
	{"replay", "", (*hostileFile).replay},
	{"journal", "", (*hostileFile).journal},
	{"runtime", "471100000\n1f3a\n", (*hostileFile).runtimeDir},
	{"command", "#!/bin/sh\nexit 3\n", (*hostileFile).command},
	{"init", "#!/bin/sh\nexit 3\n", (*hostileFile).initIt},
	{"log", "2026-03-01T14:02:03Z a line of before\nanother\n", (*hostileFile).log},
	{"fifo", "signal web WINCH\nrestart web\nstatus\nwait web 1\n", (*hostileFile).fifo},
	{"queue", `{"verb":"status","services":["web"],"await":true}` + "\n", (*hostileFile).queueIt},
	{"words", "web SIGTERM=1 --for up\n", (*hostileFile).words},
}

// soakSample is a configuration of much that there is.
const soakSample = `[supervisor]
shutdown-timeout = "10s"
[control]
mode = "0600"
[signals]
SIGUSR1 = { restart = "web" }
SIGHUP = "update"
[service.web]
command = "sleep 1000"
umask = "022"
environment = { A = "1", "B" = '''two''' }
stop = { ladder = [ { signal = "SIGINT", scope = "group", timeout = "100ms" } ] }
signals = { block = ["SIGUSR2"], forward = { "SIGRTMIN+1" = "SIGRTMAX" } }
signals.queue = { limit = 10, when-full = "drop-oldest" }
restart = { policy = "always", delay = "100ms", factor = 1.5, success = [0, 1, "SIGTERM"] }
core.limit = "1MiB"
[service.job]
command = ["true", "a b"]
restart.policy = "never"
log = { mode = "discard" }
`

// TestSoakFiles gives hostile files, of every shape to every use, to what reads files: nothing
// crashes, hangs, needs much memory, or writes to a terminal what that would act upon, and who
// fails names the file. The same number is the same file in each run. docs/soak.md has what a
// large number of them gave.
func TestSoakFiles(t *testing.T) {
	for name, as := range map[string]setup{"root": func(*supervised) {}, "user": asOwnUser} {
		t.Run(name, func(t *testing.T) {
			if name == "root" {
				needRoot(t)
			}
			if _, err := exec.LookPath("prlimit"); err != nil {
				t.Skip("prlimit(1) is not there")
			}
			t.Parallel()
			h := &attacked{t: t, supervised: start(t, entryBuild, "journal = \"$DIR/journal\"\n[service.web]\n"+sleeper, as, quiet, func(s *supervised) {
				s.limit = testproc.Limit + time.Duration(*soakFiles)*time.Second
			})}
			pid := h.awaitRunning(t, "web")
			h.must(t, "restart", "web") // what the journal tells
			h.all(*soakFiles)
			if now := h.awaitRunning(t, "web"); now == pid {
				t.Error("web was not restarted")
			}
			t.Logf("%d files, %d commands, at most %v each", *soakFiles, h.commands, h.longest.Round(time.Millisecond))
			h.must(t, "shutdown")
			h.end(t)
		})
	}
}

// quiet has supervise run say less.
func quiet(s *supervised) { s.cmd.Args = slices.Replace(s.cmd.Args, 5, 6, "info") }

// attacked is what hostile files are given to.
type attacked struct {
	*supervised // one that runs meanwhile
	t           *testing.T

	mu       sync.Mutex
	commands int
	longest  time.Duration
}

// hostileFile is one of them, in a directory of its own.
type hostileFile struct {
	*attacked
	what   string
	path   string
	text   []byte // nil if it is none
	random *rand.Rand
	dir    string
}

// all tries n files, some at once.
func (h *attacked) all(n int) {
	journal, err := os.ReadFile(filepath.Join(h.dir, "journal"))
	if err != nil || len(journal) == 0 {
		h.t.Fatalf("there is no journal: %v", err)
	}
	numbers := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range numbers {
				h.one(i, string(journal))
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	workers.Wait()
}

// order is that in which shapes are tried, so that a few files are of different kinds.
var order = rand.New(rand.NewPCG(9, 9)).Perm(len(shapes))

// one tries one file: every use comes first with one shape, then with another. When all have
// been tried, mutations follow.
func (h *attacked) one(i int, journal string) {
	use, round := uses[i%len(uses)], i/len(uses)
	shape := mutations[round%len(mutations)]
	if round < len(order) {
		shape = shapes[order[round]]
	}
	f := &hostileFile{attacked: h, what: fmt.Sprintf("%d: %s, %s", i, use.name, shape.name), random: rand.New(rand.NewPCG(9, uint64(i)))}
	f.dir = filepath.Join(h.dir, strconv.Itoa(i))
	f.path = filepath.Join(f.dir, "hostile-file")
	if use.name == "runtime" {
		f.path = filepath.Join(f.dir, []string{"lock", "msgq.json", "board.json", "control", "services"}[round%5])
	}
	sample := use.sample
	if sample == "" {
		sample = journal
	}
	err := os.Mkdir(f.dir, 0o755)
	if err == nil {
		f.text, err = shape.make(f.path, sample, f.random)
	}
	if err != nil {
		h.t.Errorf("%s: %v", f.what, err)
		return
	}
	if c := h.cmd.SysProcAttr.Credential; c != nil {
		for _, path := range []string{f.dir, f.path} {
			_ = os.Lchown(path, int(c.Uid), int(c.Gid))
		}
	}
	use.try(f)
	_ = os.RemoveAll(f.dir)
}

const (
	hostileLimit  = 30 * time.Second // for one command, on a busy machine
	hostileMemory = 512 << 20        // its data, beyond which the Go runtime panics
	hostileCPU    = 8                // seconds, beyond which it is killed: also a shell that is given a puzzle
)

// do runs supervise, which is to fail only in its own way, and returns what it said and
// its status. When it says that it supervises, begun is called and then it is told to end.
func (f *hostileFile) do(begun func(), args ...string) (out string, status int) {
	ctx, cancel := context.WithTimeout(context.Background(), hostileLimit)
	defer cancel()
	limits := []string{"--data=" + strconv.Itoa(hostileMemory), "--cpu=" + strconv.Itoa(hostileCPU)}
	argv := slices.Concat(limits, []string{entryBuild}, args)
	cmd := exec.CommandContext(ctx, "prlimit", argv...)
	w := &waiting{until: "supervise starts", then: make(chan struct{})}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = w, w, hostileLimit
	cmd.Env = append(slices.Clone(f.cmd.Env), "SUPERVISE_RUNTIME_DIR="+f.runtime)
	cmd.Dir, cmd.SysProcAttr = f.dir, &syscall.SysProcAttr{Credential: f.cmd.SysProcAttr.Credential, Pdeathsig: syscall.SIGKILL, Setsid: true}
	if f.sandbox.cgroup != "" {
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, f.cmd.SysProcAttr.CgroupFD
	}
	started := time.Now()
	if err := cmd.Start(); err != nil {
		f.t.Errorf("%s: %v", f.what, err)
		return "", 0
	}
	ended := make(chan struct{})
	if begun != nil {
		go func() {
			select {
			case <-w.then:
				begun()
				_ = cmd.Process.Signal(syscall.SIGTERM)
			case <-ended:
			}
		}()
	}
	_ = cmd.Wait()
	close(ended)
	f.judge(cmd, w.String(), time.Since(started))
	return w.String(), cmd.ProcessState.ExitCode()
}

// judge looks at how a command has ended.
func (f *hostileFile) judge(cmd *exec.Cmd, out string, took time.Duration) {
	state := cmd.ProcessState
	complain := func(text string) { f.t.Errorf("%s: %q %s, %v\n%.3000q", f.what, cmd.Args[1:], text, state, out) }
	switch {
	case took > hostileLimit:
		complain("hangs")
	case state.ExitCode() < 0:
		complain("crashes")
	case strings.Contains(out, "goroutine ") || strings.Contains(out, "panic") || strings.Contains(out, "fatal error:"):
		complain("panics")
	case cmd.Args[4] == "init": // says only what the command has said
	case strings.ContainsFunc(out, actsOnTerminals) || !utf8.ValidString(out):
		complain("says what a terminal acts upon")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commands++
	f.longest = max(f.longest, took)
}

func actsOnTerminals(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\u202e'
}

// waiting is output in which a text is waited for.
type waiting struct {
	mu    sync.Mutex
	out   bytes.Buffer
	until string
	then  chan struct{} // closed when it has come
	come  bool
}

func (w *waiting) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := max(0, w.out.Len()-len(w.until)) // of which a part may have come
	w.out.Write(text)
	if !w.come && bytes.Contains(w.out.Bytes()[before:], []byte(w.until)) {
		w.come = true
		close(w.then)
	}
	return len(text), nil
}

func (w *waiting) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.String()
}

// named fails the test if a command has failed without naming the file.
func (f *hostileFile) named(out string, status int) {
	if (status == 1 || status == 126 || status == 127) && !strings.Contains(out, filepath.Base(f.path)) {
		f.t.Errorf("%s: status %d, and the file is not named: %.1000q", f.what, status, out)
	}
}

func (f *hostileFile) check() {
	f.named(f.do(nil, "check", f.path))
	f.named(f.do(nil, "check", "--offline", f.path))
}

func (f *hostileFile) runIt() {
	f.named(f.do(func() {}, "run", "--runtime-dir", filepath.Join(f.dir, "run"), f.path))
}

// update puts the file in force where there is another one, and that one again.
func (f *hostileFile) update() {
	f.named(f.do(nil, "update", "--dry-run", f.path))
	f.ping()
	f.long("", func(dir string) {
		f.do(nil, "update", "--runtime-dir", dir, f.path)
		f.do(nil, "status", "--runtime-dir", dir)
		if out, status := f.do(nil, "update", "--runtime-dir", dir, filepath.Join(f.dir, "c.toml")); status != 0 {
			f.t.Errorf("%s: then status %d: %s", f.what, status, out)
		}
	})
}

// long runs a service that does not end, and calls begun with the runtime directory.
func (f *hostileFile) long(keys string, begun func(dir string)) {
	config := f.config(keys + "[service.web]\n" + sleeper)
	dir := filepath.Join(f.dir, "run")
	f.named(f.do(func() { begun(dir) }, "run", "--runtime-dir", dir, config))
}

// config writes a configuration that begins with the rest of the table [supervisor].
func (f *hostileFile) config(keys string) string {
	path := filepath.Join(f.dir, "c.toml")
	if err := os.WriteFile(path, []byte("[supervisor]\n"+strings.ReplaceAll(keys, "$FILE", f.path)), 0o644); err != nil {
		f.t.Error(err)
	}
	return path
}

// service runs a service of which something is hostile, until it has ended.
func (f *hostileFile) service(keys string) {
	config := f.config("exit-with = \"all\"\n" + keys)
	out, status := f.do(nil, "run", "--runtime-dir", filepath.Join(f.dir, "run"), config)
	if strings.Contains(out, "argument list too long") {
		return // the kernel does not say what is
	}
	for _, what := range []string{"cannot start", "cannot open", "cannot read", "cannot write"} {
		if strings.Contains(out, what) {
			status = 1 // else it is that of the service
		}
	}
	f.named(out, status)
}

const oneShot = "restart.policy = \"never\"\n"

func (f *hostileFile) environment() {
	f.service("[service.web]\ncommand = \"true\"\nenvironment-file = \"$FILE\"\n" + oneShot)
}

func (f *hostileFile) replay() {
	f.named(f.do(nil, "replay", f.path))
	f.named(f.do(nil, "replay", "--format", "json", f.path))
}

// journal begins where a hostile one is, and looks what it tells of before.
func (f *hostileFile) journal() {
	f.long("journal = \"$FILE\"\n", func(dir string) {
		f.do(nil, "why", "--runtime-dir", dir, "web")
		f.do(nil, "events", "--runtime-dir", dir, "-n", "0")
		f.do(nil, "status", "--runtime-dir", dir)
	})
}

// runtimeDir asks whoever a hostile runtime directory tells of, and then runs in it.
func (f *hostileFile) runtimeDir() {
	for _, args := range [][]string{{"status"}, {"status", "--board"}, {"why", "web"}, {"stop", "web"}} {
		f.do(nil, append(args, "--runtime-dir", f.dir)...)
	}
	config := f.config("[service.web]\n" + sleeper)
	f.named(f.do(func() { f.do(nil, "status", "--runtime-dir", f.dir) }, "run", "--runtime-dir", f.dir, config))
}

func (f *hostileFile) command() {
	f.service("[service.web]\ncommand = [\"$FILE\"]\n" + oneShot)
}

func (f *hostileFile) initIt() {
	f.named(f.do(nil, "init", "--", f.path))
}

// log writes to a hostile file.
func (f *hostileFile) log() {
	f.service("[service.web]\ncommand = \"echo x\"\nlog = { file = \"$FILE\", max-size = \"4KiB\", compress = \"gzip\", keep = 1 }\n" + oneShot)
}

// some is the text of the file, or some other if it has none, as a FIFO, a message or a
// command line may have it.
func (f *hostileFile) some(most int) []byte {
	text := f.text
	if text == nil {
		text = []byte(f.what)
	}
	return text[:min(len(text), most)]
}

func (f *hostileFile) fifo() {
	fifo, err := os.OpenFile(filepath.Join(f.runtime, "control"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		f.t.Errorf("%s: %v", f.what, err)
		return
	}
	defer fifo.Close()
	_ = fifo.SetWriteDeadline(time.Now().Add(hostileLimit))
	if _, err := fifo.Write(append(f.some(1<<20), '\n')); err != nil {
		f.t.Errorf("%s: %v", f.what, err)
	}
	f.ping()
}

// queueIt sends the text as the payload of a frame, and as a frame.
func (f *hostileFile) queueIt() {
	queues, err := wire.Find(f.runtime)
	if err != nil {
		f.t.Errorf("%s: %v", f.what, err)
		return
	}
	text := f.some(4096)
	frame := wire.Frame{Kind: wire.Request, Client: wire.ClientID(os.Getpid(), 1), Request: f.random.Uint64(), Parts: 1, Payload: text}
	whole := frame.Append(nil, 1)
	bare := append(append([]byte(nil), whole[:sys.MsgHead]...), text...)
	for _, message := range [][]byte{whole, bare} {
		for deadline := time.Now().Add(hostileLimit); ; time.Sleep(time.Millisecond) { // nothing says that there is room
			if err = sys.MsgSend(queues.Request, message, sys.IPCNoWait); err != syscall.EAGAIN || time.Now().After(deadline) {
				break
			}
		}
		if err != nil {
			f.t.Errorf("%s: msgsnd: %v", f.what, err)
		}
	}
	f.ping()
}

// words gives the text to commands, as one word, and each of its words.
func (f *hostileFile) words() {
	text := string(bytes.ReplaceAll(f.some(2000), []byte{0}, []byte("0")))
	for _, args := range [][]string{{"status", text}, {"why", text}, {"signal", "web", text}, {"wait", "--timeout", "1ms", "--for", text, "web"}, {text}} {
		f.do(nil, args...)
	}
	f.do(nil, append([]string{"status"}, strings.Fields(text)...)...)
}

// ping looks whether the one that runs is still there.
func (f *hostileFile) ping() {
	c, err := client.Dial(f.runtime)
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), hostileLimit)
		defer cancel()
		_, err = c.Call(ctx, request.Ping{})
	}
	if err != nil {
		f.t.Errorf("%s: then: %v", f.what, err)
	}
}
