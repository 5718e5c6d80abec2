package tree

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// forkers never stop forking. Where it is not the main process that does, that one is killed
// at first, so that they are orphans.
var forkers = []struct {
	name, script string
	orphans      bool
}{
	{"loop", `trap "" TERM; echo $$; while :; do (sleep 0.05 &); done`, false},
	{"orphaned loop", `(trap "" TERM; while :; do (sleep 0.05 &); done) & echo $$; exec sleep 60`, true},
	{"daemon's loop", `(setsid sh -c 'trap "" TERM; while :; do (sleep 0.05 &); done' &); echo $$; exec sleep 60`, true},
	// Not as a function: the shell allows a thousand calls within each other.
	{"chain", `export F='eval "$F" &'; eval "$F"; echo $$; exec sleep 60`, true},
	{"daemon's chain", `export F='eval "$F" &'; (setsid sh -c 'eval "$F"' &); echo $$; exec sleep 60`, true},
	{"chain of sessions", `export F='setsid sh -c "$F" &'; eval "$F"; echo $$; exec sleep 60`, true},
}

// TestForkers ends services that fork all the time. They are not said to be empty before
// they are killed, and when they are, nothing is left. A PID namespace ends what gets away.
func TestForkers(t *testing.T) {
	for _, forker := range forkers {
		t.Run(forker.name, func(t *testing.T) {
			if !testproc.Alone(t, testproc.OwnNamespace) {
				return
			}
			b := newBed(t, ByAncestry)
			for range 5 {
				s := b.start("web", forker.script)
				s.pids(1)
				if forker.orphans {
					_ = syscall.Kill(s.leader, syscall.SIGKILL)
					s.reap(s.leader)
					s.neverEmpty()
				}
				s.killForker()
			}
		})
	}
}

// reapOne reaps what has ended, but not much at once, so that there is more most of the time.
func (s *service) reapOne() {
	if pid, err := syscall.Wait4(-1, nil, syscall.WALL|syscall.WNOHANG, nil); err == nil {
		delete(s.b.leaders, pid)
	}
}

// neverEmpty looks for a while.
func (s *service) neverEmpty() {
	s.b.Helper()
	for began := time.Now(); time.Since(began) < 100*time.Millisecond; s.reapOne() {
		if empty, err := s.Empty(); empty || err != nil && !errors.Is(err, ErrUnsure) {
			s.b.Fatalf("it forks, and is said to be empty: %v, %v", empty, err)
		}
	}
}

// killForker kills until it is empty, and makes sure that it is: no fork escapes a signal to all.
func (s *service) killForker() {
	b := s.b
	b.Helper()
	for began := time.Now(); ; s.reapOne() {
		if _, err := s.Kill(); err != nil {
			b.Fatal(err)
		}
		if empty, err := s.Empty(); err != nil && !errors.Is(err, ErrUnsure) {
			b.Fatal(err)
		} else if empty && !b.leaders[s.leader] {
			break
		}
		if time.Since(began) > 10*time.Second {
			b.Fatal("it survives")
		}
	}
	_ = syscall.Kill(-1, syscall.SIGSTOP)
	all, err := processes()
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range all {
		if p.pid != os.Getpid() && !p.zombie {
			b.Errorf("it is said to be empty, and %d (%s) is left", p.pid, p.name)
		}
	}
	_ = syscall.Kill(-1, syscall.SIGKILL)
	for reapAll() {
		// until nothing is left
	}
}
