package tree

import (
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"supervise/signals"
)

// here is a process that says its pid and waits.
const here = `sh -c 'echo $$; exec sleep 60'`

// knowledge is how long descent knows of the processes beside the main one.
type knowledge int

const (
	always knowledge = iota
	never
)

// families are the ways to have descendants. Each says as many pids as it has processes,
// the main process's last.
var families = []struct {
	name      string
	script    string
	processes int
	known     knowledge
}{
	{"alone", "exec " + here, 1, always},
	{"workers", here + " & " + here + " & exec " + here, 3, always},
	{"workers of workers", `sh -c 'sh -c "echo \$\$; exec sleep 60" & echo $$; exec sleep 60' & exec ` + here, 3, always},
	{"own session", "setsid -f " + here + "; exec " + here, 2, always},
	{"daemon", "(setsid " + here + " &); exec " + here, 2, always},
	{"daemon of a daemon", `(setsid sh -c '(setsid sh -c "echo \$\$; exec sleep 60" &); echo $$; exec sleep 60' &); exec ` + here, 3, always},
	{"other name", `exec 3<&0; (setsid sh -c 'echo "x) Z 1 1 (" >/proc/$$/comm; echo $$; read x <&3' &); exec ` + here, 2, always},
	{"some of its environment", "(env -u PATH -u HOME -u PWD setsid " + here + " &); exec " + here, 2, always},
	{"no environment", "(env -i /bin/" + here + " &); exec " + here, 2, always},
	{"no environment, own session", "env -i /usr/bin/setsid /bin/" + here + " & exec " + here, 2, always},
	{"no environment, daemon", "(env -i /usr/bin/setsid /bin/" + here + " &); exec " + here, 2, never},
	{"first thread ended", `(SUPERVISE_TEST_ROLE=headless setsid "$SELF" &); exec ` + here, 2, always},
}

func TestFamilies(t *testing.T) {
	for _, family := range families {
		t.Run(family.name, func(t *testing.T) {
			eachMethod(t, func(b *bed) { b.testFamily(family.script, family.processes, family.known) })
		})
	}
}

// testFamily makes sure that a service has all that descends from it and nothing else,
// that a signal reaches these, and that a kill leaves none.
func (b *bed) testFamily(script string, processes int, known knowledge) {
	if b.Method() == ByCgroup {
		known = always
	}
	other := b.start("other", "exec "+here)
	other.pids(1)
	stray := exec.Command("/bin/sleep", "60") // our child as an orphan is, but nobody's
	if err := stray.Start(); err != nil {
		b.Fatal(err)
	}
	s := b.start("web", script)
	for _, end := range []func(count int){s.signalAll, s.killAll} {
		all := s.pids(processes)
		others := slices.DeleteFunc(slices.Clone(all), func(pid int) bool { return pid == s.leader })
		if known == never {
			s.wantMembers([]int{s.leader})
		} else {
			s.wantMembers(all)
		}
		_ = syscall.Kill(s.leader, syscall.SIGKILL)
		ended(b.T, s.leader)
		s.reap(s.leader)
		if known == always {
			s.wantMembers(others)
			end(len(others))
			ended(b.T, others...) // zombies now: nobody has waited for them
		}
		s.wantMembers(nil)
		b.wantRest(known != always, others)
		s.run(script)
	}
	s.pids(processes)
	kill(b.T, s.Kill) // with its main process
	ended(b.T, s.leader)
	other.wantMembers([]int{other.leader})
	if !alive(stray.Process.Pid) {
		b.Error("a process that belongs to no service has been ended")
	}
}

func (s *service) signalAll(count int) {
	if sent, err := s.Signal(signals.SIGTERM); sent != count || err != nil {
		s.b.Errorf("%d were signalled, %v, want %d", sent, err, count)
	}
}

func (s *service) killAll(int) {
	kill(s.b.T, s.Kill)
}

// wantRest makes sure that these are, or are not, among all that descends from us.
func (b *bed) wantRest(want bool, pids []int) {
	b.Helper()
	rest, err := Descendants()
	if err != nil {
		b.Fatal(err)
	}
	for _, pid := range pids {
		if slices.ContainsFunc(rest, func(m Member) bool { return m.PID == pid }) != want {
			b.Errorf("%d is among the rest %v: want %v", pid, rest, want)
		}
	}
}
