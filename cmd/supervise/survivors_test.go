package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// TestStrays restarts and stops a service a child of which has left its cgroup, as cgexec or a
// container engine does it: there never are two, and in the end none.
func TestStrays(t *testing.T) {
	t.Parallel()
	needRoot(t)
	elsewhere := filepath.Join(testproc.Cgroup(t), "cgroup.procs")
	s := start(t, entryBuild, `
[service.web]
command = ["sh", "-c", '''sh -c 'echo 0 >`+elsewhere+`; echo "pid $$"; exec setsid sleep 1000' & exec sleep 1000''']
`)
	s.rewind()
	if s.await("the start", says("", "supervise starts")).Descendants != "cgroup" {
		t.Skip("no cgroups here")
	}
	first := s.awaitPID("web")
	s.must(t, "restart", "web")
	second := s.awaitPID("web")
	if alive(first) || !alive(second) {
		t.Errorf("after the restart: %d alive %v, %d alive %v", first, alive(first), second, alive(second))
	}
	s.must(t, "stop", "web")
	if alive(second) {
		t.Error("it survives the stop")
	}
	s.stop(t, syscall.SIGTERM)
}

// TestRespawners stops services all of whose processes are gone before anybody can look at
// them, having left another one: by the name of the test, in time, and without zombies.
func TestRespawners(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, `
[service.loop]
command = ["sh", "-c", '''(setsid sh -c 'trap "" TERM; while :; do (sleep 0.05 &); done' &); echo ready; exec sleep 1000''']
stop.timeout = "10ms"
[service.chains]
command = ["sh", "-c", '''export F='setsid sh -c "$F" &'; for i in 1 2 3; do eval "$F"; done; echo ready; exec sleep 1000''']
stop.timeout = "10ms"
`, as)
		for _, name := range []string{"loop", "chains"} {
			s.rewind()
			s.await(name+" is ready", wrote(name, "ready"))
		}
		began := time.Now()
		s.must(t, "stop", "loop", "chains")
		if took := time.Since(began); took > patience/4 {
			t.Errorf("the stop took %v", took)
		}
		s.stop(t, syscall.SIGTERM)
	})
}

// TestAnyPath starts again what was killed, by every other path to its runtime directory: at
// once, and without a second copy of what it had started.
func TestAnyPath(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := prepare(t, entryBuild, "[service.web]\n"+sleeper, as)
		own := filepath.Join(s.dir, "own") // in which nobody else can put a link
		if err := os.Mkdir(own, 0o755); err != nil {
			t.Fatal(err)
		}
		for link, target := range map[string]string{"link": "../runtime", "chain": "link", "parent": ".."} {
			if err := os.Symlink(target, filepath.Join(own, link)); err != nil {
				t.Fatal(err)
			}
		}
		const last = "./own/../runtime/"
		before := 0
		for _, path := range []string{
			s.runtime, own + "/link", own + "/chain", own + "/parent/runtime", own + "/parent/own/link", "runtime", last,
		} {
			next := &supervised{dir: s.dir, runtime: s.runtime, sandbox: s.sandbox}
			next.cmd = exec.Command(s.cmd.Path, append(s.cmd.Args[1:len(s.cmd.Args):len(s.cmd.Args)], "--runtime-dir", path)...)
			next.cmd.Env, next.cmd.SysProcAttr, next.cmd.Dir = s.cmd.Env, s.cmd.SysProcAttr, s.dir
			next.launch(t)
			pid := next.await("web is up", up("web")).PID
			if before != 0 && alive(before) {
				t.Errorf("%s: there are two", path)
			}
			before = pid
			if path == last {
				next.stop(t, syscall.SIGTERM)
				return
			}
			next.signal(t, syscall.SIGKILL)
			next.wait(t)
			next.done = true
		}
	})
}

// TestKilledWhileStarting kills a supervisor again and again while it starts services, whose
// processes have its locks for a moment: the next one always starts.
func TestKilledWhileStarting(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a hundred supervisors")
	}
	eachUser(t, func(t *testing.T, as setup) {
		config := ""
		for i := range 30 {
			config += "[service.s" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "]\ncommand = \"sleep 1000\"\n"
		}
		s := prepare(t, entryBuild, config, as)
		for i := range 60 {
			next := &supervised{dir: s.dir, runtime: s.runtime, sandbox: s.sandbox}
			next.cmd = exec.Command(s.cmd.Path, s.cmd.Args[1:]...)
			next.cmd.Env, next.cmd.SysProcAttr = s.cmd.Env, s.cmd.SysProcAttr
			next.launch(t)
			next.await("the start", says("", "supervise starts"))
			if i == 59 {
				next.stop(t, syscall.SIGTERM)
				return
			}
			for range i % 20 {
				next.await("a service is up", func(l line) bool { return l.Service != "" && l.Message == "running" })
			}
			next.signal(t, syscall.SIGKILL)
			next.wait(t)
			next.done = true
		}
	})
}

// TestCgroupRemoved has somebody tidy up the cgroup of a service, which he can while it is
// empty: the service starts in a new one, and what has left the old one is found all the same.
func TestCgroupRemoved(t *testing.T) {
	t.Parallel()
	needRoot(t)
	for name, remove := range map[string]func(dir string) error{
		"its own":          syscall.Rmdir,
		"that of all":      func(dir string) error { return errors.Join(syscall.Rmdir(dir), syscall.Rmdir(filepath.Dir(dir))) },
		"and made it":      func(dir string) error { return errors.Join(syscall.Rmdir(dir), os.Mkdir(dir, 0o755)) },
		"when it had left": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			elsewhere := filepath.Join(testproc.Cgroup(t), "cgroup.procs")
			s := start(t, entryBuild, `
[service.web]
command = ["sh", "-c", '''echo "pid $$"; read x <$DIR/leave; echo $$ >`+elsewhere+`; sleep 1000 & rmdir "$CGROUP" && echo left; exec sleep 1000''']
environment-file = "$DIR/env"
`, withFIFO(t, "leave"), func(s *supervised) { writeFile(t, filepath.Join(s.dir, "env"), "") })
			first := s.awaitPID("web")
			dir := cgroupOf(t, first)
			s.awaitRunning(t, "web")
			if remove != nil {
				s.must(t, "stop", "web")
				all(t, remove(dir))
				s.must(t, "start", "web")
			} else {
				writeFile(t, filepath.Join(s.dir, "env"), "CGROUP="+dir)
				s.must(t, "restart", "web")
				first = s.awaitPID("web")
				s.release(t, "leave")
				s.await("it has left", wrote("web", "left"))
				s.awaitRunning(t, "web")
				s.must(t, "restart", "web")
			}
			second := s.awaitPID("web")
			if alive(first) || cgroupOf(t, second) != dir {
				t.Errorf("process %d is alive: %v; %d is in %s", first, alive(first), second, cgroupOf(t, second))
			}
			s.must(t, "stop", "web")
			s.stop(t, syscall.SIGTERM)
		})
	}
}
