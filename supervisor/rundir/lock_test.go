package rundir

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
)

const stranger = 61_001

// flock locks what it can of some files until its input ends, and says which.
func flock(args []string) int {
	var held []string
	for _, path := range args {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK, 0)
		if err == nil && unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == nil {
			held = append(held, filepath.Base(path))
		}
	}
	fmt.Println("holds", strings.Join(held, " "))
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// holdAs has a user lock files, and returns which could be.
func holdAs(t *testing.T, uid uint32, paths ...string) []string {
	t.Helper()
	cmd := testproc.Command(t, "flock", paths...)
	cmd.Path = "/proc/self/exe" // its path is closed to other users
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close() })
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(line, err)
	}
	return strings.Fields(line)[1:]
}

// openPlace is a directory that others can get to.
func openPlace(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("to become another user takes root")
	}
	dir := t.TempDir()
	for _, path := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "run")
}

// TestStrangerHolds has a stranger lock whatever there is, before a first supervisor, between
// two, and as a version before left it: nobody is kept from starting, and two are not let in.
func TestStrangerHolds(t *testing.T) {
	for name, prepare := range map[string]func(path string) error{
		"the directory alone": func(path string) error { return os.Mkdir(path, 0o755) },
		"after another":       func(path string) error { return leave(path) },
		"after a killed one":  func(path string) error { return lockAs(path, "4194305\n", 0o600) },
		"of before":           func(path string) error { return lockAs(path, "", 0o644) },
		"of a killed one of before": func(path string) error {
			return lockAs(path, "4194305\n", 0o644)
		},
		"and everyone may write": func(path string) error {
			return errors.Join(leave(path), os.Chmod(path, 0o777))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := openPlace(t)
			if err := prepare(path); err != nil {
				t.Fatal(err)
			}
			held := holdAs(t, stranger, path, filepath.Join(path, lockName))
			if !slices.Contains(held, "run") || slices.Contains(held, lockName) != strings.Contains(name, "of before") {
				t.Errorf("he holds %v", held)
			}
			dir := open(t, path)
			if !dir.InPlace() || dir.Exposed() {
				t.Errorf("it is there: %v; exposed: %v", dir.InPlace(), dir.Exposed())
			}
			for name, want := range map[string]os.FileMode{path: os.ModeDir | 0o755, filepath.Join(path, lockName): 0o600} {
				if st, err := os.Stat(name); err != nil || st.Mode() != want {
					t.Errorf("%s: %v, %v", name, st.Mode(), err)
				}
			}
			var busy *BusyError
			if _, err := Open(path); !errors.As(err, &busy) || busy.PID != os.Getpid() {
				t.Errorf("a second one: %v", err)
			}
		})
	}
}

// leave takes a directory and gives it up.
func leave(path string) error {
	dir, err := Open(path)
	if err != nil {
		return err
	}
	return dir.Close()
}

func lockAs(path, text string, mode os.FileMode) error {
	lock := filepath.Join(path, lockName)
	return errors.Join(os.Mkdir(path, 0o755), os.WriteFile(lock, []byte(text), 0o600), os.Chmod(lock, mode))
}

