package main_test

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/report"
	"supervise/internal/testproc"
	"supervise/supervisor/status"
)

// withCrash has the program crash, which crashes, in the test's directory: crash.c. It is of no
// use to others there, as the collector trusts nobody else's directory.
func withCrash(t *testing.T) setup {
	built := testproc.Build(t, filepath.Join("testdata", "cores"), [][]string{{"gcc", "-O1", "-g", "-fno-inline", "-o", "prog", "DIR/crash.c"}})
	return func(s *supervised) {
		text, err := os.ReadFile(built)
		if err == nil {
			err = os.WriteFile(filepath.Join(s.dir, "crash"), text, 0o755)
		}
		if err == nil {
			err = os.Chmod(s.dir, 0o755)
		}
		if by := s.cmd.SysProcAttr.Credential; err == nil && by != nil {
			err = os.Chown(s.dir, int(by.Uid), int(by.Gid))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// collecting has the cores collected of a machine whose core_pattern is the test's alone.
func collecting(t *testing.T) {
	t.Helper()
	needRoot(t)
	t.Cleanup(testproc.GuardCorePattern(t))
}

// TestCoreOfLargeService has a service crash that takes seconds to dump: it runs again long before
// its core is stored, on the same port, both cores can be read, and a replay decides the same.
func TestCoreOfLargeService(t *testing.T) {
	crash := withCrash(t)
	collecting(t)
	_, port, err := net.SplitHostPort(freePort(t))
	if err != nil {
		t.Fatal(err)
	}
	config := `
journal = "$DIR/journal"

[core]
install = true
directory = "$DIR/cores"
max-use = "3GB"
compress = "none"

[service.big]
command = ["$DIR/crash", "700", "$DIR/once", "` + port + `"]
restart.delay = "0s"
`
	s := start(t, entryBuild, config, crash)
	old := s.await("big", up("big")).PID
	again := s.await("big again", func(l line) bool { return up("big")(l) && l.PID != old })
	told := s.await("the crash", says("big", "crashed: SIGSEGV (SEGV_MAPERR at 0x10) in handle_request <- serve <- main"))
	stored := s.await("the core", says("big", " is stored: 7"))
	if again.Event > stored.Event || told.Event > stored.Event {
		t.Errorf("its core is entry %d, it runs again in entry %d, and what has happened is told in entry %d", stored.Event, again.Event, told.Event)
	}
	shown := s.status(t, "big")
	want := status.Crash{ID: shown.Exit.Crash.ID, Signal: "SIGSEGV", Code: "SEGV_MAPERR", Address: "0x10", Function: "handle_request", State: "complete"}
	if shown.Exit.Crash != want || want.ID == "" || !shown.Exit.Core || shown.PID != again.PID {
		t.Errorf("its status is %+v", shown)
	}
	inOrder(t, s.must(t, "why", "big"), "killed by SIGSEGV, core dumped", "crashed: SIGSEGV", "| #0 handle_request", "| #1 serve", "| #2 main",
		"its core is still being written", "restarts at once", "core "+want.ID+" is stored")
	for _, which := range []string{"--mini=true", "--mini=false"} {
		core := filepath.Join(s.dir, "core"+which)
		if out, err := exec.Command(entryBuild, "core", "export", which, "--directory", filepath.Join(s.dir, "cores"), "--output", core, want.ID).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		inOrder(t, gdb(t, filepath.Join(s.dir, "crash"), core), "handle_request", "serve", "main")
	}
	s.stop(t, syscall.SIGTERM)
	if out, err := exec.Command(entryBuild, "replay", filepath.Join(s.dir, "journal")).CombinedOutput(); err != nil {
		t.Errorf("replay: %v: %s", err, out)
	}
}

// TestCoreKeepsNoPort has a server with a fixed port crash: the next one listens there while the
// core of the first is still being written. One with a worker keeps it, as the worker may use it.
func TestCoreKeepsNoPort(t *testing.T) {
	crash := withCrash(t)
	collecting(t)
	const alone, shared = "exec $DIR/crash 200 $DIR/once $PORT", "sleep 1000 & exec $DIR/crash 200 $DIR/once $PORT"
	for name, command := range map[string]string{"alone": alone, "with a worker": shared} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			address := listener.Addr().String()
			_ = listener.Close()
			_, port, _ := net.SplitHostPort(address)
			s := start(t, entryBuild, `
[core]
install = true
directory = "$DIR/cores"
compress = "none"

[service.web]
command = ["sh", "-c", "`+strings.ReplaceAll(command, "$PORT", port)+`"]
restart.delay = "20ms"
`, crash)
			old := s.await("web", up("web")).PID
			if command == shared {
				s.await("a failure to listen", says("web", "code 7"))
				s.stop(t, syscall.SIGTERM)
				return
			}
			again := s.await("web again", func(l line) bool { return up("web")(l) && l.PID != old })
			stored := s.await("the core", says("web", " is stored: 2"))
			connection, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal("it does not listen:", err)
			}
			_ = connection.Close()
			lines := s.stop(t, syscall.SIGTERM)
			if failed := lastOf(lines, "web", "code 7"); again.Event > stored.Event || failed != "" {
				t.Errorf("it is up in entry %d, and the core is stored in entry %d; %s", again.Event, stored.Event, failed)
			}
		})
	}
}

