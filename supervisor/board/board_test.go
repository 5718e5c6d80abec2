package board

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/supervisor/status"
)

func TestMain(m *testing.M) {
	testproc.Role("own", own)
	testproc.Role("read", read)
	testproc.Main(m)
}

const patient = 30 * time.Second

// root opens a directory until nobody needs it any more.
func root(dir string) *os.Root {
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	return root
}

func create(t testing.TB, dir string, slots int, change ...func(*Options)) *Board {
	t.Helper()
	options := Options{Dir: root(dir), Slots: slots, Mode: 0o600, Group: -1}
	for _, f := range change {
		f(&options)
	}
	b, left, err := Create(options)
	if err != nil || left != 0 {
		t.Fatal(left, err)
	}
	t.Cleanup(b.Close)
	return b
}

func openBoard(t testing.TB, dir string) *Reader {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

var full = status.Service{
	Name: "web", State: "stopping", Wanted: status.Up, PID: 4711, Since: 1, Restarts: 2, Rung: 1, Rungs: 4, Held: 5,
	Exited: true, Exit: status.Exit{Exit: signals.Exit{Signal: 9}, By: status.Process{PID: 812, Name: "bash"}, Cause: "from bash"},
}

func TestBoard(t *testing.T) {
	dir := t.TempDir()
	b := create(t, dir, 2)
	r := openBoard(t, dir)
	b.Set(0, &full)
	b.Set(1, &status.Service{Name: strings.Repeat("n", 99), State: strings.Repeat("s", 99)})
	got := r.Snapshot(nil)
	if len(got) != 2 || got[0] != full || got[1].Name != strings.Repeat("n", 80) || got[1].State != strings.Repeat("s", 16) {
		t.Errorf("%+v", got)
	}
	if !r.Alive() || r.Owner() != os.Getpid() {
		t.Error("the owner is not we")
	}

	// More services: the reader follows by itself, and nothing is lost.
	if err := b.Resize(200); err != nil {
		t.Fatal(err)
	}
	b.Set(199, &status.Service{Name: "last"})
	if got = r.Snapshot(got); len(got) != 200 || got[0] != full || got[199].Name != "last" {
		t.Errorf("after growing: %d slots, %+v", len(got), got[0])
	}
	if r.view.Generation() != 2 {
		t.Errorf("generation %d", r.view.Generation())
	}
	if err := b.Resize(1); err != nil {
		t.Fatal(err)
	}
	if err := b.Resize(2); err != nil {
		t.Fatal(err)
	}
	if got = r.Snapshot(got); len(got) != 2 || got[0] != full || got[1] != (status.Service{}) {
		t.Errorf("after shrinking: %+v", got)
	}
	b.Close()
	if got = r.Snapshot(got); len(got) != 2 || got[0] != full {
		t.Errorf("after the end: %+v", got)
	}
	if _, err := r.Mark(); !errors.Is(err, ErrNone) {
		t.Errorf("Mark: %v", err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrNone) {
		t.Errorf("Open: %v", err)
	}
}

// TestWait has watchers count changes while they come as fast as can be: each sees the
// last one, however it falls into its waiting.
func TestWait(t *testing.T) {
	dir := t.TempDir()
	b := create(t, dir, 1)
	const last = 2000
	var ready, done sync.WaitGroup
	for range 4 {
		r := openBoard(t, dir)
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			var services []status.Service
			for {
				mark, err := r.Mark()
				if err != nil {
					t.Error(err)
					return
				}
				if services = r.Snapshot(services); services[0].Restarts == last {
					return
				}
				if changed, err := r.Wait(mark, patient); err != nil || !changed {
					t.Errorf("%v, %v, at %d", changed, err, services[0].Restarts)
					return
				}
			}
		})
	}
	ready.Wait()
	for i := range last + 1 {
		b.Set(0, &status.Service{Restarts: i})
		if err := b.Publish(); err != nil {
			t.Fatal(err)
		}
	}
	done.Wait()

	r := openBoard(t, dir)
	mark, err := r.Mark()
	if err != nil {
		t.Fatal(err)
	}
	b.Set(0, &status.Service{Restarts: last}) // as before
	if err := b.Publish(); err != nil {
		t.Fatal(err)
	}
	if changed, err := r.Wait(mark, time.Millisecond); changed || err != nil {
		t.Errorf("nothing has changed: %v, %v", changed, err)
	}
	ended := make(chan error)
	go func() {
		_, err := r.Wait(mark, patient)
		ended <- err
	}()
	b.Close()
	if err := <-ended; !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}

