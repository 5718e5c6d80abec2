package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

// run runs supervise init to its end, and returns the status and what it wrote.
func runInit(t *testing.T, cmd *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var out, told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &told
	testproc.Start(t, cmd)
	return exitCode(t, cmd.Wait()), out.String(), told.String()
}

// TestInitExit runs commands that end in every way, as root and as a user without rights.
func TestInitExit(t *testing.T) {
	dir := openDir(t)
	plain := writeFile(t, filepath.Join(dir, "plain"), "#!/bin/sh\nexit 0\n")
	lost := writeFile(t, filepath.Join(dir, "lost"), "#!/nonexistent/interpreter\n")
	if err := os.Chmod(lost, 0o755); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		args []string
		code int
		told string // on standard error
	}{
		{"own code", []string{"sh", "-c", "exit 7"}, 7, ""},
		{"own code 255", []string{"sh", "-c", "exit 255"}, 255, ""},
		{"success", []string{"true"}, 0, ""},
		{"dashes", []string{"--", "sh", "-c", "exit 3"}, 3, ""},
		{"dashes of the command", []string{"sh", "-c", "exit $#", "sh", "--", "-x"}, 2, ""},
		{"flags", []string{"--log-level", "error", "--log-format=json", "--", "true"}, 0, ""},
		{"SIGTERM", []string{"sh", "-c", "kill -TERM $$"}, 128 + 15, ""},
		{"SIGKILL", []string{"sh", "-c", "kill -KILL $$"}, 128 + 9, ""},
		{"core", []string{"sh", "-c", "ulimit -c 0; kill -SEGV $$"}, 128 + 11, "the command was killed by SIGSEGV"},
		{"core, by another name", []string{"--log-level", "error", "sh", "-c", "ulimit -c 0; kill -SEGV $$"}, 128 + 11, ""},
		{"real-time", []string{"sh", "-c", "kill -64 $$"}, 128 + 64, ""},
		{"not in PATH", []string{"supervise-test-nonexistent"}, 127, "supervise-test-nonexistent"},
		{"no such file", []string{"/nonexistent/program"}, 127, "/nonexistent/program"},
		{"no interpreter", []string{lost}, 127, lost},
		{"directory", []string{dir}, 126, dir},
		{"not executable", []string{plain}, 126, plain},
		{"no command", nil, 2, "no command"},
		{"no command after dashes", []string{"--"}, 2, "no command"},
		{"unknown flag", []string{"--nonsense", "true"}, 2, "--nonsense"},
		{"unknown level", []string{"--log-level=loud", "true"}, 2, "--log-level"},
		{"level is missing", []string{"--log-level"}, 2, "--log-level"},
		{"empty command", []string{""}, 127, "the name of the command is empty"},
	}
	eachUser(t, func(t *testing.T, as setup) {
		eachBuild(t, func(t *testing.T, program string) {
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) {
					s := &supervised{cmd: exec.Command(program, append([]string{"init"}, c.args...)...)}
					s.cmd.SysProcAttr = &syscall.SysProcAttr{}
					// Without directories that some users may not look into.
					s.cmd.Env = append(os.Environ(), "PATH=/usr/local/bin:/usr/bin:/bin")
					as(s)
					code, out, told := runInit(t, s.cmd)
					if code != c.code || out != "" || !strings.Contains(told, c.told) || c.told == "" && told != "" {
						t.Errorf("status %d, want %d; it wrote %q and %q, want %q", code, c.code, out, told, c.told)
					}
				})
			}
		})
	})
}

// TestInitInherits hands masks and ignored signals through init, for a table of
// combinations.
func TestInitInherits(t *testing.T) {
	catchable := signals.Full.Without(signals.SIGKILL).Without(signals.SIGSTOP)
	for name, c := range map[string]struct{ mask, ignored signals.Set }{
		"none":     {},
		"nohup":    {0, signals.SetOf(signals.SIGHUP)},
		"python":   {0, signals.SetOf(signals.SIGPIPE, signals.SIGXFSZ)},
		"children": {0, signals.SetOf(signals.SIGCHLD)},
		"blocked":  {signals.SetOf(signals.SIGTERM, signals.SIGCHLD, signals.SIGUSR1, 32, 40), 0},
		"odd":      {0x5555555555555555 & catchable, 0xAAAAAAAAAAAAAAAA & catchable},
		"even":     {0xAAAAAAAAAAAAAAAA & catchable, 0x5555555555555555 & catchable},
		"all":      {catchable, catchable},
	} {
		t.Run(name, func(t *testing.T) {
			eachBuild(t, func(t *testing.T, program string) {
				cmd := testproc.Inheriting(t, c.mask, c.ignored, "", program, "init", "cat", "/proc/self/status")
				code, out, told := runInit(t, cmd)
				state, err := sys.ParseSignalState(out)
				if code != 0 || err != nil || state.Blocked != c.mask || state.Ignored != c.ignored {
					t.Errorf("status %d, %q, %v; blocked %v, want %v; ignored %v, want %v", code, told, err, state.Blocked, c.mask, state.Ignored, c.ignored)
				}
			})
		})
	}
}

