package tree

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/testproc"
	"supervise/signals"
)

// strays are the ways out of a service's cgroup; $OUT joins another one. Each says as many
// pids as it has processes, the main process's last.
var strays = []struct {
	name, script string
	processes    int
}{
	{"a child", `sh -c "$OUT; echo \$\$; exec sleep 60" & exec ` + here, 2},
	{"own session", `sh -c "$OUT; exec setsid ` + "sh -c 'echo \\$\\$; exec sleep 60'" + `" & exec ` + here, 2},
	{"orphan", `(setsid sh -c "$OUT; echo \$\$; exec sleep 60" &); exec ` + here, 2},
	{"a family", `sh -c "$OUT; ` + "sh -c 'echo \\$\\$; exec sleep 60'" + ` & echo \$\$; exec sleep 60" & exec ` + here, 3},
	{"its orphan", `sh -c "$OUT; (setsid ` + "sh -c 'echo \\$\\$; exec sleep 60'" + ` &); exit" & wait; exec ` + here, 2},
	{"below one that has stayed", `sh -c 'sh -c "$OUT; echo \$\$; exec sleep 60" & echo $$; exec sleep 60' & exec ` + here, 3},
	{"without environment", `sh -c "$OUT; exec env -i /usr/bin/setsid /bin/` + "sh -c 'echo \\$\\$; exec sleep 60'" + `" & exec ` + here, 2},
	{"the main process", `eval "$OUT"; sh -c 'echo $$; exec sleep 60' & exec ` + here, 2},
}

// out makes the services of a bed able to leave their cgroup.
func out(t *testing.T) {
	t.Helper()
	t.Setenv("OUT", "echo 0 >"+testproc.Cgroup(t)+"/cgroup.procs")
}

// TestStrays leaves the cgroup in every way: signals and kills reach it all the same, and the
// service is not said to be empty before it is.
func TestStrays(t *testing.T) {
	for _, stray := range strays {
		t.Run(stray.name, func(t *testing.T) {
			if !testproc.Alone(t, testproc.OwnProcess) {
				return
			}
			out(t)
			b := newBed(t, ByCgroup)
			other := b.start("other", `sh -c "$OUT; echo \$\$; exec sleep 60" & exec `+here)
			others := other.pids(2)
			s := b.start("web", stray.script)
			ends := map[string]func(){
				"signal": func() {
					if sent, err := s.Signal(signals.SIGTERM); sent != stray.processes-1 || err != nil {
						t.Errorf("%d were signalled, %v", sent, err)
					}
				},
				"kill": func() { kill(t, s.Kill) },
			}
			for _, end := range []string{"signal", "kill"} {
				all := s.pids(stray.processes)
				rest := slices.DeleteFunc(slices.Clone(all), func(pid int) bool { return pid == s.leader })
				s.wantAll(all)
				_ = syscall.Kill(s.leader, syscall.SIGKILL)
				s.reap(s.leader)
				s.wantMembers(rest)
				ends[end]()
				ended(t, rest...)
				s.wantMembers(nil)
				s.run(stray.script)
			}
			all := s.pids(stray.processes)
			kill(t, s.Kill) // with its main process, which is signalled by its pid otherwise
			_ = syscall.Kill(s.leader, syscall.SIGKILL)
			s.reap(s.leader)
			kill(t, s.Kill) // what was below it
			ended(t, all...)
			other.wantAll(others)
		})
	}
}

// wantAll is wantMembers for a service whose main process lives: it need not be a member.
func (s *service) wantAll(want []int) {
	s.b.Helper()
	members, err := s.Members()
	if err != nil {
		s.b.Error(err)
	}
	for _, pid := range want {
		if pid != s.leader && !slices.ContainsFunc(members, func(m Member) bool { return m.PID == pid }) {
			s.b.Errorf("%d is not among %v", pid, members)
		}
	}
	if len(members) > len(want) {
		s.b.Errorf("members %v, want %v", members, want)
	}
}

// TestStrayForkers fork all the time, outside the cgroup.
func TestStrayForkers(t *testing.T) {
	for name, script := range map[string]string{
		"loop":              `(setsid sh -c "$OUT; trap '' TERM; while :; do (sleep 0.05 &); done" &); echo $$; exec sleep 60`,
		"chain":             `export F='eval "$F" &'; (setsid sh -c "$OUT; eval \"\$F\"" &); echo $$; exec sleep 60`,
		"chain of sessions": `export F='setsid sh -c "$F" &'; (sh -c "$OUT; eval \"\$F\"" &); echo $$; exec sleep 60`,
	} {
		t.Run(name, func(t *testing.T) {
			if !testproc.Alone(t, testproc.OwnNamespace) {
				return
			}
			out(t)
			b := newBed(t, ByCgroup)
			for range 3 {
				s := b.start("web", script)
				s.pids(1)
				_ = syscall.Kill(s.leader, syscall.SIGKILL)
				s.reap(s.leader)
				s.killForker()
			}
		})
	}
}

// TestStrayLeftovers ends what a killed supervisor has left outside its cgroups.
func TestStrayLeftovers(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	out(t)
	b := newBed(t, ByCgroup)
	b.mark = "0123abc.1.2"
	pids := b.start("web", `(setsid sh -c "$OUT; echo \$\$; exec sleep 60" &); (sh -c "$OUT; echo \$\$; exec setsid sleep 60" &); exec `+here).pids(3)
	members, err := b.Leftovers("0123abc.")
	if err != nil && !errors.Is(err, os.ErrNotExist) && !strings.Contains(err.Error(), "busy") { // the directory is in use by the bed
		t.Error(err)
	}
	for _, pid := range pids {
		if !slices.ContainsFunc(members, func(m Member) bool { return m.PID == pid }) || alive(pid) {
			t.Errorf("%d is not among %v, or alive: %v", pid, members, alive(pid))
		}
	}
}
