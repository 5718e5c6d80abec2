package take_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/coredump/elfcore"
	"supervise/coredump/mini"
	"supervise/coredump/take"
	"supervise/internal/testproc"
)

// start starts a program that says "ready" when it is.
func start(tb testing.TB, prog string, args ...string) *exec.Cmd {
	tb.Helper()
	cmd := exec.Command(prog, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		tb.Fatalf("%q, %v", line, err)
	}
	// What it does after that is to wait, with all threads.
	for end := time.Now().Add(patience); !asleep(cmd.Process.Pid); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatal("it does not wait")
		}
	}
	return cmd
}

func asleep(pid int) bool {
	tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status")
	return !slices.ContainsFunc(tasks, func(task string) bool { return !strings.HasPrefix(field(task, "State"), "S") })
}

const patience = 20 * time.Second

// full takes a full core, and returns its path.
func full(tb testing.TB, s *take.Snapshot) (string, take.Summary) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "core")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	summary, err := s.WriteFull(f, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return path, summary
}

func small(tb testing.TB, s *take.Snapshot) (string, mini.Summary) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "mini")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	summary, err := s.WriteMini(f)
	if err != nil {
		tb.Fatal(err)
	}
	return path, summary
}

func open(tb testing.TB, path string) *elfcore.Core {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	core, err := elfcore.Open(f, info.Size())
	if err != nil {
		tb.Fatal(err)
	}
	if len(core.Problems) > 0 || core.Expected() > info.Size() {
		tb.Errorf("%s of %d bytes, %d expected: %q", path, info.Size(), core.Expected(), core.Problems)
	}
	return core
}

func stop(tb testing.TB, pid int, o take.Options) *take.Snapshot {
	tb.Helper()
	s, err := take.Stop(pid, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// field returns a line of a status file.
func field(path, name string) string {
	text, _ := os.ReadFile(path)
	_, line, _ := strings.Cut(string(text), "\n"+name+":\t")
	line, _, _ = strings.Cut(line, "\n")
	return line
}

// untouched fails the test unless all threads of a process run or sleep, untraced.
func untouched(tb testing.TB, pid int) {
	tb.Helper()
	tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status")
	if len(tasks) == 0 {
		tb.Errorf("process %d has ended", pid)
	}
	for _, task := range tasks {
		if by := field(task, "TracerPid"); by != "0" && by != "" {
			tb.Errorf("%s: traced by %s", task, by)
		}
		if state := field(task, "State"); strings.HasPrefix(state, "t") || strings.HasPrefix(state, "T") {
			tb.Errorf("%s: %s", task, state)
		}
	}
}

// program is one that waits when it has said "ready".
type program struct {
	name  string
	build [][]string
	args  []string
	shows string // a function of every program
}

var programs = []program{
	{"threads", [][]string{{"gcc", "-O1", "-o", "prog", "DIR/threads.c", "-lpthread"}}, []string{"wait", "50"}, "middle"},
	{"static", [][]string{{"gcc", "-O1", "-static", "-o", "prog", "DIR/threads.c", "-lpthread"}}, []string{"wait"}, "middle"},
	{"c++", [][]string{
		{"g++", "-O1", "-shared", "-fPIC", "-o", "liblibrary.so", "DIR/library.cc"},
		{"g++", "-O1", "-o", "prog", "DIR/throws.cc", "-L.", "-llibrary", "-Wl,-rpath,$ORIGIN"},
	}, []string{"wait"}, "library::parse"},
	{"go", [][]string{{"go", "build", "-o", "prog", "DIR/gocrash/main.go"}}, []string{"wait"}, "main.blocked"},
}

const sources = "../mini/testdata"

// gdb shows the same of both cores as of one that gcore has taken, and the process goes on.
func TestSameBacktraces(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			prog := testproc.Build(t, sources, p.build)
			cmd := start(t, prog, p.args...)
			s := stop(t, cmd.Process.Pid, take.Options{})
			untouched(t, cmd.Process.Pid)
			whole, summary := full(t, s)
			mini, minor := small(t, s)
			t.Logf("stopped %v, %+v, mini %+v", s.Stopped, summary, minor)
			core := open(t, whole)
			if core.Notes.Process.PID != cmd.Process.Pid || core.Notes.Threads[0].TID != cmd.Process.Pid || core.Notes.Threads[0].Signal != 0 {
				t.Errorf("%+v", core.Notes)
			}
			open(t, mini)
			want := gcore(t, prog, cmd.Process.Pid)
			for name, path := range map[string]string{"full": whole, "mini": mini} {
				got := testproc.Backtraces(t, prog, path)
				same(t, name, got, want)
				if !shows(got, p.shows) {
					t.Errorf("%s: no %s in %v", name, p.shows, got)
				}
			}
			untouched(t, cmd.Process.Pid)
		})
	}
}

