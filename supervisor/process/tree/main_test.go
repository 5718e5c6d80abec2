package tree

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/supervisor/process"
)

// The role headless ends its first thread, which is the one that main then runs on.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	testproc.Role("headless", headless)
	testproc.Role("killed", killed)
	testproc.Role("asks", asks)
	testproc.Main(m)
}

// bed is what a supervisor has: a root, and the main processes that it knows. The process
// is subreaper, and all that its services leave is ended with the test.
type bed struct {
	*testing.T
	*Root
	leaders map[int]bool
}

// eachMethod runs a test in a process of its own for each of the two methods.
func eachMethod(t *testing.T, test func(b *bed)) {
	t.Helper()
	for _, method := range []Method{ByAncestry, ByCgroup} {
		t.Run(strings.Fields(method.String())[0], func(t *testing.T) {
			if testproc.Alone(t, testproc.OwnProcess) {
				test(newBed(t, method))
			}
		})
	}
}

func newBed(t *testing.T, method Method) *bed {
	t.Helper()
	b := &bed{T: t, leaders: map[int]bool{}}
	mark := "test." + strconv.Itoa(os.Getpid())
	if err := sys.Subreaper(); err != nil {
		t.Skip("cannot become subreaper:", err)
	}
	b.Root = &Root{mark: mark, children: family{Children: b}}
	if method == ByCgroup {
		b.Root = Open("supervise-"+mark, mark, b)
		if b.Method() != ByCgroup {
			t.Skip("no cgroups here:", b.Reason())
		}
	}
	t.Cleanup(b.end)
	return b
}

// IsMain is part of [Children].
func (b *bed) IsMain(pid int) bool { return b.leaders[pid] }

// ReapOrphan is part of [Children].
func (b *bed) ReapOrphan(pid int) bool {
	_, ok := sys.ReapOne(pid)
	return ok
}

// kill kills until it is done, and counts how often that had to go on.
func kill(tb testing.TB, again func() (done bool, err error)) (slices int) {
	tb.Helper()
	for began := time.Now(); time.Since(began) < testproc.Limit/4; slices++ {
		switch done, err := again(); {
		case err != nil:
			tb.Fatal(err)
		case done:
			return slices
		}
	}
	tb.Fatal("it does not come to an end")
	return 0
}

// end ends all that is left.
func (b *bed) end() {
	for range 50 {
		if rest, err := Descendants(); err == nil && len(rest) == 0 {
			break
		}
		kill(b.T, b.KillDescendants)
		for reapAll() {
			// until there is nothing to wait for
		}
	}
	for reapAll() {
		// zombies
	}
	if err := b.Close(); err != nil {
		b.Error("something is left in the cgroups:", err)
	}
}

// reapAll waits for one child, if there is any. Those that are killed come to an end.
func reapAll() bool {
	_, err := syscall.Wait4(-1, nil, syscall.WALL, nil)
	return err == nil || err == syscall.EINTR
}

// service is a shell script with its tree. Its processes say their pids.
type service struct {
	Tree
	name   string
	b      *bed
	leader int            // its main process
	in     *os.File       // what that can read, and never gets
	said   *bufio.Scanner // what its processes say
}

// start starts a service's script as supervise does.
func (b *bed) start(name, script string) *service {
	b.Helper()
	s := &service{Tree: b.Service(name), name: name, b: b}
	b.Cleanup(func() { _ = s.Tree.Close() })
	s.run(script)
	return s
}

func (s *service) run(script string) {
	s.b.Helper()
	fd, has, err := s.CgroupFD()
	if err != nil {
		s.b.Fatal(err)
	}
	stdin, stdinWriter := pipe(s.b.T)
	stdoutReader, stdout := pipe(s.b.T)
	defer stdin.Close()
	defer stdout.Close()
	child, err := process.Start(&process.Spec{
		Path: "/bin/sh", Argv: []string{"sh", "-c", script},
		Env:       slices.Concat(os.Environ(), []string{"SELF=" + testproc.Argv(s.b.T)[0]}, s.b.Environment(s.name)),
		Files:     []int{int(stdin.Fd()), int(stdout.Fd()), 2},
		Placement: process.OwnSession,
		CgroupFD:  fd, HasCgroup: has,
	})
	if err != nil {
		s.b.Fatal(err)
	}
	_ = unix.Close(child.PIDFD)
	s.in, s.said, s.leader = stdinWriter, bufio.NewScanner(stdoutReader), child.PID
	s.Started(s.leader)
	s.b.leaders[s.leader] = true
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// pids reads the pids that the next n processes say of themselves.
func (s *service) pids(n int) (pids []int) {
	s.b.Helper()
	for range n {
		if !s.said.Scan() {
			s.b.Fatal("the script has ended:", s.said.Err())
		}
		pid, err := strconv.Atoi(s.said.Text())
		if err != nil {
			s.b.Fatalf("the script says %q", s.said.Text())
		}
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	return pids
}

// reap waits for a child to end; it is a main process no longer then.
func (s *service) reap(pid int) (status syscall.WaitStatus) {
	s.b.Helper()
	for {
		_, err := syscall.Wait4(pid, &status, syscall.WALL, nil)
		if err == nil {
			delete(s.b.leaders, pid)
			return status
		}
		if err != syscall.EINTR {
			s.b.Fatalf("wait4 %d: %v", pid, err)
		}
	}
}

// wantMembers compares the members with pids.
func (s *service) wantMembers(want []int) {
	s.b.Helper()
	members, err := s.Members()
	got := []int{}
	for _, m := range members {
		got = append(got, m.PID)
	}
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		s.b.Errorf("members %v, %v, want %v", members, err, want)
	}
	if empty, err := s.Empty(); err != nil || empty != (len(want) == 0) {
		s.b.Errorf("empty: %v, %v, with %d members", empty, err, len(want))
	}
}

// ended waits until a process has ended, which may be nobody's child of ours.
func ended(t *testing.T, pids ...int) {
	t.Helper()
	for _, pid := range pids {
		fd, err := sys.OpenPID(pid)
		if errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(10 * time.Second)
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for fds[0].Revents == 0 && time.Now().Before(deadline) {
			_, _ = unix.Poll(fds, int(time.Until(deadline).Milliseconds())+1)
		}
		if fds[0].Revents == 0 {
			t.Errorf("process %d lives", pid)
		}
		_ = unix.Close(fd)
	}
}

// alive reports whether a process is there and no zombie.
func alive(pid int) bool {
	p, ok := readStat(strconv.Itoa(pid))
	return ok && !p.zombie
}

// killed is the role of a supervisor that is killed: it starts its script in the cgroup of
// a service, and says what that says.
func killed(args []string) int {
	root := Open(args[0], "killed", NoChildren{})
	if root.Method() != ByCgroup {
		fmt.Println("no cgroups:", root.Reason())
		return 1
	}
	fd, _, err := root.Service("web").CgroupFD()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	cmd := exec.Command("/bin/sh", "-c", args[1])
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, UseCgroupFD: true, CgroupFD: fd}
	cmd.Stdout = os.Stdout
	if err := cmd.Run(); err != nil {
		fmt.Println(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// headless ends its first thread and lives on in the others, so that it shows as a zombie.
func headless([]string) int {
	go func() {
		fmt.Println(os.Getpid())
		select {}
	}()
	time.AfterFunc(testproc.Limit, func() { os.Exit(1) })
	for {
		_, _, _ = syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
	}
}
