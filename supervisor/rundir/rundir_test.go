package rundir

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
	"supervise/supervisor/control/wire"
)

func TestMain(m *testing.M) {
	testproc.Role("hold", hold)
	testproc.Role("flock", flock)
	testproc.Role("exposed", exposed)
	testproc.Role("bequeath", bequeath)
	testproc.Main(m)
}

// hold takes a directory and keeps it until its input ends or it is killed.
func hold(args []string) int {
	dir, err := Open(args[0])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = dir.Close()
	return 0
}

// open opens a directory that is given up with the test.
func open(t *testing.T, path string) *Dir {
	t.Helper()
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	return dir
}

func lockText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path, lockName))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOpen(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := filepath.Join(t.TempDir(), "run", "supervise")
	dir := open(t, path)
	if dir.Path != path {
		t.Errorf("its path is %s, want %s", dir.Path, path)
	}
	if got, want := lockText(t, path), strconv.Itoa(os.Getpid())+"\n"; got != want {
		t.Errorf("the lock says %q, want %q", got, want)
	}
	for name, want := range map[string]os.FileMode{path: 0o755 | os.ModeDir, filepath.Dir(path): 0o755 | os.ModeDir, filepath.Join(path, lockName): 0o600} {
		if st, err := os.Stat(name); err != nil || st.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, st.Mode(), err, want)
		}
	}
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
	if got := lockText(t, path); got != "" {
		t.Errorf("given up, the lock says %q", got)
	}
	if open(t, path).Killed() {
		t.Error("it was given up, and is said to have been killed")
	}
}