// TestStrangersLock has a stranger put something in the place of the lock while he can write in
// the directory: it is not waited for, not believed, and not there any more.
func TestStrangersLock(t *testing.T) {
	for name, put := range map[string]func(lock string) error{
		"his, which he holds": func(lock string) error { return os.WriteFile(lock, []byte("1\n"), 0o600) },
		"his, of another's directory": func(lock string) error {
			return os.WriteFile(lock, []byte("4194305\nfeedfeedfeedfeed\n"), 0o600)
		},
		"open to all": func(lock string) error { return errors.Join(os.WriteFile(lock, nil, 0o600), os.Chmod(lock, 0o666)) },
		"a FIFO":      func(lock string) error { return unix.Mkfifo(lock, 0o600) },
		"a directory": func(lock string) error {
			return errors.Join(os.Mkdir(lock, 0o700), os.WriteFile(lock+"/x", nil, 0o600))
		},
		"a link":          func(lock string) error { return os.Symlink("/etc/passwd", lock) },
		"a link in it":    func(lock string) error { return os.Symlink("board.json", lock) },
		"a dangling link": func(lock string) error { return os.Symlink("nothing", lock) },
		"a hard link to a": func(lock string) error {
			return errors.Join(os.WriteFile(lock+".a", nil, 0o600), os.Link(lock+".a", lock))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := openPlace(t)
			lock := filepath.Join(path, lockName)
			if err := errors.Join(os.Mkdir(path, 0o755), os.Chmod(path, 0o777), put(lock), os.Lchown(lock, stranger, stranger)); err != nil {
				t.Fatal(err)
			}
			holdAs(t, stranger, path, lock)
			dir := open(t, path)
			if dir.Killed() || dir.ID() == "feedfeedfeedfeed" || !dir.InPlace() {
				t.Errorf("killed before: %v; id: %s; in place: %v", dir.Killed(), dir.ID(), dir.InPlace())
			}
			if st, err := os.Lstat(lock); err != nil || st.Mode() != 0o600 || st.Sys().(*syscall.Stat_t).Uid != 0 {
				t.Errorf("the lock is %v, %v", st, err)
			}
			var busy *BusyError
			if _, err := Open(path); !errors.As(err, &busy) || busy.PID != os.Getpid() {
				t.Errorf("a second one: %v", err)
			}
		})
	}
}

// TestStrangerHoldsRemoved keeps a second one out although a stranger could let it in: the
// lock file of the first is removed, and the directory is locked by the first itself.
func TestStrangerHoldsRemoved(t *testing.T) {
	path := openPlace(t)
	open(t, path)
	holdAs(t, stranger, path)
	if err := os.Remove(filepath.Join(path, lockName)); err != nil {
		t.Fatal(err)
	}
	var busy *BusyError
	if _, err := Open(path); !errors.As(err, &busy) || busy.PID != os.Getpid() {
		t.Error(err)
	}
}

// TestExposed tells that others can write where we may not change that.
func TestExposed(t *testing.T) {
	path := openPlace(t)
	if err := errors.Join(os.Mkdir(path, 0o755), os.Chmod(path, 0o777)); err != nil {
		t.Fatal(err)
	}
	cmd := testproc.Command(t, "exposed", path)
	cmd.Path = "/proc/self/exe"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	if out, err := cmd.Output(); string(out) != "true\n" {
		t.Errorf("%s, %v", out, err)
	}
}

func exposed(args []string) int {
	dir, err := Open(args[0])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer dir.Close()
	fmt.Println(dir.Exposed())
	return 0
}

func TestHoldersIn(t *testing.T) {
	const text = "1: FLOCK  ADVISORY  WRITE 812 00:1b:4711 0 EOF\n" +
		"1: -> FLOCK  ADVISORY  WRITE 813 00:1b:4711 0 EOF\n" +
		"2: POSIX  ADVISORY  WRITE 814 00:1b:4711 0 EOF\n" +
		"3: FLOCK  ADVISORY  READ 815 00:1b:4711 0 EOF\n" +
		"4: FLOCK  ADVISORY  WRITE 816 00:1b:471 0 EOF\n" +
		"5: FLOCK  ADVISORY  WRITE 817 fd:1b:4711 0 EOF\nodd\n"
	if got := holdersIn(text, 4711, 0, 0x1b); !slices.Equal(got, []int{812, 815}) {
		t.Error(got)
	}
}

func TestIsSupervise(t *testing.T) {
	if !isSupervise(os.Getpid()) || isSupervise(0) {
		t.Error("not what it is")
	}
	for status, want := range map[string]bool{
		"Name:\tx\nUid:\t0\t0\t0\t0\nGid:\t5\t5\t5\t5\n":              true,
		"Name:\tsudo\nUid:\t61001\t0\t0\t0\n":                         false,
		"Uid:\t0\t0\t61001\t0\n":                                      false,
		"Uid:\t" + strings.Repeat(strconv.Itoa(os.Geteuid())+"\t", 4): true,
		"": false,
	} {
		if onlyUsers(status, 0, os.Geteuid()) != want {
			t.Errorf("%q: %v", status, !want)
		}
	}
	if programName("/usr/bin/supervise (deleted)") != programName("/opt/supervise") {
		t.Error("a program that was replaced has another name")
	}
}
