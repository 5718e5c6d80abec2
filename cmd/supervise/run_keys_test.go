package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

// over matches the line that says that a service came to an end of some kind.
func over(service string) func(line) bool {
	return func(l line) bool {
		return l.Service == service && (strings.Contains(l.Message, "completed") || strings.Contains(l.Message, "given up"))
	}
}

// TestRunEnvironment reads back what a service is given.
func TestRunEnvironment(t *testing.T) {
	t.Parallel()
	needRoot(t)
	const config = `
[service.show]
command = ["sh", "-c", 'pwd; umask; id -u; id -g; echo "$FROM_FILE,$FROM_TABLE,$BOTH,$QUOTED"; echo "$HOME,$USER,$SUPERVISE_SERVICE"; cat; ls -l /proc/self/fd/0']
directory = "/usr/bin"
environment = { FROM_TABLE = "b", BOTH = "table" }
environment-file = "$DIR/environment"
user = "nobody"
group = "daemon"
umask = "027"

[service.words]
command = '''printf '%s\n' "a b" $HOME c\ d'''

[service.disabled]
command = "true"
startup = "disabled"
`
	s := prepare(t, entryBuild, config)
	writeFile(t, s.dir+"/environment", "# a comment\nFROM_FILE=a\nexport BOTH=file\nQUOTED=\"x \\\"y\\\"\"\n")
	s.launch(t)
	s.await("show is done", over("show"))
	s.rewind()
	s.await("words is done", over("words"))
	lines := s.stop(t, syscall.SIGTERM)

	got := written(lines, "show")
	want := []string{"/usr/bin", "0027", "65534", "1", `a,b,table,x "y"`, "/nonexistent,nobody,show"}
	if len(got) != len(want)+1 || !slices.Equal(got[:len(want)], want) || !strings.HasSuffix(got[len(want)], "/dev/null") {
		t.Errorf("show wrote %q, want %q", got, want)
	}
	if got, want := written(lines, "words"), []string{"a b", "$HOME", "c d"}; !slices.Equal(got, want) {
		t.Errorf("words wrote %q, want %q", got, want)
	}
	if n := count(lines, says("disabled", "")); n != 0 {
		t.Errorf("disabled was started: %d lines", n)
	}
}

// TestRunRestart starts services of every policy that all end at once, and counts.
func TestRunRestart(t *testing.T) {
	t.Parallel()
	const twice = -1 // at least
	cases := []struct {
		name, restart, script string
		starts                int
		last                  string
	}{
		{"failure", ``, "exit 1", twice, ""},
		{"success", ``, "exit 0", 1, "completed"},
		{"sigterm", ``, "kill $$", 1, "completed: killed by SIGTERM"},
		{"sigkill", ``, "kill -KILL $$", twice, ""},
		{"own-code", `success = [3, "SIGKILL"]`, "exit 3", 1, "completed"},
		{"own-signal", `success = [3, "SIGKILL"]`, "kill -KILL $$", 1, "completed"},
		{"not-any-more", `success = [3, "SIGKILL"]`, "exit 0", twice, ""},
		{"always", `policy = "always"`, "exit 0", twice, ""},
		{"never", `policy = "never"`, "exit 1", 1, "given up: its policy is never"},
		{"never-success", `policy = "never"`, "exit 0", 1, "completed"},
		{"limit", `limit = 2`, "exit 1", 3, "given up after 2 restarts in a row"},
		{"missing", ``, "", 0, "given up: it never ran, and another try would end the same"},
	}
	var config strings.Builder
	for _, c := range cases {
		command := fmt.Sprintf("[%q, %q, %q]", "sh", "-c", c.script)
		if c.name == "missing" {
			command = `"/nonexistent/program"`
		}
		fmt.Fprintf(&config, "[service.%s]\ncommand = %s\nrestart.delay = \"20ms\"\n", c.name, command)
		if c.restart != "" {
			fmt.Fprintf(&config, "restart.%s\n", c.restart)
		}
	}
	s := start(t, entryBuild, config.String())
	for _, c := range cases {
		s.rewind()
		if c.starts == twice {
			s.await(c.name+" is started", up(c.name))
			s.await(c.name+" is started again", up(c.name))
			continue
		}
		s.await(c.name+" is over", over(c.name))
	}
	lines := s.stop(t, syscall.SIGTERM)
	for _, c := range cases {
		if c.starts == twice {
			continue
		}
		starts := count(lines, up(c.name))
		if starts != c.starts || count(lines, says(c.name, c.last)) != 1 {
			t.Errorf("%s was started %d times, want %d, and then %q", c.name, starts, c.starts, c.last)
		}
	}
	if count(lines, says("missing", "cannot start: execve /nonexistent/program: no such file or directory")) != 1 {
		t.Error("the failing step of missing is not named")
	}
}

