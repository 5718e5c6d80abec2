package crasher

import (
	"encoding/binary"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/coredump/socket"
	"supervise/internal/testproc"
)

func TestMain(m *testing.M) { testproc.Main(m) }

func start(t *testing.T) (cmd *exec.Cmd, pidfd int) {
	t.Helper()
	cmd = exec.Command("/bin/sleep", "60")
	cmd.Dir = "/"
	cmd.Env = []string{"A=1", "B="}
	testproc.Start(t, cmd)
	pidfd, err := unix.PidfdOpen(cmd.Process.Pid, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = unix.Close(pidfd) })
	return cmd, pidfd
}

func TestIdentify(t *testing.T) {
	cmd, pidfd := start(t)
	who, err := Identify(pidfd)
	if err != nil || who.PID != cmd.Process.Pid || who.UID != os.Getuid() || who.GID != os.Getgid() || who.Private != "" && os.Getuid() != overflow {
		t.Errorf("%+v, %v", who, err)
	}
	p, err := Open(pidfd)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	facts := p.Facts()
	if !strings.HasSuffix(facts.Exe, "/sleep") || facts.Directory != "/" || !slices.Equal(facts.Arguments, []string{"/bin/sleep", "60"}) ||
		!slices.Equal(facts.Environment, []string{"A=1", "B="}) || facts.Limits["Max open files"] == "" || facts.Limits["Max core file size"] == "" {
		t.Errorf("%+v", facts)
	}
	if p.Killed() {
		t.Error("it counts as killed")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if !p.Killed() || p.Gone() == nil {
		t.Error("it counts as alive")
	}
	// Whoever has the pid by now is not taken for it.
	if _, err := p.Identify(); err == nil {
		t.Error("it is identified after its end")
	}
	if who, err := Identify(pidfd); err == nil || who.Private == "" || who.UID != -1 {
		t.Errorf("after its end: %+v, %v", who, err)
	}
	if facts := p.Facts(); facts.Exe != "" || len(facts.Environment) > 0 {
		t.Errorf("after its end: %+v", facts)
	}
}

// TestByPID does not believe in a pid.
func TestByPID(t *testing.T) {
	cmd, _ := start(t)
	for _, pid := range []int{cmd.Process.Pid, 0, -1, 1 << 30} {
		pidfd, who := ByPID(pid)
		if pidfd != -1 || who.Private == "" {
			t.Errorf("%d, which does not dump core: %d, %+v", pid, pidfd, who)
		}
	}
}

func TestPrivate(t *testing.T) {
	ordinary := func() found {
		return found{uids: ids{7, 7, 7, 7}, gids: ids{8, 8, 8, 8}, hasDumped: true, dumped: socket.DidDump | socket.AsUser}
	}
	for _, c := range []struct {
		name   string
		change func(*found)
		want   string
	}{
		{"ordinary", func(*found) {}, ""},
		{"a kernel that does not say", func(f *found) { f.hasDumped, f.dumped = false, 0 }, ""},
		{"for root", func(f *found) { f.dumped = socket.DidDump | socket.RootOnly }, "not dumpable"},
		{"euid", func(f *found) { f.uids[1] = 0 }, "user ids"},
		{"suid", func(f *found) { f.uids[2] = 0 }, "user ids"},
		{"fsuid", func(f *found) { f.uids[3] = 0 }, "user ids"},
		{"egid", func(f *found) { f.gids[1] = 0 }, "group ids"},
		{"without an id", func(f *found) { f.uids = ids{overflow, overflow, overflow, overflow} }, "no id"},
		{"secure", func(f *found) { f.secure = true }, "AT_SECURE"},
		{"unknown", func(f *found) { f.auxv = unix.EIO }, "auxiliary vector"},
	} {
		f := ordinary()
		c.change(&f)
		if got := f.private(); got == "" != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestSecure(t *testing.T) {
	pair := func(key, value uint64) []byte {
		return binary.NativeEndian.AppendUint64(binary.NativeEndian.AppendUint64(nil, key), value)
	}
	for _, c := range []struct {
		auxv         []byte
		secure, fail bool
	}{
		{slices.Concat(pair(6, 4096), pair(atSecure, 0), pair(0, 0)), false, false},
		{slices.Concat(pair(6, 4096), pair(atSecure, 1), pair(0, 0)), true, false},
		{slices.Concat(pair(6, 4096), pair(0, 0)), false, true},
		{nil, false, true},
		{pair(atSecure, 1)[:15], false, true},
	} {
		if got, err := secure(c.auxv); got != c.secure || err != nil != c.fail {
			t.Errorf("% x: %v, %v", c.auxv, got, err)
		}
	}
}