// TestInitCores sets limit and filter of the command's cores.
func TestInitCores(t *testing.T) {
	const script = "cat /proc/self/coredump_filter; ulimit -Sc; ulimit -Hc >/dev/null"
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "00000033\n"},
		{[]string{"--core-filter", "private-anonymous,elf-headers"}, "00000011\n"},
		{[]string{"--core-limit", "1KiB", "--core-filter=0x1ff"}, "000001ff\n2\n"},
		{[]string{"--core-limit=0"}, "00000033\n0\n"},
	} {
		args := append(append([]string{"init"}, test.args...), "--", "sh", "-c", script)
		code, out, told := runInit(t, exec.Command(entryBuild, args...))
		if code != 0 || told != "" || !strings.HasPrefix(out, test.want) {
			t.Errorf("%q: status %d, %q, %q, want %q", test.args, code, out, told, test.want)
		}
	}
}

// TestIgnoredChildren has whoever starts supervise ignore SIGCHLD, which it inherits: the
// kernel then reaps by itself.
func TestIgnoredChildren(t *testing.T) {
	ignored := signals.SetOf(signals.SIGCHLD)
	eachBuild(t, func(t *testing.T, program string) {
		cmd := testproc.Inheriting(t, 0, ignored, "", program, "init", "sh", "-c", "(exit 3) & sleep 0.05; exit 5")
		if code, _, told := runInit(t, cmd); code != 5 {
			t.Errorf("init: status %d, %q", code, told)
		}
		s := prepare(t, program, `
[service.crash]
command = ["sh", "-c", "sleep 0.02 & exit 3"]
restart.delay = "10ms"
`, inheriting(t, 0, ignored))
		s.launch(t)
		s.await("the end of a service", says("crash", "exited with code 3"))
		s.await("it is back", up("crash"))
		s.stop(t, syscall.SIGTERM)
	})
}

// TestClosedDescriptors starts supervise without standard input, output and error, in all
// combinations. What it opens itself must not get into their places.
func TestClosedDescriptors(t *testing.T) {
	eachBuild(t, func(t *testing.T, program string) {
		for closed := range 8 {
			var redirect string
			for fd := range 3 {
				if closed&(1<<fd) != 0 {
					redirect += " " + strconv.Itoa(fd) + ">&-"
				}
			}
			t.Run("closed"+redirect, func(t *testing.T) {
				t.Parallel()
				script := `exec "$0" "$@"` + redirect
				dir := openDir(t)
				cmd := exec.Command("sh", "-c", script, program, "init", "--log-level", "debug", "sh", "-c", "echo out >&1; echo error >&2; echo alive >"+dir+"/file; exit 9")
				if code, out, told := runInit(t, cmd); code != 9 {
					t.Errorf("init: status %d, %q, %q", code, out, told)
				}
				if text, _ := os.ReadFile(dir + "/file"); string(text) != "alive\n" {
					t.Errorf("the command has written %q", text)
				}

				s := prepare(t, program, `
[service.web]
command = ["sh", "-c", "echo hello; echo error >&2; echo $$ >$DIR/fifo; exec sleep 1000"]
[service.filed]
command = ["sh", "-c", "echo hello; echo $$ >$DIR/fifo; exec sleep 1000"]
log.file = "$DIR/log"
`, withFIFO(t, "fifo"))
				s.cmd.Args = append([]string{"sh", "-c", script}, s.cmd.Args...)
				s.cmd.Path, _ = exec.LookPath("sh")
				s.cmd.Stdout, s.cmd.Stderr = new(bytes.Buffer), new(bytes.Buffer)
				s.launch(t)
				fifo := openFIFO(t, filepath.Join(s.dir, "fifo"), os.O_RDONLY)
				defer fifo.Close()
				for got := 0; got < 2; {
					text := make([]byte, 100)
					n, err := fifo.Read(text)
					if n == 0 && err != nil && got == 0 {
						t.Fatal(err)
					}
					got += bytes.Count(text[:n], []byte("\n"))
				}
				lock, _ := os.ReadFile(filepath.Join(s.runtime, "lock"))
				if want := strconv.Itoa(s.cmd.Process.Pid) + "\n"; string(lock) != want {
					t.Errorf("the lock says %q, want %q", lock, want)
				}
				s.stop(t, syscall.SIGTERM)
				if text, _ := os.ReadFile(filepath.Join(s.dir, "log")); string(text) != "hello\n" {
					t.Errorf("the log of a service says %q", text)
				}
			})
		}
	})
}