// TestNumber goes through the numbers at which bits carry, the wrap included, and holds
// that the semaphores follow.
func TestNumber(t *testing.T) {
	b := create(t, t.TempDir(), 1)
	const end = 1<<numberBits - 1
	for _, n := range []number{0, 1, 3, 0xff, 0xfff, 1 << 16, end - 1, end} {
		if err := sys.SemSetValues(b.file.Semaphores, n.values()); err != nil {
			t.Fatal(err)
		}
		next, ops := n.advance(nil)
		if err := sys.SemTry(b.file.Semaphores, ops); err != nil {
			t.Fatal(err)
		}
		values := make([]uint16, semaphores)
		if err := sys.SemValues(b.file.Semaphores, values); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(values, next.values()) || numberOf(values) != next || next != (n+1)&end {
			t.Errorf("after %d: %v", n, values)
		}
	}
}

// TestRepair has somebody change and remove the semaphores under a board.
func TestRepair(t *testing.T) {
	dir := t.TempDir()
	b := create(t, dir, 1)
	for what, harm := range map[string]func() error{
		"change": func() error { return sys.SemSetValues(b.file.Semaphores, make([]uint16, semaphores)) },
		"remove": func() error { return sys.SemRemove(b.file.Semaphores) },
	} {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		b.dirty = true
		if err := b.Publish(); err == nil || !strings.Contains(err.Error(), "made anew") {
			t.Errorf("%s: %v", what, err)
		}
		r := openBoard(t, dir)
		mark, err := r.Mark()
		if err != nil {
			t.Fatal(err)
		}
		b.dirty = true
		if err := b.Publish(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if changed, err := r.Wait(mark, patient); !changed || err != nil {
			t.Errorf("%s: %v, %v", what, changed, err)
		}
	}
}

// own shows one service until it is killed.
func own(args []string) int {
	b, left, err := Create(Options{Dir: root(args[0]), Slots: 1, Mode: 0o600, Group: -1})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	b.Set(0, &full)
	fmt.Println("ready", left)
	for {
		time.Sleep(time.Hour)
	}
}

// read prints what it reads.
func read(args []string) int {
	r, err := Open(args[0])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	mark, err := r.Mark()
	if err == nil {
		_, err = r.Wait(mark, time.Millisecond)
	}
	fmt.Println(r.Snapshot(nil)[0].Name, err)
	return 0
}

// TestOwnerStoppedAndKilled reads the board of a supervisor that cannot answer any more.
func TestOwnerStoppedAndKilled(t *testing.T) {
	dir := t.TempDir()
	cmd := testproc.Command(t, "own", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready 0\n" {
		t.Fatal(line)
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	r := openBoard(t, dir)
	if got := r.Snapshot(nil); len(got) != 1 || got[0] != full || !r.Alive() {
		t.Errorf("stopped: %+v", got)
	}
	mark, err := r.Mark()
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if _, err := r.Wait(mark, patient); !errors.Is(err, ErrNone) {
		t.Errorf("waited for a dead one: %v", err)
	}
	late := openBoard(t, dir)
	if got := late.Snapshot(nil); len(got) != 1 || got[0] != full || late.Alive() {
		t.Errorf("killed: %+v", got)
	}
	b, left, err := Create(Options{Dir: root(dir), Slots: 1, Mode: 0o600, Group: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if left != 2 {
		t.Errorf("%d objects were left", left)
	}
}

// TestReplacedDirectory closes a board whose directory is another one's by now.
func TestReplacedDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	first := create(t, dir, 1)
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	second := create(t, dir, 1)
	second.Set(0, &full)
	first.Close()
	if got := openBoard(t, dir).Snapshot(nil); len(got) != 1 || got[0] != full {
		t.Errorf("%+v", got)
	}
}

func TestPermissions(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to become another user takes root")
	}
	base, err := os.MkdirTemp("", "supervise-board")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	self, _ := os.Executable()
	text, err := os.ReadFile(self)
	dir, program := filepath.Join(base, "run"), filepath.Join(base, "program")
	if err := errors.Join(err, os.Chmod(base, 0o755), os.Mkdir(dir, 0o755), os.WriteFile(program, text, 0o755), os.Chmod(program, 0o755)); err != nil {
		t.Fatal(err)
	}
	const nobody, group = 65534, 31337
	for _, test := range []struct {
		mode uint32
		gid  uint32
		want string
	}{
		{0o600, group, "permission denied"},
		{0o660, group, "web <nil>"},
		{0o660, nobody, "permission denied"},
		{0o666, nobody, "web <nil>"},
	} {
		b := create(t, dir, 1, func(o *Options) { o.Mode, o.Group = test.mode, group })
		b.Set(0, &full)
		cmd := exec.Command(program, dir)
		cmd.Env = testproc.Environ("read")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: test.gid}, Pdeathsig: syscall.SIGKILL}
		out, _ := cmd.CombinedOutput()
		if !strings.Contains(string(out), test.want) {
			t.Errorf("mode %o, gid %d: %s", test.mode, test.gid, out)
		}
		// Nobody but the owner may write, whatever the mode.
		if perm, err := sys.SemPerm(b.file.Semaphores); err != nil || perm.Mode&0o022 != 0 {
			t.Errorf("mode %o, %v", perm.Mode, err)
		}
		b.Close()
	}
}