// TestRunTail crashes a service that writes a lot: given up, its last 20 lines are logged.
func TestRunTail(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.crash]
command = ["sh", "-c", "seq 1 100; exit 1"]
restart.policy = "never"
[service.filed]
command = ["sh", "-c", "seq 1 100; exit 1"]
restart.policy = "never"
log.file = "$DIR/log"
`)
	for _, name := range []string{"crash", "filed"} {
		s.rewind()
		last := s.await("the last lines of "+name, says(name, "the last lines that it wrote"))
		if len(last.Output) != 20 || last.Output[0] != "81" || last.Output[19] != "100" {
			t.Errorf("the last lines of %s are %q", name, last.Output)
		}
	}
	s.stop(t, syscall.SIGTERM)
}

// TestRunRefused starts services that the kernel refuses, each at another step.
func TestRunRefused(t *testing.T) {
	t.Parallel()
	s := prepare(t, entryBuild, `
[service.user]
command = "true"
user = "root"
[service.directory]
command = "true"
directory = "/nonexistent"
[service.file]
command = "$DIR/plain"
[service.folder]
command = "/usr"
[service.environment]
command = "true"
environment-file = "/nonexistent"
`, asNobody)
	writeFile(t, s.dir+"/plain", "\x00 is no program, and no text")
	if err := os.Chmod(s.dir+"/plain", 0o755); err != nil {
		t.Fatal(err)
	}
	s.launch(t)
	for name, step := range map[string]string{
		"user":        "operation not permitted",
		"directory":   "chdir /nonexistent: no such file or directory",
		"file":        "plain: exec format error (it is neither a program nor a text)",
		"folder":      "execve /usr: permission denied",
		"environment": "cannot read the environment file",
	} {
		s.rewind()
		if l := s.await("why "+name+" cannot start", says(name, "cannot start")); !strings.Contains(l.Message, step) {
			t.Errorf("%s: %q, want %q in it", name, l.Message, step)
		}
		s.await(name+" is given up", says(name, "given up"))
	}
	s.stop(t, syscall.SIGTERM)
}

// TestRunMasks reads masks and ignored signals back, for a table of combinations. What
// supervise itself was handed makes no difference.
func TestRunMasks(t *testing.T) {
	catchable := signals.Full.Without(signals.SIGKILL).Without(signals.SIGSTOP)
	sets := map[string]signals.Set{
		"none": 0, "all": catchable, "usr2": signals.SetOf(signals.SIGUSR2), "pipe": signals.SetOf(signals.SIGPIPE),
		"chld": signals.SetOf(signals.SIGCHLD), "odd": 0x5555555555555555 &^ (1<<(signals.SIGKILL-1) | 1<<(signals.SIGSTOP-1)),
		"libc": signals.SetOf(32, 33, 34), "rt": signals.SetOf(signals.SIGRTMIN, 50, signals.SIGRTMAX),
	}
	var config strings.Builder
	for block, mask := range sets {
		for ignore, ignored := range sets {
			fmt.Fprintf(&config, "[service.%s-%s]\ncommand = [\"cat\", \"/proc/self/status\"]\nsignals = { block = %s, ignore = %s }\n",
				block, ignore, tomlSet(mask), tomlSet(ignored))
		}
	}
	for name, handed := range map[string][2]signals.Set{
		"clean": {0, 0}, "nohup": {0, signals.SetOf(signals.SIGHUP, signals.SIGPIPE)}, "dirty": {sets["odd"], catchable.Without(signals.SIGCHLD)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachBuild(t, func(t *testing.T, program string) {
				s := prepare(t, program, config.String(), inheriting(t, handed[0], handed[1]))
				s.launch(t)
				for block := range sets {
					for ignore := range sets {
						s.rewind()
						s.await(block+"-"+ignore+" is done", over(block+"-"+ignore))
					}
				}
				lines := s.stop(t, syscall.SIGTERM)
				for block, mask := range sets {
					for ignore, ignored := range sets {
						state, err := sys.ParseSignalState(strings.Join(written(lines, block+"-"+ignore), "\n"))
						if err != nil || state.Blocked != mask || state.Ignored != ignored || state.Caught != 0 {
							t.Errorf("%s-%s: blocked %v, ignored %v, %v", block, ignore, state.Blocked, state.Ignored, err)
						}
					}
				}
			})
		})
	}
}

// inheriting has supervise started with exactly this mask and these ignored signals.
func inheriting(t *testing.T, mask, ignored signals.Set) setup {
	return func(s *supervised) {
		cmd := testproc.Inheriting(t, mask, ignored, "", s.cmd.Path, s.cmd.Args[1:]...)
		cmd.SysProcAttr = s.cmd.SysProcAttr
		cmd.Env = append(s.cmd.Env, testproc.RoleVariable+"=inherit")
		s.cmd = cmd
	}
}

func tomlSet(set signals.Set) string {
	var names []string
	for s := range set.All() {
		names = append(names, strconv.Quote(s.String()))
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// TestRunCore reads core limits and filters back. A service without one has supervise's own,
// whatever other services have.
func TestRunCore(t *testing.T) {
	t.Parallel()
	own, err := os.ReadFile("/proc/self/coredump_filter")
	if err != nil {
		t.Skip("this kernel has no coredump_filter:", err)
	}
	const show = `command = ["sh", "-c", "ulimit -Sc; cat /proc/self/coredump_filter"]` + "\n"
	s := start(t, entryBuild, `
