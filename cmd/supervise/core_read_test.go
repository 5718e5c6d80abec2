package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/coredump/report"
	"supervise/internal/testproc"
)

// crasher has threads that all wait at one place, a name that does something to terminals,
// and crashes.
const crasher = `
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>
#define NOINLINE __attribute__((noinline, noclone))
static void *waits(void *n) { (void)n; for (;;) pause(); }
NOINLINE void handle_request(int n) { if (n) handle_request(n - 1); else *(volatile int *)0x10 = 1; __asm__ volatile("" ::: "memory"); }
NOINLINE void serve(void) { handle_request(2); __asm__ volatile("" ::: "memory"); }
int main(void) {
	pthread_t t;
	for (int i = 0; i < THREADS; i++) pthread_create(&t, 0, waits, 0);
	usleep(100000);
	prctl(PR_SET_NAME, "\033[31mred\n");
	serve();
	return 0;
}
`

// crashOf compiles a program, has it crash, and returns its path and that of its core.
func crashOf(tb testing.TB, compiler, source string, flags ...string) (exe, core string) {
	tb.Helper()
	if _, err := exec.LookPath(compiler); err != nil {
		tb.Skip("needs ", compiler)
	}
	dir := tb.TempDir()
	exe = filepath.Join(dir, "crasher")
	file := exe + map[string]string{"gcc": ".c", "g++": ".cc"}[compiler]
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		tb.Fatal(err)
	}
	if out, err := exec.Command(compiler, append(flags, "-O1", "-pthread", "-o", exe, file)...).CombinedOutput(); err != nil {
		tb.Fatalf("%v\n%s", err, out)
	}
	restore := testproc.GuardCorePattern(tb)
	defer restore()
	core = filepath.Join(dir, "core")
	if err := os.WriteFile("/proc/sys/kernel/core_pattern", []byte(core+"\n"), 0); err != nil {
		tb.Skip("cannot set core_pattern:", err)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", `ulimit -c unlimited && exec "$@"`, "sh", exe, "\x1b]0;title\a", "--token=hunter2")
	cmd.Env = []string{"DB_PASSWORD=hunter2", "LANG=C"}
	err := cmd.Run()
	if _, gone := os.Stat(core); gone != nil {
		tb.Fatalf("there is no core: %v", err)
	}
	return exe, core
}

