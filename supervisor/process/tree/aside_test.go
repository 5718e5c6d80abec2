package tree

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
	"supervise/signals"
)

// TestSetAside sets a main process aside that has a child: the child is what is left of the
// service then, and no signal and no kill gets to the main process. A second run of the service
// knows nothing of it.
func TestSetAside(t *testing.T) {
	eachMethod(t, func(b *bed) {
		s := b.start("web", `sh -c 'echo $$; exec sleep 60' & exec `+here)
		all := s.pids(2)
		old := s.leader
		rest := slices.DeleteFunc(slices.Clone(all), func(pid int) bool { return pid == old })
		if err := s.SetAside(old); err != nil {
			b.Fatal(err)
		}
		if members, err := s.Members(); err != nil || len(members) != 1 || members[0].PID != rest[0] {
			b.Errorf("the members are %v, %v, want %d alone", members, err, rest[0])
		}
		if sent, err := s.Signal(signals.SIGURG); sent != 1 || err != nil {
			b.Errorf("%d were signalled, %v", sent, err)
		}
		if empty, err := s.Empty(); empty || err != nil {
			b.Errorf("empty: %v, %v, and %d is there", empty, err, rest[0])
		}
		s.killUnnoticed()
		if unix.Kill(old, 0) != nil {
			b.Error("what was set aside is gone")
		}

		s.run(`exec ` + here)
		s.pids(1)
		if members, err := s.Members(); err != nil || len(members) != 1 || members[0].PID != s.leader {
			b.Errorf("the members are %v, %v, want %d alone", members, err, s.leader)
		}
		if name := b.Owner(s.leader, []string{"we", "web"}); name != "web" && b.Method() == ByCgroup {
			b.Errorf("the main process is %q's", name)
		}
		kill(b.T, s.Kill)
		s.reap(s.leader)
		s.killUnnoticed()
		if unix.Kill(old, unix.SIGKILL) != nil {
			b.Error("what was set aside is gone")
		}
		s.reap(old)
	})
}

// killUnnoticed kills what nobody is told the end of: the one who is has been set aside.
func (s *service) killUnnoticed() {
	s.b.Helper()
	kill(s.b.T, s.Kill)
	for began := time.Now(); time.Since(began) < testproc.Limit/4; time.Sleep(time.Millisecond) {
		if empty, err := s.Empty(); err != nil {
			s.b.Fatal(err)
		} else if empty {
			return
		}
	}
	s.b.Fatal("something is left")
}

// TestNobodysProcess is about the process of nobody's service.
func TestNobodysProcess(t *testing.T) {
	eachMethod(t, func(b *bed) {
		if name := b.Owner(1, []string{"web"}); name != "" {
			b.Errorf("process 1 is %q's", name)
		}
	})
}
