package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// objects are the ids of a supervisor's System V objects, as its files name them.
type objects struct{ queues, memory, semaphores []int }

func (s *supervised) objects(t *testing.T) objects {
	t.Helper()
	o, err := s.findObjects()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (s *supervised) findObjects() (o objects, err error) {
	var queues struct{ Request, Reply int }
	var board struct{ Memory, Semaphores int }
	for file, to := range map[string]any{"msgq.json": &queues, "board.json": &board} {
		text, err := os.ReadFile(filepath.Join(s.runtime, file))
		if err == nil {
			err = json.Unmarshal(text, to)
		}
		if err != nil {
			return o, err
		}
	}
	return objects{[]int{queues.Request, queues.Reply}, []int{board.Memory}, []int{board.Semaphores}}, nil
}

// removeObjects removes them after a supervisor that was killed because its test has
// failed.
func (s *supervised) removeObjects() {
	o, err := s.findObjects()
	if err != nil {
		return
	}
	for _, id := range o.queues {
		_ = sys.MsgRemove(id)
	}
	_, _ = unix.SysvShmCtl(o.memory[0], unix.IPC_RMID, nil)
	_ = sys.SemRemove(o.semaphores[0])
}

// there counts how many of them exist.
func (o objects) there(t *testing.T) (n int) {
	t.Helper()
	for kind, ids := range map[string][]int{"msg": o.queues, "shm": o.memory, "sem": o.semaphores} {
		all := sysv(t, kind)
		for _, id := range ids {
			if _, ok := all[id]; ok {
				n++
			}
		}
	}
	return n
}

// again has a test start another supervise in the place of one.
func again(t *testing.T, first *supervised) setup {
	return func(s *supervised) {
		s.runtime = first.runtime
		s.cmd.Args[len(s.cmd.Args)-1] = filepath.Join(first.dir, "test.toml")
		s.cmd.Env, s.sandbox = first.cmd.Env, first.sandbox
		if s.sandbox.cgroup != "" {
			dir, err := os.Open(s.sandbox.cgroup)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = dir.Close() })
			s.cmd.SysProcAttr.CgroupFD = int(dir.Fd())
		}
	}
}

// TestKilledSupervisor kills a supervisor: the board tells how things stood, the next one
// reports and cleans up what it has left, and nothing of both remains.
func TestKilledSupervisor(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		first := start(t, entryBuild, "[service.web]\n"+sleeper, as)
		pid := first.awaitRunning(t, "web")
		left := first.objects(t)
		t.Cleanup(func() {
			if t.Failed() {
				first.removeObjects()
			}
		})
		first.signal(t, syscall.SIGKILL)
		if code := first.wait(t); code != 128+int(syscall.SIGKILL) {
			t.Fatalf("status %d", code)
		}
		if n := left.there(t); n != 4 {
			t.Fatalf("%d objects are left, want 4: the test tests nothing", n)
		}
		for _, command := range [][]string{{"status"}, {"stop", "web"}} {
			if out, code := first.run(t, command...); code != 3 || !strings.Contains(out, "no supervise runs in") {
				t.Errorf("%q of a dead supervisor: status %d: %s", command, code, out)
			}
		}
		if out, _ := first.run(t, "status", "--board"); !strings.Contains(out, "web") || !strings.Contains(out, "running") {
			t.Errorf("the board of a dead supervisor: %s", out)
		}

		second := start(t, entryBuild, "", as, again(t, first))
		second.rewind()
		second.await("queues and FIFOs are cleaned up", says("", "cleaned up after an earlier supervise in this runtime directory that was killed"))
		second.rewind()
		second.await("the board is cleaned up", says("", "removed the status board of an earlier supervise"))
		second.rewind()
		if l := second.await("the service is killed", says("", "killed: left behind by an earlier supervise")); l.PID != pid {
			t.Errorf("what was killed: %s", l.raw)
		}
		if alive(pid) {
			t.Error("the service of the first is still there")
		}
		if second.awaitRunning(t, "web") == pid {
			t.Error("the first supervisor's pid")
		}
		second.must(t, "restart", "web")
		now := second.objects(t)
		second.stop(t, syscall.SIGTERM)
		if n := left.there(t) + now.there(t); n > 0 {
			t.Errorf("%d System V objects are left: %+v, %+v", n, left, now)
		}
		names, _ := filepath.Glob(filepath.Join(first.runtime, "*"))
		if len(names) != 1 || filepath.Base(names[0]) != "lock" {
			t.Errorf("in the runtime directory is left: %q", names)
		}
	})
}

// TestTwoSupervisors has two of them, with services of the same name, in two directories.
func TestTwoSupervisors(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		a := start(t, entryBuild, "[service.web]\n"+sleeper, as)
		b := start(t, entryBuild, "[service.web]\n"+sleeper, as)
		inA, inB := a.awaitRunning(t, "web"), b.awaitRunning(t, "web")
		ofA, ofB := a.objects(t), b.objects(t)
		if ofA.queues[0] == ofB.queues[0] || ofA.queues[1] == ofB.queues[1] || ofA.memory[0] == ofB.memory[0] || ofA.semaphores[0] == ofB.semaphores[0] {
			t.Errorf("they share: %+v, %+v", ofA, ofB)
		}
		a.must(t, "restart", "web")
		if pid := b.status(t, "web").PID; pid != inB {
			t.Errorf("the other's service has pid %d and had %d", pid, inB)
		}
		if pid := a.status(t, "web").PID; pid == inA {
			t.Errorf("its service has pid %d still", pid)
		}
		a.must(t, "shutdown")
		a.end(t)
		if pid := b.status(t, "web").PID; pid != inB || ofA.there(t) != 0 || ofB.there(t) != 4 {
			t.Errorf("after the end of one: pid %d, %d and %d objects", pid, ofA.there(t), ofB.there(t))
		}
		b.must(t, "shutdown", "--now")
		b.end(t)
		if n := ofB.there(t); n > 0 {
			t.Errorf("%d objects are left", n)
		}
	})
}
