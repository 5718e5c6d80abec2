package quickstatus

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
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

// limit0 is the limit of the signals that are queued for our user.
func limit0(t *testing.T) uint64 {
	t.Helper()
	state, err := sys.ReadSignalState("self")
	if err != nil {
		t.Fatal(err)
	}
	return state.Limit
}

// TestOnBoard reads slots, with what /proc says of their processes.
func TestOnBoard(t *testing.T) {
	up, stopped := child(t, false), child(t, true)
	killed := status.Exit{Exit: signals.Exit{Signal: signals.SIGKILL}, Cause: "from pid 1 (x, uid 0)"}
	shown := []status.Service{
		{Name: "up", State: "running", Wanted: status.Up, PID: up, Since: 1, Restarts: 2, Held: 3},
		{Name: "commanded", State: "running", Wanted: status.Up, Paused: true, PID: up},
		{Name: "stopped", State: "running", Wanted: status.Up, Ready: true, PID: stopped},
		{Name: "ending", State: "stopping", Wanted: status.Down, PID: stopped, Rung: 1, Rungs: 2},
		{},
		{Name: "again", State: "backoff", Wanted: status.Up, NextRestart: 4, Exited: true, Exit: status.Exit{Exit: signals.Exit{Code: 5}}},
		{Name: "shot", State: "failed", Wanted: status.Down, Exited: true, Exit: killed},
	}
	dir, _ := show(t, shown...)
	want := slices.DeleteFunc(shown, func(s status.Service) bool { return s.Name == "" })
	want[0].Ready = true
	want[1].Ready, want[1].Paused = true, false
	want[2].Ready, want[2].Paused = false, true
	for i := range want {
		if want[i].PID != 0 {
			want[i].SigQ.Limit = limit0(t)
		}
	}
	for _, test := range []struct {
		names []string
		want  []status.Service
	}{
		{nil, want},
		{[]string{"shot", "up", "shot"}, []status.Service{want[5], want[0], want[5]}},
	} {
		got, ok := Question{names: test.names}.onBoard(dir)
		for i := range got {
			got[i].SigQ.Used = 0 // others change it
		}
		if !ok || !slices.Equal(got, test.want) {
			t.Errorf("%v: %v, %+v\nwant %+v", test.names, ok, got, test.want)
		}
	}
}

// TestStopped neither reads the board of a supervisor that is stopped nor asks it: that has to
// be marked as old.
func TestStopped(t *testing.T) {
	dir, _ := show(t, status.Service{Name: "web", State: "stopped", Wanted: status.Down})
	pid := child(t, true)
	stat, err := sys.ReadStat(pid)
	if err != nil {
		t.Fatal(err)
	}
	self, err := sys.ReadStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	owner := func(s sys.Stat) string { return fmt.Sprintf(`{"pid":%d,"start":%d}`, s.PID, s.Started) }
	rewrite(t, dir, owner(self), owner(stat))
	if got, ok := (Question{}).onBoard(dir); ok {
		t.Errorf("it is read: %+v", got)
	}
}

// TestNotOnBoard has the supervisor be asked where the board does not tell everything, or
// perhaps not the truth.
func TestNotOnBoard(t *testing.T) {
	plain := status.Service{Name: "plain", State: "stopped", Wanted: status.Down}
	for name, test := range map[string]struct {
		shown status.Service
		names []string
		spoil func(dir string, b *board.Board)
	}{
		"no file":      {spoil: func(dir string, _ *board.Board) { _ = os.Remove(filepath.Join(dir, segment.FileName)) }},
		"a version":    {spoil: func(dir string, _ *board.Board) { rewrite(t, dir, `"version":1`, `"version":2`) }},
		"the dead":     {spoil: func(dir string, _ *board.Board) { rewrite(t, dir, `"start":`, `"start":1`) }},
		"other memory": {spoil: func(dir string, _ *board.Board) { rewrite(t, dir, `"memory":`, `"memory":9`) }},
		"at work":      {spoil: func(_ string, b *board.Board) { b.Work(true) }},
		"closed":       {spoil: func(_ string, b *board.Board) { b.Close() }},
		"moved":        {spoil: func(dir string, _ *board.Board) { poke(t, dir, 24, 1) }},
		"owner":        {spoil: func(dir string, _ *board.Board) { poke(t, dir, 28, 1) }},
		"torn":         {spoil: func(dir string, _ *board.Board) { poke(t, dir, 64, 1) }},
		"unknown":      {names: []string{"plain", "other"}},
		"a beginning":  {names: []string{"plai"}},
		"more":         {shown: status.Service{Name: "x", State: "stopped", Wanted: status.Absent}},
		"cut":          {shown: status.Service{Name: strings.Repeat("x", 81), State: "stopped", Wanted: status.Down}},
		"no child":     {shown: status.Service{Name: "x", State: "running", PID: os.Getppid(), Wanted: status.Down}},
		"a zombie":     {shown: status.Service{Name: "x", State: "running", PID: zombie(t), Wanted: status.Down}},
		"gone":         {shown: status.Service{Name: "x", State: "running", PID: 1 << 22, Wanted: status.Down}}, // beyond PID_MAX_LIMIT
	} {
		t.Run(name, func(t *testing.T) {
			dir, b := show(t, plain, test.shown)
			if test.spoil != nil {
				if got, ok := (Question{}).onBoard(dir); !ok {
					t.Fatalf("it cannot be read before: %+v", got)
				}
				test.spoil(dir, b)
			}
			if got, ok := (Question{names: test.names}).onBoard(dir); ok {
				t.Errorf("it is read: %+v", got)
			}
		})
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

// BenchmarkOnBoard looks at one of many services.
func BenchmarkOnBoard(b *testing.B) {
	dir := b.TempDir()
	w, _, err := board.Create(board.Options{Dir: root(b, dir), Slots: 500, Mode: 0o600, Group: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	for i := range 500 {
		w.Set(i, &status.Service{Name: "service-" + strconv.Itoa(i), State: "stopped", Wanted: status.Down})
	}
	w.Work(false)
	q := Question{names: []string{"service-499"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := q.onBoard(dir); !ok {
			b.Fatal("it cannot be read")
		}
	}
}
