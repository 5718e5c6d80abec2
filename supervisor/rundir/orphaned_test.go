package rundir

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
)

// bequeath is the role of a supervisor that is killed while a child of it has not executed
// its program yet: the child still has what the arguments name of "directory" and "lock".
func bequeath(args []string) int {
	dir, err := Open(args[0])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	heir := exec.Command("/bin/cat") // until its input ends
	heir.Stdin = os.Stdin
	for _, what := range args[1:] {
		heir.ExtraFiles = append(heir.ExtraFiles, map[string]*os.File{"directory": dir.self, "lock": dir.lock}[what])
	}
	if err := heir.Start(); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	time.Sleep(testproc.Limit)
	return 1
}

// TestOrphanedLock starts again where the supervisor was killed and its children have its
// locks for a moment more.
func TestOrphanedLock(t *testing.T) {
	for _, heirs := range [][]string{{"lock"}, {"directory"}, {"directory", "lock"}} {
		t.Run(strings.Join(heirs, "+"), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "run")
			cmd := testproc.Command(t, "bequeath", append([]string{path}, heirs...)...)
			stdin, ours, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer ours.Close()
			cmd.Stdin = stdin
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			testproc.Start(t, cmd)
			_ = stdin.Close()
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
				t.Fatalf("it says %q, %v", line, err)
			}
			var busy *BusyError
			if _, err := Open(path); !errors.As(err, &busy) || busy.PID != cmd.Process.Pid {
				t.Fatalf("while it runs: %v, want it busy with %d", err, cmd.Process.Pid)
			}
			_ = cmd.Process.Kill()
			awaitZombie(t, cmd.Process.Pid)
			time.AfterFunc(3*lockRetry, func() { _ = ours.Close() })
			if next := open(t, path); !next.Killed() {
				t.Error("it does not say that the first was killed")
			}
			_ = cmd.Wait()
		})
	}
}

// awaitZombie waits until a child has ended, and does not reap it.
func awaitZombie(t *testing.T, pid int) {
	t.Helper()
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
}

// TestIDByAnyPath names a directory in every way.
func TestIDByAnyPath(t *testing.T) {
	base := t.TempDir()
	first := open(t, filepath.Join(base, "real", "run"))
	id := first.ID()
	_ = first.Close()
	for _, link := range [][2]string{{"real", "parent"}, {"real/run", "link"}, {base + "/link", "link-to-link"}} {
		if err := os.Symlink(link[0], filepath.Join(base, link[1])); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(base, "real"))
	for _, path := range []string{
		"run", "./run/.", "../parent/run", filepath.Join(base, "parent", "run"), filepath.Join(base, "link"),
		filepath.Join(base, "link-to-link"), "/proc/self/cwd/run", "/proc/self/root" + filepath.Join(base, "real", "run"),
	} {
		dir := open(t, path)
		if dir.ID() != id {
			t.Errorf("%s: the id is %s, was %s", path, dir.ID(), id)
		}
		_ = dir.Close()
	}
}

// TestIDByMount names a directory by a bind mount, and where a parent was moved.
func TestIDByMount(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	base := t.TempDir()
	first := open(t, filepath.Join(base, "a", "run"))
	id := first.ID()
	_ = first.Close()
	mounted := filepath.Join(base, "mounted")
	if err := errors.Join(os.Mkdir(mounted, 0o755), syscall.Mount(first.Path, mounted, "", syscall.MS_BIND, "")); err != nil {
		t.Skip("cannot mount here:", err)
	}
	defer func() { _ = syscall.Unmount(mounted, syscall.MNT_DETACH) }()
	if next := open(t, mounted); next.ID() != id {
		t.Errorf("by a bind mount: the id is %s, was %s", next.ID(), id)
	} else {
		_ = next.Close()
	}
	if err := os.Rename(filepath.Join(base, "a"), filepath.Join(base, "b")); err != nil {
		t.Fatal(err)
	}
	if next := open(t, filepath.Join(base, "b", "run")); next.ID() != id {
		t.Errorf("moved: the id is %s, was %s", next.ID(), id)
	}
}