func shows(threads map[string][]string, function string) bool {
	for _, functions := range threads {
		if slices.ContainsFunc(functions, func(f string) bool { return strings.HasPrefix(f, function) }) {
			return true
		}
	}
	return false
}

// same compares what threads show that do the same all the time.
func same(t *testing.T, name string, got, want map[string][]string) {
	t.Helper()
	for thread, functions := range want {
		// A thread of Go's runtime is elsewhere now, or was not there.
		if strings.Contains(functions[0], "runtime") && !shows(map[string][]string{thread: functions}, "main.") {
			continue
		}
		if !slices.Equal(got[thread], functions) {
			t.Errorf("%s, thread %s:\ngot  %v\nwant %v", name, thread, got[thread], functions)
		}
	}
}

// gcore returns what gdb shows of a core of its own.
func gcore(t *testing.T, prog string, pid int) map[string][]string {
	t.Helper()
	if _, err := exec.LookPath("gcore"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	if text, err := exec.Command("gcore", "-o", dir+"/core", strconv.Itoa(pid)).CombinedOutput(); err != nil {
		t.Fatalf("gcore: %v\n%s", err, text)
	}
	return testproc.Backtraces(t, prog, dir+"/core."+strconv.Itoa(pid))
}

var threads = [][]string{{"gcc", "-O1", "-o", "prog", "DIR/threads.c", "-lpthread"}}

// Memory is in the core as it is, untouched pages are holes, and threads have their names.
func TestFull(t *testing.T) {
	for _, consistent := range []bool{false, true} {
		t.Run(map[bool]string{true: "consistent", false: "running"}[consistent], func(t *testing.T) {
			prog := testproc.Build(t, sources, threads)
			cmd := start(t, prog, "wait", "20")
			s := stop(t, cmd.Process.Pid, take.Options{Consistent: consistent})
			path, summary := full(t, s)
			s.Close()
			untouched(t, cmd.Process.Pid)
			core := open(t, path)
			if summary.Missing != 0 || len(summary.LeftOut) != 0 || summary.Threads != 9 {
				t.Errorf("%+v", summary)
			}
			var names []string
			for _, th := range core.Notes.Threads {
				names = append(names, th.Name)
			}
			slices.Sort(names)
			if got := strings.Join(names, " "); got != "prog worker-0 worker-1 worker-2 worker-3 worker-4 worker-5 worker-6 worker-7" {
				t.Error(got)
			}
			// 8 stacks of 8 MB are mapped, and hardly touched.
			if summary.Size < 80<<20 || summary.Written < 20<<20 || summary.Written > 30<<20 {
				t.Errorf("%+v", summary)
			}
			var st unix.Stat_t
			if err := unix.Stat(path, &st); err != nil || st.Blocks*512 > 30<<20 {
				t.Errorf("%d bytes on the disk, %v", st.Blocks*512, err)
			}
			sameMemory(t, core, cmd.Process.Pid)
		})
	}
}

// sameMemory compares the memory of a core with that of a process that waits.
func sameMemory(t *testing.T, core *elfcore.Core, pid int) {
	t.Helper()
	memory, err := os.Open("/proc/" + strconv.Itoa(pid) + "/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	for _, s := range core.Segments {
		want, got := make([]byte, s.FileSize), make([]byte, s.FileSize)
		if _, err := memory.ReadAt(want, int64(s.Start)); err != nil {
			t.Errorf("%#x: %v", s.Start, err)
			continue
		}
		if n, err := core.ReadMemory(got, s.Start); err != nil {
			t.Errorf("%#x: %d, %v", s.Start, n, err)
		}
		// The kernel notes for each thread on which processor it runs: rseq(2).
		const rseq = 32
		differ := 0
		for i := range want {
			if got[i] != want[i] {
				if differ++; differ > rseq {
					t.Errorf("%#x differs at %#x", s.Start, s.Start+uint64(i))
					break
				}
			}
		}
	}
}

// What the process does not want dumped is in neither core.
func TestFilter(t *testing.T) {
	for _, mask := range []string{"0x0", "0x10", "0x33"} {
		t.Run(mask, func(t *testing.T) {
			prog := testproc.Build(t, "testdata", [][]string{{"gcc", "-O1", "-o", "prog", "DIR/secret.c"}})
			cmd := start(t, prog)
			if err := os.WriteFile("/proc/"+strconv.Itoa(cmd.Process.Pid)+"/coredump_filter", []byte(mask), 0); err != nil {
				t.Fatal(err)
			}
			s := stop(t, cmd.Process.Pid, take.Options{})
			whole, _ := full(t, s)
			mini, _ := small(t, s)
			for _, path := range []string{whole, mini} {
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(text), "password=Tr0ub4dor") {
					t.Errorf("%s has the secret", path)
				}
				if has := strings.Contains(string(text), "plain=text"); has != (mask == "0x33") {
					t.Errorf("%s: plain text %v", path, has)
				}
			}
			core := open(t, whole)
			var sum int64
			for _, s := range core.Segments {
				sum += s.FileSize
			}
			t.Logf("%d bytes of memory", sum)
			if small := mask != "0x33"; small && sum > 100<<10 {
				t.Errorf("%d bytes of memory", sum)
			}
		})
	}
}