[service.a-plain]
`+show+`[service.b-filter]
`+show+`core = { limit = "64KiB", filter = ["private-anonymous", "elf-headers"] }
[service.c-plain]
`+show+`[service.d-mask]
`+show+`core = { limit = 0, filter = "0x1ff" }
[service.e-plain]
`+show)
	var limit syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_CORE, &limit)
	plain := []string{"unlimited", strings.TrimSpace(string(own))}
	if int64(limit.Cur) >= 0 {
		plain[0] = fmt.Sprint(limit.Cur / 512)
	}
	for name, want := range map[string][]string{
		"a-plain": plain, "c-plain": plain, "e-plain": plain,
		"b-filter": {"128", "00000011"}, "d-mask": {"0", "000001ff"},
	} {
		s.rewind()
		s.await(name+" is done", over(name))
		if got := written(s.soFar(), name); !slices.Equal(got, want) {
			t.Errorf("%s wrote %q, want %q", name, got, want)
		}
	}
	s.stop(t, syscall.SIGTERM)
}

// TestRunCoreFile has a service crash, and its core within its limit.
func TestRunCoreFile(t *testing.T) {
	t.Parallel()
	testproc.NoCorePattern(t)
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil || strings.ContainsAny(string(pattern), "|@/") {
		t.Skipf("cores do not go to the working directory here: %q, %v", pattern, err)
	}
	s := start(t, entryBuild, `
[service.crash]
command = ["sh", "-c", "kill -SEGV $$"]
directory = "$DIR"
core.limit = "unlimited"
restart.policy = "never"
`)
	l := s.await("it crashed", says("crash", "killed by SIGSEGV"))
	if !strings.Contains(l.Message, "core") {
		t.Errorf("no word of a core: %q", l.Message)
	}
	s.stop(t, syscall.SIGTERM)
	if cores, _ := filepath.Glob(s.dir + "/core*"); len(cores) != 1 {
		t.Errorf("cores: %v", cores)
	}
}

// TestRunRuntimeDir has the flag take the place of the file's runtime directory.
func TestRunRuntimeDir(t *testing.T) {
	t.Parallel()
	s := prepare(t, entryBuild, "[service.a]\ncommand = \"sleep 1000\"\n", func(s *supervised) {
		s.runtime += "/elsewhere"
		s.cmd.Args = append(s.cmd.Args, "--runtime-dir", s.runtime)
	})
	s.launch(t)
	s.await("the start", says("", "supervise starts"))
	if out, code := ask(t, s.runtime, "wait", "a", "--for", "up"); code != 0 {
		t.Errorf("at the flag's directory: %d, %s", code, out)
	}
	if out, code := ask(t, filepath.Dir(s.runtime), "status"); code != 3 {
		t.Errorf("at the file's directory: %d, %s", code, out)
	}
	s.stop(t, syscall.SIGTERM)
}