// core runs `supervise core`, and returns what it prints.
func core(t *testing.T, args ...string) (stdout string, code int) {
	t.Helper()
	cmd := exec.Command(entryBuild, append([]string{"core"}, args...)...)
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if stderr.Len() > 0 {
		t.Logf("core %v: %s", args, stderr.String())
	}
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// TestCoreRead reads a core with each command that does.
func TestCoreRead(t *testing.T) {
	exe, file := crashOf(t, "gcc", crasher, "-DTHREADS=12")
	shown := func(out string, lines ...string) {
		t.Helper()
		for _, line := range lines {
			if !strings.Contains(out, line) {
				t.Errorf("%q is not in:\n%s", line, out)
			}
		}
		if strings.ContainsAny(out, "\x1b\a") || strings.Contains(out, "hunter2") {
			t.Errorf("that is not for a terminal: %q", out)
		}
	}
	out, code := core(t, "info", file)
	shown(
		out, "crasher crashed: SIGSEGV (SEGV_MAPERR at 0x10) in handle_request", " <- serve <- main",
		"\n  command      "+exe+" ^[]0;title^G --token=***\n", "\n  core         complete, ", "13 threads in all",
		"no memory is mapped there, probably through a null pointer",
	)
	if code != 0 {
		t.Errorf("info exits with %d", code)
	}
	out, _ = core(t, "bt", file)
	shown(out, "(^[[31mred^J) crashed:\n  #0 ", "12 threads like this: ", " pause+0x", "crasher\n")
	if strings.Count(out, "waits") != 1 {
		t.Errorf("the same stack is printed more than once:\n%s", out)
	}
	out, _ = core(t, "modules", file)
	shown(out, "BUILD ID", exe+"\n", "libc.so.6\n")
	var r report.Report
	out, _ = core(t, "info", "--format", "json", file)
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Exe != exe || len(r.Threads) != 13 || r.Threads[0].Registers["rip"]+r.Threads[0].Registers["pc"] == 0 {
		t.Errorf("%v: %+v", err, r)
	}
	for _, name := range []string{`"id"`, `"time"`, `"service"`, `"pid"`, `"exe"`, `"command"`, `"signal"`, `"code"`, `"code_name"`, `"address"`, `"threads"`, `"tid"`, `"crashed"`, `"frames"`, `"function"`, `"offset"`, `"module"`, `"modules"`, `"path"`, `"build_id"`, `"start"`, `"core"`, `"state"`, `"size"`, `"stored"`} {
		if !strings.Contains(out, name+": ") {
			t.Errorf("%s is not in the JSON", name)
		}
	}
	shown(out, `"DB_PASSWORD=***"`, `"LANG=C"`)
	out, _ = core(t, "debug", "--debugger", "echo", file, "--", "-batch")
	if want := fmt.Sprintln("-batch", exe, file); out != want {
		t.Errorf("debug runs %q, want %q", out, want)
	}
}

// TestCoreCut reads a core that ends early, and files that are none.
func TestCoreCut(t *testing.T) {
	_, file := crashOf(t, "gcc", crasher, "-DTHREADS=1")
	info, err := os.Stat(file)
	if err == nil {
		err = os.Truncate(file, info.Size()/2)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, code := core(t, "info", file)
	if code != 0 || !strings.Contains(out, "truncated: ") || !strings.Contains(out, "are missing at its end") {
		t.Errorf("status %d:\n%s", code, out)
	}
	dir := t.TempDir()
	if err := syscall.Mkfifo(dir+"/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string]int{dir + "/none": 4, dir + "/fifo": 1, dir: 1, "/proc/self/exe": 1, "0123abcd": 4} {
		if out, code := core(t, "bt", "--directory", dir+"/store", arg); code != want || out != "" {
			t.Errorf("%s: status %d, want %d; %s", arg, code, want, out)
		}
	}
}

// TestCoreReadQuick has the plain questions answered before the program is initialised, and in the
// usual way: both print the same. For mangled names the usual way goes on with what was found.
func TestCoreReadQuick(t *testing.T) {
	_, plain := crashOf(t, "gcc", crasher, "-DTHREADS=2")
	_, mangled := crashOf(t, "g++", server)
	for _, test := range []struct {
		core, function string
		quick          bool
	}{{plain, "handle_request", true}, {mangled, "serve(", false}} {
		for _, verb := range []string{"bt", "info"} {
			quick := exec.Command(entryBuild, "core", verb, test.core)
			quick.Env = append(os.Environ(), "GODEBUG=inittrace=1")
			var trace strings.Builder
			quick.Stderr = &trace
			got, err := quick.Output()
			want, code := core(t, verb, "--frames", "256", test.core)
			if err != nil || code != 0 || string(got) != want {
				t.Errorf("%s: %v\n%s\nwant\n%s", verb, err, got, want)
			}
			if !strings.Contains(want, strings.TrimSuffix(test.function, "(")) || strings.Contains(want, "_Z") {
				t.Errorf("%s: the functions are not named in\n%s", verb, want)
			}
			if strings.Contains(trace.String(), "init main ") == test.quick {
				t.Errorf("%s: answered before main: %v, want %v\n%s", verb, !test.quick, test.quick, trace.String())
			}
		}
	}
}

// BenchmarkCoreBT has whole commands print the stacks of all threads, one after the other in
// each round: ours, gdb's and that of elfutils. The ratios are of our median to theirs.
func BenchmarkCoreBT(b *testing.B) {
	small, smallCore := crashOf(b, "gcc", crasher, "-DTHREADS=8")
	large, largeCore := crashOf(b, "g++", server)
	for _, one := range []struct{ name, exe, core string }{{"C 9 threads", small, smallCore}, {"C++ 65 threads", large, largeCore}} {
		b.Run(one.name, func(b *testing.B) { benchmarkBT(b, one.exe, one.core) })
	}
}

// server is a program with more libraries, and deeper stacks.
const server = `
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>
__attribute__((noinline)) void work(int n) { if (n) work(n - 1); else pause(); asm volatile("" ::: "memory"); }
__attribute__((noinline)) int serve(const std::string &what) { throw std::runtime_error(what); }
int main() {
	std::vector<std::thread> all;
	for (int i = 0; i < 64; i++) all.emplace_back(work, i % 7);
	usleep(200000);
	return serve("bad request");
}
`

// benchmarkBT has the quick ones run several times in each round, in turn, and gdb, which drives
// all else out of the processor's caches, once.
func benchmarkBT(b *testing.B, exe, core string) {
	// As installed: the pages of a file that was written from its beginning are mapped in larger
	// pieces than those of one that a linker has written, which makes a fifth of our time.
	program := filepath.Join(b.TempDir(), "supervise")
	text, err := os.ReadFile(entryBuild)
	if err == nil {
		err = os.WriteFile(program, text, 0o755)
	}
	if err != nil {
		b.Fatal(err)
	}
	commands := []struct {
		name  string
		times int
		args  []string
	}{
		{"gdb", 1, []string{"gdb", "-nx", "-batch", "-ex", "thread apply all bt", exe, core}},
		{"eu-stack", 10, []string{"eu-stack", "--core=" + core}},
		{"supervise", 10, []string{program, "core", "bt", core}},
	}
	took, spent := map[string][]time.Duration{}, map[string][]time.Duration{}
	for b.Loop() {
		for turn := range 10 {
			for _, c := range commands {
				if _, err := exec.LookPath(c.args[0]); err != nil || turn >= c.times {
					continue
				}
				cmd := exec.Command(c.args[0], c.args[1:]...)
				begun := time.Now()
				if out, err := cmd.CombinedOutput(); err != nil && c.name == "supervise" {
					b.Fatalf("%v\n%s", err, out)
				}
				took[c.name] = append(took[c.name], time.Since(begun))
				spent[c.name] = append(spent[c.name], cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
			}
		}
	}
	median := func(all []time.Duration) float64 {
		slices.Sort(all)
		return all[len(all)/2].Seconds() * 1e3
	}
	ours := median(took["supervise"])
	b.ReportMetric(ours, "ms")
	for name := range took {
		if name != "supervise" {
			b.ReportMetric(median(took[name]), name+"-ms")
			b.ReportMetric(ours/median(took[name]), "of-"+name)
			b.ReportMetric(slices.Min(took["supervise"]).Seconds()/slices.Min(took[name]).Seconds(), "least-of-"+name)
			b.ReportMetric(median(spent["supervise"])/median(spent[name]), "cpu-of-"+name)
		}
	}
}
