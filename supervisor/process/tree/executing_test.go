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
	a := &ancestry{mark: "m", service: "web", children: family{Children: NoChildren{}}}
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

// TestExecing tells who has no environment at present from whose environment we may not see.
func TestExecing(t *testing.T) {
	text := func(state, startCode, envEnd string) []byte {
		return []byte("42 (x) " + state + " 1 40 41 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 4711 8192 10 18446744073709551615 " + startCode +
			" 1 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 " + envEnd + " 0\n")
	}
	for _, test := range []struct {
		state, startCode, envEnd string
		execing                  bool
	}{
		{"R", "94000", "140000", false},
		{"D", "94000", "0", true}, // its memory is new
		{"D", "0", "0", true},     // it has none
		{"S", "1", "0", false},    // it is another user's
		{"Z", "0", "0", false},
	} {
		if p, ok := parseStat(text(test.state, test.startCode, test.envEnd)); !ok || p.execing != test.execing {
			t.Errorf("%+v: %+v, %v", test, p, ok)
		}
	}
}
