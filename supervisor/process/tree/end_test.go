package tree

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
	"supervise/signals"
)

// TestZombies makes sure that what has ended is nothing, reaped or not.
func TestZombies(t *testing.T) {
	eachMethod(t, func(b *bed) {
		s := b.start("web", "exec "+here)
		if empty, err := b.Service("none").Empty(); !empty || err != nil {
			b.Errorf("a service that was never started: empty %v, %v", empty, err)
		}
		s.wantMembers(s.pids(1))
		_ = syscall.Kill(s.leader, syscall.SIGKILL)
		ended(b.T, s.leader)
		s.wantMembers(nil)
		if sent, err := s.Signal(signals.SIGTERM); sent != 0 || err != nil {
			b.Errorf("%d zombies were signalled, %v", sent, err)
		}
		kill(b.T, s.Kill)
		if status := s.reap(s.leader); status.Signal() != syscall.SIGKILL {
			b.Errorf("the status is %x", status)
		}
		s.wantMembers(nil)
		kill(b.T, s.Kill)
	})
}

// bounded is a line of shell that ends whoever comes to it after half a minute, so that
// nothing lasts if the test fails.
func bounded(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return "read up idle </proc/uptime; [ ${up%.*} -lt " + strconv.Itoa(int(seconds)+30) + " ] || exit; "
}

// TestRunaway kills a service that moves on to a new process all the time, so that
// whoever looks finds one that has gone.
func TestRunaway(t *testing.T) {
	eachMethod(t, func(b *bed) {
		s := b.start("web", "f() { "+bounded(b.T)+"f & }; echo $$; f; exec sleep 30")
		s.pids(1)
		b.killUntilEmpty(s)
	})
}

// TestBomb kills a fork bomb, whose user has a limit of processes.
func TestBomb(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to bound it takes root: another user, with a limit")
	}
	eachMethod(t, func(b *bed) {
		bomb := "echo $$; f() { " + bounded(b.T) + "f & f & wait; f; }; f"
		s := b.start("web", "exec prlimit --nproc=60 setpriv --reuid=54777 --regid=54777 --clear-groups sh -c '"+bomb+"' 2>/dev/null")
		s.pids(1)
		b.killUntilEmpty(s)
	})
}

// killUntilEmpty kills, looks whenever a process was reaped, and kills again after a
// while, as the supervisor does.
func (b *bed) killUntilEmpty(s *service) {
	b.Helper()
	for began := time.Now(); ; {
		kill(b.T, s.Kill)
		for range 200 {
			pid, err := syscall.Wait4(-1, nil, syscall.WALL, nil)
			delete(b.leaders, pid)
			empty, emptyErr := s.Empty()
			switch took := time.Since(began); {
			case emptyErr != nil:
				b.Fatal(emptyErr)
			case empty && took < 20*time.Second:
				return
			case empty:
				b.Fatalf("it took %v: it has ended by itself", took)
			case err == syscall.ECHILD:
				b.Fatal("something is left, and no child of ours")
			}
		}
	}
}

// TestLeftovers kills a supervisor: the next one of its name ends what it has left, and
// what another has stays.
func TestLeftovers(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	b := newBed(t, ByCgroup)
	stranger := b.start("web", "exec "+here) // the same service, of another supervisor
	stranger.pids(1)
	name := "supervise-killed-" + strconv.Itoa(os.Getpid())
	pids := killSupervisor(t, name)
	next := Open(name, "", NoChildren{})
	if members, err := next.Service("web").Members(); err != nil || len(members) != len(pids) {
		t.Errorf("before: %v, %v, want %v", members, err, pids)
	}
	members, err := next.Leftovers("")
	if err != nil || len(members) != len(pids) {
		t.Fatalf("%v, %v, want %v", members, err, pids)
	}
	for _, m := range members {
		if !slices.Contains(pids, m.PID) || m.Name != "sleep" && m.Name != "sh" {
			t.Errorf("left over is %+v, want one of %v", m, pids)
		}
		if alive(m.PID) {
			t.Errorf("%d is still alive", m.PID)
		}
	}
	if below, err := os.ReadDir(next.Dir()); err != nil || slices.ContainsFunc(below, os.DirEntry.IsDir) {
		t.Errorf("the cgroups are still there: %v, %v", below, err)
	}
	if members, err := next.Leftovers(""); len(members) != 0 || err != nil {
		t.Errorf("a second time: %v, %v", members, err)
	}
	if err := next.Close(); err != nil {
		t.Error(err)
	}
	stranger.wantMembers([]int{stranger.leader})
}