// TestInitEarly sends SIGTERM at moments all over the start of init, from where the entry
// point has got hold of it. It reaches the command, whenever that begins.
func TestInitEarly(t *testing.T) {
	const rounds = 300
	for i := range rounds {
		cmd := exec.Command(entryBuild, "init", "sleep", "1000")
		testproc.Start(t, cmd)
		awaitTaken(t, cmd.Process.Pid)
		for begun := time.Now(); time.Since(begun) < time.Duration(i)*5*time.Microsecond; {
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if code := exitCode(t, cmd.Wait()); code != 128+15 || !cmd.ProcessState.Exited() {
			t.Fatalf("round %d: %v, want an exit with status 143", i, cmd.ProcessState)
		}
	}
}

// TestInitAnytime sends SIGTERM as soon as the process is there. That may kill it before
// its first instruction, and then there is no command; else the command gets it.
func TestInitAnytime(t *testing.T) {
	eachBuild(t, func(t *testing.T, program string) {
		const rounds = 150
		for i := range rounds {
			dir := t.TempDir()
			began := filepath.Join(dir, "began")
			cmd := exec.Command(program, "init", "sh", "-c", `>"$0"; exec sleep 1000`, began)
			testproc.Start(t, cmd)
			for begun := time.Now(); time.Since(begun) < time.Duration(i)*20*time.Microsecond; {
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			code := exitCode(t, cmd.Wait())
			if code != 128+15 {
				t.Fatalf("round %d: %v, want 143 or SIGTERM", i, cmd.ProcessState)
			}
			if _, err := os.Stat(began); err == nil && !cmd.ProcessState.Exited() {
				t.Fatalf("round %d: init was killed, and its command is left", i)
			}
		}
	})
}

// awaitTaken waits until a SIGTERM cannot kill a process any more. While it waits for signals, as
// it does when it has a child, the kernel does not show them as blocked: do_sigtimedwait in its
// signal.c.
func awaitTaken(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if state, err := sys.ReadSignalState(strconv.Itoa(pid)); err == nil && (state.Blocked | state.Caught).Has(signals.SIGTERM) {
			return
		}
		if children, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(pid) + "/children"); len(children) > 0 {
			return
		}
	}
	t.Fatal("init does not take its signals")
}

// TestGOMAXPROCS has the variable, which the entry point sets for the runtime alone, be for the
// command and for services what it was for supervise.
func TestGOMAXPROCS(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]string{"none": "", "one": "GOMAXPROCS=3", "empty": "GOMAXPROCS=", "alike": "GOMAXPROC=1"} {
		environ := slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "GOMAXPROC") })
		if given != "" {
			environ = append(environ, given)
		}
		eachBuild(t, func(t *testing.T, program string) {
			cmd := exec.Command(program, "init", "--", "sh", "-c", "env | grep ^GOMAXPROC; :")
			cmd.Env = environ
			if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != given {
				t.Errorf("%s: the command has %q, %v, want %q", name, out, err, given)
			}
		})
		s := start(t, entryBuild, "[service.a]\ncommand = [\"sh\", \"-c\", \"env | grep ^GOMAXPROC; echo end\"]\nrestart.policy = \"never\"\n", func(s *supervised) {
			s.cmd.Env = append(slices.Clone(environ), s.sandbox.mark)
		})
		s.await("the service has ended", wrote("a", "end"))
		want := strings.TrimSpace(given + "\nend")
		if found := strings.Join(written(s.stop(t, syscall.SIGTERM), "a"), "\n"); found != want {
			t.Errorf("%s: the service has %q, want %q", name, found, want)
		}
	}
}
