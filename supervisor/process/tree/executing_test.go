package tree

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// TestExecuting has an orphan execute programs all the time, so that it often has no
// environment: it is never said to be nobody.
func TestExecuting(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	b := newBed(t, ByAncestry)
	s := b.start("web", `export AGAIN='exec sh -c "$AGAIN"'; (setsid sh -c "$AGAIN" &); echo $$; exec sleep 60`)
	s.pids(1)
	_ = syscall.Kill(s.leader, syscall.SIGKILL)
	s.reap(s.leader)
	for began := time.Now(); time.Since(began) < time.Second; {
		if empty, err := s.Empty(); empty || err != nil && !errors.Is(err, ErrUnsure) {
			t.Fatalf("it executes programs, and is said to be empty: %v, %v", empty, err)
		}
	}
}

// TestUnsure asks about processes of which /proc does not say whose they are: one that is gone,
// and one that has no memory, as in the middle of execve and near the end of exit. There, on a
// busy machine, a process can be for longer than anybody waits.
func TestUnsure(t *testing.T) {
	a := &ancestry{mark: "m", service: "web", children: family{NoChildren{}}}
	const gone = 1 << 22 // no pid is as high
	if yes, unknown := a.marked(entry{pid: gone}); yes || !unknown {
		t.Errorf("of a process that is gone: %v, unknown %v", yes, unknown)
	}
	self, ok := readStat("self")
	if !ok {
		t.Skip("no /proc")
	}
	if yes, unknown := a.marked(self); yes || unknown {
		t.Errorf("of one without a mark: %v, unknown %v", yes, unknown)
	}
	if idle, ok := readStat("2"); ok && idle.name == "kthreadd" { // which never has any
		idle.ppid = os.Getpid()
		if picked, unsure := a.find([]entry{idle}); len(picked) > 0 || !unsure {
			t.Errorf("of one without memory: %v, unsure %v", picked, unsure)
		}
	}
	a.remember(self)
	if other := (entry{pid: os.Getpid(), started: self.started + 1}); a.isKnown(other) || !a.isKnown(self) {
		t.Error("who was a member is not known by pid and start time")
	}
}
