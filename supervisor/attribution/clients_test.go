package attribution

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"supervise/internal/sys"
	"supervise/supervisor/machine"
)

// begin starts a command, which ends with the test, and returns the line that it writes first.
func begin(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func pidOf(t *testing.T, text string) int {
	t.Helper()
	pid, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// accounts are the names of some users.
func accounts(uid uint32) string {
	return map[uint32]string{0: "root", 65534: "nobody", 4711: "alice"}[uid]
}

// self is the test as who is behind a client.
func self(t *testing.T) machine.Behind {
	t.Helper()
	stat, err := sys.ReadStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	c := Clients{account: accounts}
	b := machine.Behind{
		PID: int32(os.Getpid()), UID: uint32(os.Geteuid()), Name: stat.Name, Terminal: stat.Terminal.String(), User: c.name(uint32(os.Geteuid())),
	}
	if login, ok := loginOf(os.Getpid()); ok {
		b.Login = c.name(login)
	}
	return b
}

// TestLookAtClient looks at a client, and past who only runs it for somebody.
func TestLookAtClient(t *testing.T) {
	c := &Clients{account: accounts}
	want := self(t)
	look := func(pid int) machine.Asker {
		t.Helper()
		by, alive := c.Look(pid)
		if !alive || int(by.PID) != pid || by.UID != uint32(os.Geteuid()) {
			t.Errorf("pid %d: %+v, alive: %v", pid, by, alive)
		}
		return by
	}
	child := exec.Command("sh", "-c", "echo $$; exec sleep 1000")
	if got := look(pidOf(t, begin(t, child))).Behind; got != want {
		t.Errorf("a child: %+v, want %+v", got, want)
	}
	script := filepath.Join(t.TempDir(), "sudo")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nif [ $1 -gt 0 ]; then $0 $(($1 - 1)); else sleep 1000 & echo $!; wait; fi; exit 0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, messengers := range []string{"0", "2"} {
		if got := look(pidOf(t, begin(t, exec.Command(script, messengers)))); got.Behind != want {
			t.Errorf("past sudo %s: %+v, want %+v", messengers, got, want)
		}
	}
	if by := look(pidOf(t, begin(t, exec.Command(script, "9")))); by.Behind.Name != "sudo" {
		t.Errorf("past more than it should: %+v", by)
	}
}

// TestLookTerminal has a client with a terminal, and its user logged in.
func TestLookTerminal(t *testing.T) {
	c := &Clients{account: accounts}
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer terminal.Close()
	cmd := exec.Command("sh", "-c", "echo 4711 2>/dev/null >/proc/self/loginuid; sleep 1000 & echo $!; wait")
	cmd.Stdin, cmd.SysProcAttr = terminal, &syscall.SysProcAttr{Setsid: true, Setctty: true}
	by, alive := c.Look(pidOf(t, begin(t, cmd)))
	if b := by.Behind; !alive || b.Terminal != strings.TrimPrefix(terminal.Name(), "/dev/") || int(b.PID) != cmd.Process.Pid || b.Name != "sh" {
		t.Errorf("%+v, alive: %v, terminal %s", by, alive, terminal.Name())
	}
	login, ok := loginOf(cmd.Process.Pid)
	if ok && login == 4711 && by.Behind.Login != "alice" {
		t.Errorf("logged in: %+v", by)
	}
	if !ok && by.Behind.Login != "" {
		t.Errorf("nobody has logged in: %+v", by)
	}
}

// TestLookGone looks for whom there is not.
func TestLookGone(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{-1, 0, cmd.Process.Pid, 1 << 30} {
		if by, alive := NewClients().Look(pid); alive || by != (machine.Asker{}) {
			t.Errorf("pid %d: %+v", pid, by)
		}
	}
}

// TestUserNames looks up each name once in a while, and not too many are kept.
func TestUserNames(t *testing.T) {
	asked := 0
	c := &Clients{account: func(uid uint32) string { asked++; return accounts(uid) }}
	for range 3 {
		if root, other := c.name(0), c.name(5); root != "root" || other != "uid 5" {
			t.Errorf("%q, %q", root, other)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	for uid := range uint32(2 * maxNames) {
		c.name(uid)
	}
	if len(c.names) > maxNames {
		t.Errorf("%d names are kept", len(c.names))
	}
}

// BenchmarkLook measures what each command of a client costs.
func BenchmarkLook(b *testing.B) {
	c := NewClients()
	for b.Loop() {
		c.Look(os.Getpid())
	}
}