// TestCoreOfParent has a service crash that has started a program of its own: that is ended, and
// the service runs again, long before the core is stored, though nobody reaps the program until
// then.
func TestCoreOfParent(t *testing.T) {
	crash := withCrash(t)
	collecting(t)
	s := start(t, entryBuild, `
[core]
install = true
directory = "$DIR/cores"
compress = "none"

[service.big]
command = ["sh", "-c", "sleep 1000 & exec $DIR/crash 400 $DIR/once"]
restart.delay = "0s"
`, crash)
	old := s.await("big", up("big")).PID
	again := s.await("big again", func(l line) bool { return up("big")(l) && l.PID != old })
	stored := s.await("the core", says("big", " is stored: "))
	if again.Event > stored.Event {
		t.Errorf("its core is entry %d, and it runs again in entry %d", stored.Event, again.Event)
	}
	inOrder(t, s.must(t, "why", "big"), "its core is still being written", "others of its tree are not", "restarts at once", "is stored")
	s.stop(t, syscall.SIGTERM)
}

// gdb is its backtrace of a core.
func gdb(t *testing.T, program, core string) string {
	t.Helper()
	path, err := exec.LookPath("gdb")
	if err != nil {
		t.Skip("needs gdb")
	}
	out, err := exec.Command(path, "-nx", "-batch", "-ex", "bt", program, core).CombinedOutput()
	if err != nil {
		t.Fatalf("gdb: %v: %s", err, out)
	}
	return string(out)
}

// TestShutdownWaitsForCore shuts down while the core of a service is being written: it is written
// to its end.
func TestShutdownWaitsForCore(t *testing.T) {
	crash := withCrash(t)
	collecting(t)
	s := start(t, entryBuild, `
[core]
install = true
directory = "$DIR/cores"
compress = "none"

[service.big]
command = ["$DIR/crash", "400", "$DIR/once"]
restart.delay = "0s"
`, crash)
	s.await("the crash", says("big", "its core is still being written"))
	lines := s.stop(t, syscall.SIGTERM)
	if last := lastOf(lines, "big", "core "); !strings.Contains(last, " is stored: ") {
		t.Errorf("its core: %q", last)
	}
}

// lastOf is the last message of a service with a text in it.
func lastOf(lines []line, service, text string) (message string) {
	for _, l := range lines {
		if says(service, text)(l) {
			message = l.Message
		}
	}
	return message
}