// TestSecond is refused with the pid of the first, whatever way it comes, and let in when
// the first has ended, even if it was killed.
func TestSecond(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	cmd := testproc.Command(t, "hold", path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the first says %q, %v", line, err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, way := range []string{path, path + "/../run/", link} {
		_, err := Open(way)
		var busy *BusyError
		if !errors.As(err, &busy) || busy.PID != cmd.Process.Pid {
			t.Fatalf("%s: %v, want it busy with %d", way, err, cmd.Process.Pid)
		}
		if want := fmt.Sprintf("another supervise (pid %d) runs in %s", busy.PID, filepath.Clean(way)); !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if got, want := lockText(t, path), strconv.Itoa(cmd.Process.Pid)+"\n"; got != want {
		t.Errorf("after that the lock says %q, want %q", got, want)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if next := open(t, path); !next.Killed() {
		t.Error("it does not say that the first was killed")
	}
	if got, want := lockText(t, path), strconv.Itoa(os.Getpid())+"\n"; got != want {
		t.Errorf("the lock of a killed one says %q, want %q", got, want)
	}
}

// TestLockNeverEmpty reads the lock file all the time while one owner after the other writes
// it: each can be killed at any time, and the next one has to know that it was.
func TestLockNeverEmpty(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run")
	dir := open(t, path)
	dir.id = "17" // as one has that was taken over
	if err := dir.writeLock(); err != nil {
		t.Fatal(err)
	}
	over, seen := make(chan struct{}), make(chan string)
	go func() {
		wrong := ""
		for reading := true; reading; {
			select {
			case <-over:
				reading = false
			default:
			}
			if pid, id := recordedPID(dir.lock), recordedID(dir.lock); pid != os.Getpid() || id != "17" {
				wrong = fmt.Sprintf("pid %d, id %q", pid, id)
			}
		}
		seen <- wrong
	}()
	for range 3000 {
		if err := dir.writeLock(); err != nil {
			t.Fatal(err)
		}
	}
	close(over)
	if wrong := <-seen; wrong != "" {
		t.Errorf("for a moment the lock said %s", wrong)
	}
}

// TestAbandon gives a directory up without having cleaned up after a predecessor that was
// killed: the next one knows of it still.
func TestAbandon(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run")
	abandon := func() (killed bool) {
		dir := open(t, path)
		defer func() { _ = dir.Abandon() }()
		return dir.Killed()
	}
	if abandon() {
		t.Error("nobody was killed")
	}
	if text := lockText(t, path); text != "" {
		t.Errorf("the lock says %q", text)
	}
	if err := os.WriteFile(filepath.Join(path, lockName), []byte("4711\n"), lockMode); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !abandon() {
			t.Error("the predecessor was killed")
		}
	}
	dir := open(t, path)
	if err := dir.Close(); err != nil || lockText(t, path) != "" {
		t.Errorf("%v, the lock says %q", err, lockText(t, path))
	}
}

// TestLockRemoved keeps a second one out also when somebody has removed the lock file, and
// lets it in when who looked into the directory has done so.
func TestLockRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	first := open(t, path)
	if err := os.Remove(filepath.Join(path, lockName)); err != nil {
		t.Fatal(err)
	}
	var busy *BusyError
	if dir, err := Open(path); !errors.As(err, &busy) {
		t.Fatal(dir, err)
	}
	if left, err := os.ReadDir(path); len(left) != 0 || err != nil {
		t.Errorf("who was refused left %v, %v", left, err)
	}
	_ = first.Close()
	passer, err := os.Open(path)
	if err == nil {
		err = syscall.Flock(int(passer.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(2*lockRetry, func() { _ = passer.Close() })
	open(t, path)
}

// TestRoot meets the files of the directory that was opened, whatever has its path.
func TestRoot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	first := open(t, path)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	second := open(t, path)
	if err := first.Root().Remove(lockName); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock of another one: %v", err)
	}
	_ = first.Close()
	if got, want := lockText(t, second.Path), strconv.Itoa(os.Getpid())+"\n"; got != want {
		t.Errorf("the second one's lock says %q, want %q", got, want)
	}
}

// TestBusyUnknown is refused by one that has not said who it is.
func TestBusyUnknown(t *testing.T) {
	path := t.TempDir()
	open(t, path)
	for _, text := range []string{"", "\n", "x\n", "-4\n", "99999999999999999999999\n", strings.Repeat("7", 100)} {
		if err := os.WriteFile(filepath.Join(path, lockName), []byte(text), 0); err != nil {
			t.Fatal(err)
		}
		var busy *BusyError
		if _, err := Open(path); !errors.As(err, &busy) || busy.PID != 0 || strings.Contains(err.Error(), "pid") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestRefused(t *testing.T) {
	base := t.TempDir()
	for name, make := range map[string]func(path string) error{
		"a file":            func(path string) error { return os.WriteFile(path, nil, 0o644) },
		"below a file":      func(path string) error { return os.WriteFile(filepath.Dir(path), nil, 0o644) },
		"a link to nowhere": func(path string) error { return os.Symlink("/nonexistent/place", path) },
		"the lock is a link": func(path string) error {
			return lockWith(path, func(lock string) error { return os.Symlink("/dev/null", lock) })
		},
		"the lock is a FIFO": func(path string) error {
			return lockWith(path, func(lock string) error { return syscall.Mkfifo(lock, 0o600) })
		},
		"the lock is a folder": func(path string) error {
			return lockWith(path, func(lock string) error { return os.Mkdir(lock, 0o755) })
		},
	} {
		path := filepath.Join(base, name, "x")
		if name != "below a file" {
			if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := make(path); err != nil {
			t.Fatal(err)
		}
		dir, err := Open(path)
		if err == nil {
			_ = dir.Close()
		}
		if err == nil || !strings.HasPrefix(err.Error(), "cannot ") || !strings.Contains(err.Error(), filepath.Dir(path)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func lockWith(path string, make func(lock string) error) error {
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	return make(filepath.Join(path, lockName))
}

// TestForeign refuses what another user has put there, a link included, and does not touch
// it.
func TestForeign(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to give a directory to another user takes root")
	}
	base := t.TempDir()
	theirs, link, ours := filepath.Join(base, "theirs"), filepath.Join(base, "link"), filepath.Join(base, "ours")
	toTheirs := filepath.Join(base, "to-theirs")
	for _, dir := range []string{theirs, ours} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{link: ours, toTheirs: theirs} {
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{theirs, link} {
		if err := os.Lchown(path, 54321, 54321); err != nil {
			t.Fatal(err)
		}
	}
	for path, whose := range map[string]string{theirs: theirs, theirs + "/below": theirs, link: link, toTheirs: theirs} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), whose+" belongs to uid 54321") || !strings.Contains(err.Error(), "--runtime-dir") {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, dir := range []string{theirs, ours} {
		if files, err := os.ReadDir(dir); len(files) != 0 || err != nil {
			t.Errorf("%s has %v in it, %v", dir, files, err)
		}
	}
}

func TestReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	path := t.TempDir()
	if err := os.Chmod(path, 0o500); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, filepath.Join(path, "below")} {
		if _, err := Open(path); !errors.Is(err, syscall.EACCES) {
			t.Errorf("%s: %v, want %v", path, err, syscall.EACCES)
		}
	}
}

func TestID(t *testing.T) {
	base := t.TempDir()
	a := open(t, filepath.Join(base, "a"))
	if b := open(t, filepath.Join(base, "b")); a.ID() == b.ID() {
		t.Errorf("two directories have the same id %s", a.ID())
	}
	if _, err := strconv.ParseUint(a.ID(), 16, 64); err != nil {
		t.Error(err)
	}
	_ = a.Close()
	if again := open(t, a.Path); again.ID() != a.ID() {
		t.Errorf("it was %s and is %s", a.ID(), again.ID())
	}
	_ = os.RemoveAll(a.Path)
	elsewhere := filepath.Join(base, "elsewhere") // so that the inode is in use
	if err := os.Mkdir(elsewhere, 0o755); err != nil {
		t.Fatal(err)
	}
	if other := open(t, a.Path); other.ID() == a.ID() {
		t.Errorf("another directory of the same path has the same id %s", other.ID())
	}
}

func TestDefault(t *testing.T) {
	t.Setenv(wire.DirectoryVariable, "/some/where/")
	if got, want := Default(), "/some/where"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	t.Setenv(wire.DirectoryVariable, "")
	want := "/run/supervise"
	if os.Geteuid() != 0 {
		t.Setenv("XDG_RUNTIME_DIR", "/run/user/7")
		if got, want := Default(), "/run/user/7/supervise"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		want = "/tmp/supervise-" + strconv.Itoa(os.Geteuid())
	}
	for _, bad := range []string{"", "relative"} {
		t.Setenv("XDG_RUNTIME_DIR", bad)
		if got := Default(); got != want {
			t.Errorf("with %q it is %s, want %s", bad, got, want)
		}
	}
}