// A process that was stopped by a signal stays so, and goes on with SIGCONT.
func TestStaysStopped(t *testing.T) {
	prog := testproc.Build(t, sources, threads)
	cmd := start(t, prog, "wait")
	status := "/proc/" + strconv.Itoa(cmd.Process.Pid) + "/status"
	await := func(state string) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); !strings.HasPrefix(field(status, "State"), state); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s, want %s", field(status, "State"), state)
			}
		}
	}
	_ = cmd.Process.Signal(unix.SIGSTOP)
	await("T")
	s := stop(t, cmd.Process.Pid, take.Options{})
	if len(s.Head.Notes.Threads) != 9 {
		t.Errorf("%d threads", len(s.Head.Notes.Threads))
	}
	await("T")
	if by := field(status, "TracerPid"); by != "0" {
		t.Error("traced by", by)
	}
	_ = cmd.Process.Signal(unix.SIGCONT)
	await("S")
}

// A process that starts and ends threads and gets signals all the time loses none, and is
// caught whole.
func TestBusy(t *testing.T) {
	prog := testproc.Build(t, "testdata", [][]string{{"gcc", "-O1", "-o", "prog", "DIR/busy.c", "-lpthread"}})
	cmd := start(t, prog)
	for range 20 {
		s := stop(t, cmd.Process.Pid, take.Options{})
		if len(s.Head.Notes.Threads) == 0 || len(s.LeftOut) > 0 {
			t.Errorf("%d threads, %q", len(s.Head.Notes.Threads), s.LeftOut)
		}
		s.Close()
	}
	// It counts the signals that it sends itself, and says whether all came.
	_ = cmd.Process.Signal(unix.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// A process that ends meanwhile leaves what was copied.
func TestEnds(t *testing.T) {
	prog := testproc.Build(t, sources, threads)
	cmd := start(t, prog, "wait", "20")
	s := stop(t, cmd.Process.Pid, take.Options{})
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	mini, _ := small(t, s)
	open(t, mini)
	path := filepath.Join(t.TempDir(), "core")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if summary, err := s.WriteFull(f, nil); err == nil && summary.Missing == 0 {
		t.Errorf("%+v", summary)
	}
	if _, err := take.Stop(cmd.Process.Pid, take.Options{}); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	prog := testproc.Build(t, sources, threads)
	traced := start(t, prog, "wait")
	first := stop(t, traced.Process.Pid, take.Options{Consistent: true})
	for name, tt := range map[string]struct {
		pid  int
		want string
	}{
		"self":          {os.Getpid(), "cannot stop itself"},
		"none":          {1 << 22, "has ended"},
		"kernel thread": {2, "thread of the kernel"},
		"traced":        {traced.Process.Pid, "is traced by process " + strconv.Itoa(os.Getpid())},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "kernel thread" && (os.Geteuid() != 0 || !strings.HasPrefix(field("/proc/2/status", "Kthread"), "1")) {
				t.Skip("pid 2 is none that can be looked at")
			}
			if s, err := take.Stop(tt.pid, take.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Error(s, err)
			}
		})
	}
	first.Close()
	untouched(t, traced.Process.Pid)
}

