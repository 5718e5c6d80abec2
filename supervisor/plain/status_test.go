//go:build linux && (amd64 || arm64)

package plain

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/supervisor/board"
	"supervise/supervisor/board/segment"
	"supervise/supervisor/status"
)

// child is a child of ours that does nothing, stopped by a signal if that is wanted.
func child(t *testing.T, stopped bool) (pid int) {
	t.Helper()
	cmd := exec.Command("/bin/sleep", "600")
	testproc.Start(t, cmd)
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if stopped {
		if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		var info unix.Siginfo
		if err := unix.Waitid(unix.P_PID, cmd.Process.Pid, &info, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
			t.Fatal(err)
		}
	}
	return cmd.Process.Pid
}

// zombie is one that has ended, and waits for us.
func zombie(t *testing.T) (pid int) {
	t.Helper()
	cmd := exec.Command("/bin/true")
	testproc.Start(t, cmd)
	t.Cleanup(func() { _ = cmd.Wait() })
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, cmd.Process.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// root opens a directory.
func root(t testing.TB, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

// show puts services on a board of the test's own.
func show(t *testing.T, services ...status.Service) (dir string, b *board.Board) {
	t.Helper()
	dir = t.TempDir()
	b, _, err := board.Create(board.Options{Dir: root(t, dir), Slots: len(services), Mode: 0o600, Group: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	for i := range services {
		b.Set(i, &services[i])
	}
	b.Work(false)
	return dir, b
}

// look is what status shows of services, all or some.
func look(dir string, names ...string) (services []status.Service, code int, ok bool) {
	c, _ := line(append([]string{"status", "--runtime-dir", dir}, names...)...)
	board := segment.Open(c.file(segment.FileName), memory.file[:])
	if !rests(&board) {
		return nil, 0, false
	}
	defer board.Detach()
	slots, ok := c.all(&board)
	if len(names) > 0 {
		slots, code, ok = c.named(&board)
	}
	for i := range slots {
		services = append(services, status.Service{})
		slots[i].Unpack(&services[i])
	}
	return services, code, ok && !board.Moved()
}

// TestBoard reads slots, of services that are named with what /proc says of their processes.
func TestBoard(t *testing.T) {
	up, stopped := child(t, false), child(t, true)
	killed := status.Exit{Exit: signals.Exit{Signal: signals.SIGKILL}, By: status.Process{PID: 1, Name: "x"}, Cause: strings.Repeat("x", 49)}
	shown := []status.Service{
		{Name: "up", State: "running", Wanted: status.Up, PID: up, Since: 1, Restarts: 2, Held: 3, Ready: true},
		{Name: "halted", State: "running", Wanted: status.Up, Paused: true, PID: up},
		{},
		{Name: "stopped", State: "running", Wanted: status.Up, Ready: true, PID: stopped},
		{Name: "shot", State: "failed", Wanted: status.Down, Exited: true, Exit: killed},
	}
	dir, _ := show(t, shown...)
	want := slices.DeleteFunc(slices.Clone(shown), func(s status.Service) bool { return s.Name == "" })
	want[3].Exit.Cause = want[3].Exit.Cause[:48]
	if got, code, ok := look(dir); !ok || code != 0 || !slices.Equal(got, want) {
		t.Errorf("all: %v, %d, %+v\nwant %+v", ok, code, got, want)
	}
	want[1].Ready, want[1].Paused = true, false
	want[2].Ready, want[2].Paused = false, true
	got, code, ok := look(dir, "shot", "stopped", "halted", "stopped")
	for i := range got {
		got[i].SigQ = status.SigQ{} // others change it
	}
	if !ok || code != 3 || !slices.Equal(got, []status.Service{want[3], want[2], want[1], want[2]}) {
		t.Errorf("some: %v, %d, %+v\nwant %+v", ok, code, got, want)
	}
	if got, code, ok := look(dir, "up"); !ok || code != 0 || got[0].SigQ.Limit == 0 {
		t.Errorf("one: %v, %d, %+v", ok, code, got)
	}
}

// TestNotBoard leaves to others what the board does not tell, or perhaps not truly.
func TestNotBoard(t *testing.T) {
	first := status.Service{Name: "first", State: "stopped", Wanted: status.Down}
	self, err := sys.ReadStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	owner := func(s sys.Stat) string { return fmt.Sprintf(`{"pid":%d,"start":%d}`, s.PID, s.Started) }
	for name, test := range map[string]struct {
		shown status.Service
		names []string
		spoil func(dir string, b *board.Board)
	}{
		"no file":      {spoil: func(dir string, _ *board.Board) { _ = os.Remove(filepath.Join(dir, segment.FileName)) }},
		"a version":    {spoil: func(dir string, _ *board.Board) { rewrite(t, dir, `"version":1`, `"version":2`) }},
		"the dead":     {spoil: func(dir string, _ *board.Board) { rewrite(t, dir, `"start":`, `"start":1`) }},
		"other memory": {spoil: func(dir string, _ *board.Board) { rewrite(t, dir, `"memory":`, `"memory":9`) }},
		"no JSON":      {spoil: func(dir string, _ *board.Board) { rewrite(t, dir, `{`, `[`) }},
		"stopped": {spoil: func(dir string, _ *board.Board) {
			stat, err := sys.ReadStat(child(t, true))
			if err != nil {
				t.Fatal(err)
			}
			rewrite(t, dir, owner(self), owner(stat))
		}},
		"at work":     {spoil: func(_ string, b *board.Board) { b.Work(true) }},
		"closed":      {spoil: func(_ string, b *board.Board) { b.Close() }},
		"moved":       {spoil: func(dir string, _ *board.Board) { poke(t, dir, 24, 1) }},
		"owner":       {spoil: func(dir string, _ *board.Board) { poke(t, dir, 28, 1) }},
		"torn":        {spoil: func(dir string, _ *board.Board) { poke(t, dir, 64, 1) }},
		"unknown":     {names: []string{"first", "other"}},
		"a beginning": {names: []string{"firs"}},
		"longer":      {names: []string{"first1"}},
		"more":        {shown: status.Service{Name: "x", State: "stopped", Wanted: status.Absent}},
		"cut":         {shown: status.Service{Name: strings.Repeat("x", 81), State: "stopped", Wanted: status.Down}},
		"no child":    {shown: status.Service{Name: "x", State: "running", PID: os.Getppid(), Wanted: status.Down}, names: []string{"x"}},
		"a zombie":    {shown: status.Service{Name: "x", State: "running", PID: zombie(t), Wanted: status.Down}, names: []string{"x"}},
		"gone":        {shown: status.Service{Name: "x", State: "running", PID: 1 << 22, Wanted: status.Down}, names: []string{"x"}}, // beyond PID_MAX_LIMIT
	} {
		t.Run(name, func(t *testing.T) {
			dir, b := show(t, first, test.shown)
			if test.spoil != nil {
				if got, _, ok := look(dir); !ok {
					t.Fatalf("it cannot be read before: %+v", got)
				}
				test.spoil(dir, b)
			}
			if got, _, ok := look(dir, test.names...); ok {
				t.Errorf("it is read: %+v", got)
			}
		})
	}
	long := strings.Repeat("x", longestPath)
	if c, _ := line("status", "--runtime-dir", long); c.file(segment.FileName) != nil {
		t.Error("there is room for a long path")
	}
}

// rewrite changes the file of a board.
func rewrite(t *testing.T, dir, from, to string) {
	t.Helper()
	file := filepath.Join(dir, segment.FileName)
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(strings.Replace(string(text), from, to, 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// poke writes a number into the segment of a board.
func poke(t *testing.T, dir string, offset int, value uint32) {
	t.Helper()
	file, err := segment.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := sys.ShmAttach(file.Memory, 0)
	if err != nil {
		t.Fatal(err)
	}
	binary.NativeEndian.PutUint32(memory[offset:], value)
	if err := sys.ShmDetach(memory); err != nil {
		t.Fatal(err)
	}
}
