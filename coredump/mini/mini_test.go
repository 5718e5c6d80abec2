package mini_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/elfcore"
	"supervise/coredump/mini"
	"supervise/internal/testproc"
)

// program is one that crashes.
type program struct {
	name  string
	build [][]string // commands, in a directory of the test's; DIR is that of the sources
	args  []string
	env   string
	top   string // a function that the crashed thread must show
}

var programs = []program{
	{name: "threads", build: [][]string{{"gcc", "-O1", "-o", "prog", "DIR/threads.c", "-lpthread"}}, top: "crash"},
	{name: "handler", build: [][]string{{"gcc", "-O1", "-o", "prog", "DIR/threads.c", "-lpthread"}}, args: []string{"handler"}, top: "crash"},
	{name: "static", build: [][]string{{"gcc", "-O1", "-static", "-o", "prog", "DIR/threads.c", "-lpthread"}}, top: "crash"},
	{name: "heap", build: [][]string{{"gcc", "-O1", "-o", "prog", "DIR/threads.c", "-lpthread"}}, args: []string{"crash", "100"}, top: "serve"},
	{name: "c++", build: [][]string{
		{"g++", "-O1", "-shared", "-fPIC", "-o", "liblibrary.so", "DIR/library.cc"},
		{"g++", "-O1", "-o", "prog", "DIR/throws.cc", "-L.", "-llibrary", "-Wl,-rpath,$ORIGIN"},
	}, top: "library::parse"},
	{name: "dlopen", build: [][]string{
		{"gcc", "-O1", "-shared", "-fPIC", "-o", "liblate.so", "DIR/late.c"},
		{"gcc", "-O1", "-o", "prog", "DIR/loads.c", "-ldl", "-Wl,-rpath,$ORIGIN"},
	}, top: "crash_late"},
	{name: "go", build: [][]string{{"go", "build", "-o", "prog", "DIR/gocrash/main.go"}}, env: "GOTRACEBACK=crash", top: "main.serve"},
}

// fullCore lets a program crash, and returns its core, as the kernel has written it.
func fullCore(t *testing.T, path string, p program) string {
	t.Helper()
	dir := t.TempDir()
	defer testproc.GuardCorePattern(t)() // gdb is not to keep other tests waiting
	if err := os.WriteFile("/proc/sys/kernel/core_pattern", []byte(dir+"/core.%p\n"), 0); err != nil {
		t.Skip("cannot set core_pattern:", err)
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", `ulimit -c unlimited; exec "$@"`, "sh", path}, p.args...)...)
	cmd.Env = append(os.Environ(), p.env)
	cmd.Dir = filepath.Dir(path)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	err := cmd.Wait()
	core := filepath.Join(dir, "core."+strconv.Itoa(cmd.Process.Pid))
	if _, missing := os.Stat(core); missing != nil {
		t.Fatalf("no core: %v\n%s", err, said.Bytes())
	}
	return core
}

const patience = 40 * time.Second

func open(t *testing.T, path string) *elfcore.Core {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	core, err := elfcore.Open(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return core
}

// The small core of each program shows gdb what the full one does.
func TestSameBacktraces(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			path := testproc.Build(t, "testdata", p.build)
			full := fullCore(t, path, p)
			core := open(t, full)
			small := filepath.Join(t.TempDir(), "mini")
			f, err := os.Create(small)
			if err != nil {
				t.Fatal(err)
			}
			summary, err := mini.Write(f, &core.Head, mini.Reader(core), mini.Options{})
			if err != nil {
				t.Fatal(err)
			}
			info, err := f.Stat()
			_ = f.Close()
			if err != nil || info.Size() != summary.Size {
				t.Errorf("%d bytes, %d expected, %v", info.Size(), summary.Size, err)
			}
			var blocks unix.Stat_t
			_ = unix.Stat(full, &blocks)
			t.Logf("%+v of %d (%d on the disk)", summary, core.Expected(), blocks.Blocks*512)
			want, got := testproc.Backtraces(t, path, full), testproc.Backtraces(t, path, small)
			for thread, functions := range want {
				if strings.Join(got[thread], " <- ") != strings.Join(functions, " <- ") {
					t.Errorf("thread %s:\ngot  %v\nwant %v", thread, got[thread], functions)
				}
			}
			if p.name == "go" {
				goroutines(t, open(t, small))
			}
			crashed := strconv.Itoa(core.Notes.Threads[0].TID)
			if !strings.Contains(strings.Join(got[crashed], " "), p.top) {
				t.Errorf("no %s in %v", p.top, got[crashed])
			}
		})
	}
}

// readCore returns one of the cores for tests.
func readCore(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("../../testdata/cores", name))
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// goroutines fails the test unless what Go's runtime has of each thread is in a core.
func goroutines(t *testing.T, core *elfcore.Core) {
	t.Helper()
	b := make([]byte, 400)
	found := 0
	for _, th := range core.Notes.Threads {
		if _, err := core.ReadMemory(b[:8], th.TLS-8); err != nil || th.TLS == 0 {
			continue
		}
		found++
		g := le.Uint64(b)
		if _, err := core.ReadMemory(b, g); err != nil {
			t.Errorf("thread %d: g at %#x: %v", th.TID, g, err)
			continue
		}
		if m := le.Uint64(b[48:]); m != 0 {
			if _, err := core.ReadMemory(b, m); err != nil {
				t.Errorf("thread %d: m at %#x: %v", th.TID, m, err)
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d threads of Go", found)
	}
}