// killSupervisor runs a supervisor until its service is there, kills it, and returns the
// pids of what is left.
func killSupervisor(t *testing.T, name string) (pids []int) {
	t.Helper()
	cmd := testproc.Command(t, "killed", name, "setsid -f "+here+"; (setsid "+here+" &); exec "+here)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	testproc.Start(t, cmd)
	for lines := bufio.NewScanner(out); len(pids) < 3; {
		if !lines.Scan() {
			t.Fatal("the supervisor says no more:", lines.Err())
		}
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("the supervisor says %q", lines.Text())
		}
		pids = append(pids, pid)
	}
	_ = cmd.Process.Kill()
	_, _ = cmd.Process.Wait()
	return pids
}

// TestMarkedLeftovers finds by their marks what a killed supervisor has left without cgroups, also
// what has dropped its own but descends from who has not. Others stay, and so does whoever asks.
func TestMarkedLeftovers(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	b := newBed(t, ByAncestry)
	stranger := b.start("web", "exec "+here)
	stranger.pids(1)
	b.mark = "0123abc.1.2"
	pids := b.start("web", `setsid sh -c 'echo $$; env -i /usr/bin/setsid /bin/sh -c "echo \$\$; exec sleep 60"; exit' & (setsid `+here+" &); exec "+here).pids(4)
	for name, marks := range map[string]string{"another": "0123ab.", "longer": "0123abcd.", "not from the start": "123abc."} {
		if members, err := b.Leftovers(marks); len(members) != 0 || err != nil {
			t.Errorf("%s: %v, %v", name, members, err)
		}
	}
	members, err := b.Leftovers("0123abc.")
	if err != nil {
		t.Error(err)
	}
	for _, pid := range pids {
		if !slices.ContainsFunc(members, func(m Member) bool { return m.PID == pid }) || alive(pid) {
			t.Errorf("%d is not among %v, or alive: %v", pid, members, alive(pid))
		}
	}
	if len(members) != len(pids) || !alive(stranger.leader) {
		t.Errorf("killed: %v, want %v", members, pids)
	}
	if members, err := b.Leftovers("0123abc."); len(members) != 0 || err != nil {
		t.Errorf("a second time: %v, %v", members, err)
	}
}

// TestMarkedForker ends what was left and forks all the time.
func TestMarkedForker(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	b := newBed(t, ByAncestry)
	for range 5 {
		s := b.start("web", `(setsid sh -c 'trap "" TERM; while :; do (sleep 0.05 &); done' &); echo $$; exec sleep 60`)
		s.pids(1)
		if members, err := b.Leftovers(b.mark); len(members) < 2 || err != nil {
			t.Errorf("%v, %v", members, err)
		}
		_ = syscall.Kill(-1, syscall.SIGSTOP)
		all, err := processes()
		if left, _ := findMarked(all, []byte(markVariable+b.mark)); err != nil || len(left) > 0 {
			t.Errorf("left: %v, %v", left, err)
		}
		for reapAll() {
			// zombies
		}
	}
}

// TestAncestorSpared is asked by a process whose parent has the mark, and which has it too.
func TestAncestorSpared(t *testing.T) {
	mark := []byte(markVariable + "me.")
	cmd := testproc.Command(t, "asks", string(mark))
	cmd.Env = append(cmd.Env, string(mark)+"1.2")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "[]\n" {
		t.Errorf("picked %s, %v", out, err)
	}
}

// asks lists the processes with a mark.
func asks(args []string) int {
	all, err := processes()
	if yes, _ := hasMark(entry{pid: os.Getpid()}, []byte(args[0])); err != nil || !yes {
		fmt.Println(err, "no mark")
		return 1
	}
	picked, _ := findMarked(all, []byte(args[0]))
	fmt.Println(picked)
	return 0
}

// TestNothingToLeave has no cgroup.
func TestNothingToLeave(t *testing.T) {
	r := &Root{mark: "m"}
	if members, err := r.Leftovers(""); members != nil || err != nil || r.Dir() != "" || r.Method() != ByAncestry {
		t.Errorf("%v, %v, %q, %v", members, err, r.Dir(), r.Method())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