// A process that cannot be stopped is left alone.
func TestUnstoppable(t *testing.T) {
	prog := testproc.Build(t, "testdata", [][]string{{"gcc", "-O1", "-o", "prog", "DIR/vfork.c"}})
	cmd := exec.Command(prog)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close(); _ = cmd.Wait() }() // which ends both
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatal(line, err)
	}
	if s, err := take.Stop(cmd.Process.Pid, take.Options{}); err == nil || !strings.Contains(err.Error(), "cannot be stopped now") {
		t.Error(s, err)
	}
	untouched(t, cmd.Process.Pid)
}

// Both ways find the pages that were touched.
func TestTouched(t *testing.T) {
	page := os.Getpagesize()
	memory, err := unix.Mmap(-1, 0, 64*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(memory) }()
	_ = unix.Madvise(memory, unix.MADV_NOHUGEPAGE)
	var want [][2]uint64
	for _, part := range [][2]int{{0, 1}, {5, 8}, {63, 64}} {
		for i := part[0]; i < part[1]; i++ {
			memory[i*page] = 1
		}
		want = append(want, [2]uint64{uint64(part[0] * page), uint64(part[1] * page)})
	}
	start := uint64(uintptr(unsafe.Pointer(&memory[0])))
	for _, slow := range []bool{false, true} {
		got, err := take.Touched(os.Getpid(), slow, start, start+uint64(len(memory)))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("slow %v: %v, %v, want %v", slow, got, err, want)
		}
	}
	if _, err := take.Touched(os.Getpid(), true, 0, 1<<46); err == nil {
		t.Error("64 TiB are looked at page by page")
	}
}

const roleKilled = "SUPERVISE_TEST_TAKE"

// If the taker is killed while the process stands, the process goes on.
func TestKilled(t *testing.T) {
	prog := testproc.Build(t, sources, threads)
	cmd := start(t, prog, "wait")
	taker := exec.Command(os.Args[0])
	taker.Env = append(os.Environ(), roleKilled+"="+strconv.Itoa(cmd.Process.Pid))
	out, err := taker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := taker.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taker.Process.Kill(); _ = taker.Wait() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "stopped\n" {
		t.Fatal(line, err)
	}
	if state := field("/proc/"+strconv.Itoa(cmd.Process.Pid)+"/status", "State"); !strings.HasPrefix(state, "t") {
		t.Errorf("it does not stand: %s", state)
	}
	_ = taker.Process.Kill()
	_ = taker.Wait()
	untouched(t, cmd.Process.Pid)
	stop(t, cmd.Process.Pid, take.Options{})
}

func TestMain(m *testing.M) {
	if pid, err := strconv.Atoi(os.Getenv(roleKilled)); err == nil {
		take.OnStopped(func() {
			_, _ = os.Stdout.WriteString("stopped\n")
			time.Sleep(time.Minute)
		})
		_, _ = take.Stop(pid, take.Options{})
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A process with 700 MB stands for 5 ms at most.
func TestStopTime(t *testing.T) {
	const most = 5 // ms
	ticks := startTicker(t, 700)
	var stopped, seen, without []float64
	for range 15 {
		ticks.longest(t)
		began := time.Now()
		s := stop(t, ticks.pid, take.Options{})
		took := time.Since(began)
		seen = append(seen, ticks.longest(t))
		stopped = append(stopped, float64(s.Stopped)/1e6)
		s.Close()
		time.Sleep(took)
		without = append(without, ticks.longest(t))
	}
	slices.Sort(seen)
	slices.Sort(stopped)
	t.Logf("ms: stopped %.2f, seen by the process %.2f, seen without a stop %.2f", stopped, seen, without)
	if raceEnabled {
		t.Skip("the race detector takes its time")
	}
	if median(without) > 1 {
		t.Skip("the process does not get a processor when nobody stops it either")
	}
	if median(stopped) > most {
		t.Errorf("stopped for %.2f ms", stopped)
	}
	// Whatever else the machine does comes on top of it.
	if seen[len(seen)/4] > most {
		t.Errorf("the process did not run for %.2f ms", seen)
	}
}
