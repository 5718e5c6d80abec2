package main_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
	"supervise/supervisor/control/client"
)

// withDeadMount has supervise run where $DIR/dead is on a file system that never answers.
func withDeadMount(t *testing.T) setup {
	needRoot(t)
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("there is no FUSE: ", err)
	}
	return func(s *supervised) {
		dead := filepath.Join(s.dir, "dead")
		if err := os.Mkdir(dead, 0o755); err != nil {
			t.Fatal(err)
		}
		script := "#!" + dead + "/interpreter\n"
		if err := os.WriteFile(filepath.Join(s.dir, "script"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		s.cmd.Args = append([]string{helper, dead}, s.cmd.Args...)
		s.cmd.Path = helper
		s.cmd.Env = testproc.Environ("dead-mount")
	}
}

// TestHungStart starts services from a file system that does not answer: each holds up nobody
// but itself, says for what it waits, and ends when it is told to.
func TestHungStart(t *testing.T) {
	needRoot(t)
	for name, c := range map[string]struct {
		keys  string
		waits string // for what, as it is told
	}{
		"directory":           {"command = \"sleep 1000\"\ndirectory = \"$DIR/dead/www\"", "chdir $DIR/dead/www"},
		"program":             {"command = \"$DIR/dead/program\"", "execve $DIR/dead/program"},
		"interpreter":         {"command = \"$DIR/script\"", "execve $DIR/script"},
		"PATH":                {"command = \"program\"\nenvironment.PATH = \"$DIR/dead\"", "find program in PATH"},
		"environment file":    {"command = \"sleep 1000\"\nenvironment-file = \"$DIR/dead/env\"", "read the environment file $DIR/dead/env"},
		"another core filter": {"command = \"$DIR/dead/program\"\ncore.filter = [\"elf-headers\"]", "execve $DIR/dead/program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, entryBuild, `
[service.hangs]
`+c.keys+`
[service.good]
command = "sleep 1000"
[service.plain]
command = "sleep 1000"
core.filter = ["private-anonymous"]
`, withDeadMount(t))
			waits := "it waits at " + strings.ReplaceAll(c.waits, "$DIR", s.dir)
			s.await("it is told", func(l line) bool {
				return l.Service == "hangs" && strings.HasPrefix(l.Message, "its start takes long") && strings.Contains(l.Message, waits)
			})
			s.must(t, "restart", "good")
			s.must(t, "restart", "plain") // its filter is not that of the start that hangs
			if why := s.why(t, "hangs"); !strings.Contains(why, waits) {
				t.Errorf("it is explained by %q", why)
			}
			if out, _ := s.run(t, "status", "hangs"); !strings.Contains(out, "takes long") {
				t.Errorf("its status is %s", out)
			}
			if out, _ := s.run(t, "status", "--format", "json", "hangs"); !strings.Contains(out, waits) {
				t.Errorf("its status is %s", out)
			}
			if _, code := s.run(t, "wait", "--for", "up", "--timeout", "50ms", "hangs"); code != 1 {
				t.Errorf("it is waited for: status %d", code)
			}
			s.must(t, "stop", "hangs")
			if out, code := s.run(t, "start", "--timeout", "300ms", "hangs"); code != 1 {
				t.Errorf("it starts: %s", out)
			}
			s.stopInTime(t)
		})
	}
}

// TestHungStarts has more starts hang than there are threads for them at first.
func TestHungStarts(t *testing.T) {
	const n = 100
	config := "[service.good]\ncommand = \"sleep 1000\"\n"
	for i := range n {
		config += "[service.hangs-" + strconv.Itoa(i) + "]\ncommand = \"sleep 1000\"\ndirectory = \"$DIR/dead/www\"\n"
	}
	s := start(t, entryBuild, config, withDeadMount(t))
	s.awaitRunning(t, "good")
	for i := range n {
		s.rewind()
		s.await("it is told", says("hangs-"+strconv.Itoa(i), "its start takes long"))
	}
	s.must(t, "restart", "good") // FUSE lets only one of the others be killed at a time
	s.stopInTime(t)
}

// stopInTime shuts supervise down while the start of a service hangs.
func (s *supervised) stopInTime(t *testing.T) {
	t.Helper()
	begun := time.Now()
	s.stop(t, syscall.SIGTERM)
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("the shutdown took %v", took)
	}
}

// TestHungHook runs a hook that hangs, and gives it up.
func TestHungHook(t *testing.T) {
	needRoot(t)
	s := start(t, entryBuild, `
[signals]
SIGUSR1 = { run = "$DIR/dead/hook" }
[service.good]
command = "sleep 1000"
`, withDeadMount(t))
	s.awaitRunning(t, "good")
	s.signal(t, syscall.SIGUSR1)
	s.must(t, "restart", "good")
	s.await("it is given up", func(l line) bool {
		return strings.Contains(l.Message, "cannot run the hook: given up") && strings.Contains(l.Message, "execve "+s.dir+"/dead/hook")
	})
	s.stopInTime(t)
}

// TestHungLog has a log file where nothing answers: its lines go to the console until it does.
func TestHungLog(t *testing.T) {
	needRoot(t)
	s := start(t, entryBuild, `
[service.web]
command = ["sh", "-c", "echo ready; exec sleep 1000"]
log = { mode = "file", file = "$DIR/dead/log" }
[service.good]
command = "sleep 1000"
`, withDeadMount(t))
	s.rewind()
	s.await("it is told", func(l line) bool {
		return l.Service == "web" && strings.Contains(l.raw, "its file system does not answer")
	})
	s.await("its lines are here", wrote("web", "ready"))
	s.must(t, "restart", "web")
	s.stopInTime(t)
}

// TestHungUpdate updates from where nothing answers, by a command and by the FIFO: it goes on
// by what it has, and takes the next update.
func TestHungUpdate(t *testing.T) {
	needRoot(t)
	s := start(t, entryBuild, "[service.good]\ncommand = \"sleep 1000\"\n", withDeadMount(t))
	s.awaitRunning(t, "good")
	if out, code := s.run(t, "update", "--timeout", "300ms", s.dir+"/dead/services.toml"); code != 1 {
		t.Errorf("status %d: %s", code, out)
	}
	all(t, client.Command(s.runtime, "control", "update "+s.dir+"/dead/others.toml"))
	s.must(t, "restart", "good")
	s.stopInTime(t)
}

// TestHungJournal has the journal where nothing answers: there is none, and services run.
func TestHungJournal(t *testing.T) {
	needRoot(t)
	s := start(t, entryBuild, "journal = \"$DIR/dead/journal\"\n[service.good]\ncommand = \"sleep 1000\"\n", withDeadMount(t))
	s.rewind()
	if l := s.await("it is told", says("", "the journal is kept in memory only")); !strings.Contains(l.raw, "has not answered for 5s") {
		t.Error(l.raw)
	}
	s.awaitRunning(t, "good")
	s.must(t, "restart", "good")
	s.stopInTime(t)
}

// TestFrozen starts services in a frozen cgroup, where the kernel stops each process before it
// executes its program.
func TestFrozen(t *testing.T) {
	needRoot(t)
	for name, end := range map[string]func(t *testing.T, s *supervised, pid int){
		"a stop, and a start": func(t *testing.T, s *supervised, _ int) {
			s.must(t, "stop", "ice")
			s.must(t, "start", "--no-wait", "ice")
		},
		"a crash": func(t *testing.T, _ *supervised, pid int) { kill(t, pid, syscall.SIGKILL) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, entryBuild, `
[service.ice]
command = ["sh", "-c", 'echo "pid $$"; exec sleep 1000']
stop.timeout = "100ms"
restart.delay = "0s"
[service.good]
command = "sleep 1000"
`)
			pid := s.awaitPID("ice")
			freeze := filepath.Join(cgroupOf(t, pid), "cgroup.freeze")
			set := func(value string) {
				t.Helper()
				if err := os.WriteFile(freeze, []byte(value), 0); err != nil {
					t.Fatal(err)
				}
			}
			set("1")
			t.Cleanup(func() { _ = os.WriteFile(freeze, []byte("0"), 0) }) // for whatever has failed
			end(t, s, pid)
			s.await("it is told", func(l line) bool {
				return l.Service == "ice" && strings.HasPrefix(l.Message, "its start takes long") && strings.Contains(l.Message, "frozen")
			})
			s.must(t, "restart", "good")
			set("0")
			s.await("it goes on", func(l line) bool { return wrote("ice", "pid "+strconv.Itoa(int(s.awaitRunning(t, "ice"))))(l) })
			set("1")
			s.must(t, "stop", "ice")
			s.must(t, "start", "--no-wait", "ice")
			s.stopInTime(t)
		})
	}
}

// cgroupOf is the directory of a process's cgroup.
func cgroupOf(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return filepath.Join(testproc.CgroupRoot(), group)
		}
	}
	t.Skip("services have no cgroups")
	return ""
}