// slowly has the kernel write cores to a program that reads nothing before the FIFO core is
// opened for writing.
func slowly(t *testing.T) setup {
	return func(s *supervised) {
		withFIFO(t, "core")(s)
		fifo := filepath.Join(s.dir, "core")
		program := filepath.Join(s.dir, "reader")
		if err := os.WriteFile(program, []byte("#!/bin/sh\ncat <'"+fifo+"' >/dev/null\ncat >/dev/null\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		testproc.CorePattern(t, "|"+program)
		t.Cleanup(func() { // whatever has happened, it ends
			if fd, err := unix.Open(fifo, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err == nil {
				_ = unix.Close(fd)
			}
		})
	}
}

// awaitDump waits until the kernel writes the core of a process.
func awaitDump(t *testing.T, pid int) {
	t.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		if strings.Contains(string(text), "\nCoreDumping:\t1") {
			return
		}
	}
	t.Fatalf("the core of process %d is not written", pid)
}

// TestStopWaitsForCore stops a service while the kernel writes its core, though nothing is
// configured about cores: SIGKILL waits, and says so.
func TestStopWaitsForCore(t *testing.T) {
	needRoot(t)
	s := start(t, entryBuild, `
[service.web]
command = ["$DIR/crash", "10"]
stop.ladder = [{ signal = "SIGTERM", timeout = "50ms" }]
restart.policy = "never"
`, withCrash(t), slowly(t))
	awaitDump(t, s.await("web", up("web")).PID)
	s.must(t, "stop", "--no-wait", "web")
	inOrder(t, s.await("the wait", says("web", "SIGKILL waits up to ")).Message, "1m0s", "(crash), which is being written")
	s.release(t, "core")
	s.await("the end", says("web", "killed by SIGSEGV, core dumped"))
	lines := s.stop(t, syscall.SIGTERM)
	if text := lastOf(lines, "web", "killing all"); text != "" {
		t.Errorf("its core was cut short: %s", text)
	}
}

// TestCoreTakesTooLong does not wait for ever, and a shutdown at once not at all.
func TestCoreTakesTooLong(t *testing.T) {
	needRoot(t)
	crash := withCrash(t)
	for _, test := range []struct{ name, timeout, wants string }{
		{"too long", "1s", "its core has taken 1s: SIGKILL waits no longer"},
		{"at once", "60s", "its ladder is cut"},
		{"never", "0s", "killing all of its processes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, entryBuild, `
[core]
collect = "off"
timeout = "`+test.timeout+`"

[service.web]
command = ["$DIR/crash", "10"]
stop.ladder = [{ signal = "SIGTERM", timeout = "50ms" }]
`, crash, slowly(t))
			awaitDump(t, s.await("web", up("web")).PID)
			s.must(t, "stop", "--no-wait", "web")
			if test.name == "at once" {
				s.await("the wait", says("web", "SIGKILL waits up to "))
				s.signal(t, syscall.SIGQUIT)
			}
			s.await("the end of the wait", says("web", test.wants))
			if test.name == "at once" {
				s.end(t)
				return
			}
			s.await("the end", says("web", "stopped"))
			s.stop(t, syscall.SIGTERM)
		})
	}
}

// TestCoreRate keeps two cores within ten minutes, and tells of the third crash all the same. Of
// a service whose cores are not wanted nothing is kept.
func TestCoreRate(t *testing.T) {
	crash := withCrash(t)
	collecting(t)
	s := start(t, entryBuild, `
[core]
install = true
directory = "$DIR/cores"

[service.web]
command = ["$DIR/crash", "1"]
restart = { delay = "100ms", limit = 2 }
core.rate = "2/10m"

[service.secret]
command = ["$DIR/crash", "1"]
restart.policy = "never"
core.dumpable = false
`, crash)
	s.await("a refusal", says("web", "crashed: SIGSEGV (SEGV_MAPERR at 0x10) in handle_request <- serve <- main <- __libc_start_call_main; no core is kept: there were 2 within 10m0s (core.rate)"))
	lines := s.stop(t, syscall.SIGTERM)
	if got, want := lastOf(lines, "secret", "crashed"), "crashed: SIGSEGV; no core is kept: core.dumpable is false"; got != want {
		t.Errorf("of the service whose cores are not wanted it says %q, want %q", got, want)
	}
	if reports := stored(t, filepath.Join(s.dir, "cores"), "complete"); len(reports) != 2 {
		t.Errorf("there are %d cores", len(reports))
	}
}

// stored are the reports of the cores in a store that are in a state.
func stored(t *testing.T, dir, state string) (reports []report.Report) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "meta.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		var r report.Report
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		if err != nil {
			t.Fatal(err)
		}
		if string(r.Core.State) == state {
			reports = append(reports, r)
		}
	}
	return reports
}

// TestCoreSettingsOfRunning changes filter and limit of a service that runs, and of what it has
// started, without a restart.
func TestCoreSettingsOfRunning(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		const config = `
[service.web]
command = ["sh", "-c", 'sleep 1000 & echo pid $!; wait']
`
		s := start(t, entryBuild, config, as)
		pid := s.await("web", up("web")).PID
		pids := []int{pid, s.awaitPID("web")}
		check := func(filter, limit string) {
			t.Helper()
			for _, pid := range pids {
				text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/coredump_filter")
				limits, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/limits")
				_, line, _ := strings.Cut(string(limits), "\nMax core file size ")
				if got := strings.TrimSpace(string(text)); err != nil || got != filter || limit != "" && strings.Fields(line)[0] != limit {
					t.Errorf("process %d has the filter %s, %v, and the limit %s", pid, got, err, strings.Fields(line)[0])
				}
			}
		}
		check("00000033", "")
		file := filepath.Join(s.dir, "test.toml")
		text := withRuntime(s.runtime, config)
		writeFile(t, file, text+"core = { filter = \"0x1ff\", limit = 4096 }\n")
		inOrder(t, s.must(t, "update"), "change service", "web")
		check("000001ff", "4096")
		writeFile(t, file, text)
		s.must(t, "update")
		check("00000033", "")
		if now := s.status(t, "web").PID; now != pid {
			t.Errorf("it was restarted: %d after %d", now, pid)
		}
		s.stop(t, syscall.SIGTERM)
	})
}

// TestDumpableByUpdate has an update want the cores of processes that change their ids: the kernel
// is told, and told again at the end.
func TestDumpableByUpdate(t *testing.T) {
	collecting(t)
	const setting = "/proc/sys/fs/suid_dumpable"
	before, err := os.ReadFile(setting)
	if err == nil {
		err = os.WriteFile(setting, []byte("0"), 0)
	}
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(setting, before, 0); err != nil {
			t.Error(err)
		}
	})
	for install, want := range map[string]struct{ now, says string }{
		"true":  {"2\n", "core.dumpable holds from its next start on"},
		"false": {"0\n", "there are no cores of processes that change their user or group"},
	} {
		t.Run(install, func(t *testing.T) {
			s := start(t, entryBuild, "[core]\ninstall = "+install+"\ndirectory = \"$DIR/cores\"\n[service.web]\ncommand = [\"sleep\", \"1000\"]\n")
			s.await("web", up("web"))
			file := filepath.Join(s.dir, "test.toml")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, file, string(text)+"core.dumpable = true\n")
			s.must(t, "update")
			s.await("a word of it", says("web", want.says))
			if now, err := os.ReadFile(setting); string(now) != want.now {
				t.Errorf("%s is %q, %v", setting, now, err)
			}
			s.stop(t, syscall.SIGTERM)
			if now, err := os.ReadFile(setting); string(now) != "0\n" {
				t.Errorf("after the end %s is %q, %v", setting, now, err)
			}
		})
	}
}

// TestCoreOfNobody collects as a user without rights, where there is only what the kernel writes
// to a file: that is taken over.
func TestCoreOfNobody(t *testing.T) {
	needRoot(t)
	testproc.CorePattern(t, "core.%p")
	s := start(t, entryBuild, `
[core]
directory = "$DIR/cores"

[service.web]
command = ["$DIR/crash", "1"]
directory = "$DIR"
restart.policy = "never"
core.limit = "unlimited"
`, asNobody, withCrash(t))
	s.await("the way", func(l line) bool { return strings.Contains(l.raw, `"way":"files"`) })
	s.await("the crash", says("web", "crashed: SIGSEGV"))
	s.stop(t, syscall.SIGTERM)
	if reports := stored(t, filepath.Join(s.dir, "cores"), "complete"); len(reports) != 1 {
		t.Errorf("there are %d cores", len(reports))
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "core.*")); len(left) > 0 {
		t.Errorf("there are still %v", left)
	}
}

// TestCoreOfGone has a core come when the supervise is gone that has set core_pattern: with a pipe
// the kernel starts the handler by itself, which stores it even so.
func TestCoreOfGone(t *testing.T) {
	collecting(t)
	// The paths of supervise, of its socket and of the store are all in core_pattern, of 127 bytes.
	short, err := os.MkdirTemp("/tmp", "c")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(short) })
	program, cores := filepath.Join(short, "s"), filepath.Join(short, "q")
	text, err := os.ReadFile(entryBuild)
	if err == nil {
		err = os.WriteFile(program, text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, program, "[core]\ninstall = true\ncollect = \"pipe\"\ndirectory = \""+cores+"\"\n[service.web]\ncommand = [\"true\"]\nrestart.policy = \"never\"\n", withCrash(t))
	s.await("the way", func(l line) bool { return strings.Contains(l.raw, `"way":"pipe"`) })
	if _, err := os.Stat(filepath.Join(cores, ".store")); err != nil {
		t.Errorf("there is no store yet: %v", err)
	}
	s.await("the end of the service", says("web", "exited"))
	s.signal(t, syscall.SIGKILL)
	s.wait(t)
	s.removeObjects()
	if err := exec.Command("/bin/sh", "-c", "ulimit -c unlimited; exec "+s.dir+"/crash 1").Run(); err == nil {
		t.Fatal("it did not crash")
	}
	for deadline := time.Now().Add(patience); len(stored(t, cores, "complete")) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("there is no core; core_pattern is %q", corePattern(t))
		}
	}
}

// TestHookFails has an on-core hook fail: that is a warning.
func TestHookFails(t *testing.T) {
	collecting(t)
	s := start(t, entryBuild, "[core]\ninstall = true\ndirectory = \"$DIR/cores\"\non-core = [\"/bin/false\"]\n[service.web]\ncommand = [\"$DIR/crash\", \"1\"]\nrestart.policy = \"never\"\n", withCrash(t))
	l := s.await("the failure", func(l line) bool { return strings.Contains(l.Message, "on-core hook /bin/false") })
	if l.Level != "warn" {
		t.Errorf("it is logged with level %q", l.Level)
	}
	s.stop(t, syscall.SIGTERM)
}
