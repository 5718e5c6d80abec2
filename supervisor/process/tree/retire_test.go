package tree

import (
	"slices"
	"syscall"
	"testing"

	"supervise/internal/testproc"
)

// TestRetire ends services that nothing will be started of any more: the cgroup of each goes when it
// is empty, and not before, and what else was in it is a member until then.
func TestRetire(t *testing.T) {
	eachMethod(t, func(b *bed) {
		alone, family := b.start("alone", `exec `+here), b.start("family", `sh -c 'echo $$; exec sleep 60' & exec `+here)
		alone.pids(1)
		rest := family.others(2)
		for _, s := range []*service{alone, family} {
			_ = syscall.Kill(s.leader, syscall.SIGKILL)
			s.reap(s.leader)
			s.Retire()
		}
		alone.wantMembers(nil)
		family.wantMembers(rest)
		b.remover.work.Wait()
		if b.Method() == ByCgroup && (exists(inside(b.Dir(), "alone")) || !exists(inside(b.Dir(), "family"))) {
			b.Error("the cgroup of the one that is empty is there, or the other one's is not")
		}
		alone.wantMembers(nil)

		_ = syscall.Kill(rest[0], syscall.SIGKILL)
		ended(b.T, rest...)
		family.wantMembers(nil)
		b.remover.work.Wait()
		if b.Method() == ByCgroup && exists(inside(b.Dir(), "family")) {
			b.Error("the cgroup is there although nothing is in it")
		}
		for _, s := range []*service{alone, family} {
			if err := s.Close(); err != nil {
				b.Error(err)
			}
		}
	})
}

// TestRetireTogether ends services together: as long as somebody is in one of their cgroups each is
// looked at, and then one look does for all. Each look is made anew when children were reaped.
func TestRetireTogether(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	b := newBed(t, ByCgroup)
	alone, family := b.start("alone", `exec `+here), b.start("family", `sh -c 'echo $$; exec sleep 60' & exec `+here)
	alone.pids(1)
	rest := family.others(2)
	b.Reaping()
	for _, s := range []*service{alone, family} {
		_ = syscall.Kill(s.leader, syscall.SIGKILL)
		s.reap(s.leader)
		s.Retire()
	}
	alone.wantMembers(nil)
	family.wantMembers(rest)
	if !b.look.known || b.look.vacant {
		t.Errorf("somebody is in a cgroup, and the look has %+v", b.look)
	}
	_ = syscall.Kill(rest[0], syscall.SIGKILL)
	b.Reaping()
	family.reap(rest[0])
	family.wantMembers(nil)
	if !b.look.vacant {
		t.Errorf("nobody is in a cgroup, and the look has %+v", b.look)
	}
	b.remover.work.Wait()
	for _, s := range []*service{alone, family} {
		if err := s.Close(); err != nil || exists(inside(b.Dir(), s.name)) {
			t.Errorf("a cgroup is there after %v", err)
		}
	}
}

// TestReaping reaps main processes together, of which one leaves a process behind outside its cgroup:
// one list of children tells that it is there, and the next one that it has ended.
func TestReaping(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	out(t)
	b := newBed(t, ByCgroup)
	one, two := b.start("one", `exec `+here), b.start("two", `sh -c "$OUT; echo \$\$; exec sleep 60" & exec `+here)
	one.pids(1)
	stray := two.others(2)[0]
	b.Reaping()
	for _, s := range []*service{one, two} {
		_ = syscall.Kill(s.leader, syscall.SIGKILL)
		s.reap(s.leader)
	}
	for range 2 {
		one.wantMembers(nil)
		two.wantMembers([]int{stray})
	}
	_ = syscall.Kill(stray, syscall.SIGKILL)
	b.Reaping()
	two.reap(stray)
	list := b.children.list
	if list.known {
		t.Error("the list is still that of before")
	}
	one.wantMembers(nil)
	two.wantMembers(nil)
	if !list.known || len(list.pids) != 0 {
		t.Errorf("the list is not kept, or has %v", list.pids)
	}
}

// others are the pids that the n processes of a service say, without that of its main process.
func (s *service) others(n int) []int {
	return slices.DeleteFunc(s.pids(n), func(pid int) bool { return pid == s.leader })
}
